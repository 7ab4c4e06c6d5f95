package bench

import (
	"errors"
	"testing"
	"time"

	"rvo-tui/rules"
	"rvo-tui/runtime/engine"
)

const ms = time.Millisecond

func TestProbeKeepsOrderAndCountsWhatItDrops(t *testing.T) {
	p := newProbe(0)
	size := len(p.ring)
	for i := range size + 3 {
		p.Ticked(time.Duration(i), 0)
	}
	if n := p.dropped.Load(); n != 3 {
		t.Errorf("%d dropped, want 3", n)
	}
	for round := range 3 {
		next := time.Duration(0)
		p.collect(func(s *sample) {
			if s.at != next {
				t.Fatalf("round %d: sample %v where %v was due", round, s.at, next)
			}
			next++
		})
		if next == 0 {
			t.Errorf("round %d: nothing collected", round)
		}
		for i := range size - 1 { // another start in the ring each time
			p.Ticked(time.Duration(i), 0)
		}
	}
}

func TestProbeRingHoldsItsRate(t *testing.T) {
	for _, rate := range []float64{0, 5000, 100_000} {
		if n := len(newProbe(rate).ring); float64(n) < rate || n&(n-1) != 0 {
			t.Errorf("a ring of %d for %g samples a second", n, rate)
		}
	}
}

func fullStep() (*engine.Inputs, *engine.Actions) {
	frame := engine.FrameRef{ID: 5, Captured: 10 * ms, Arrived: 11 * ms}
	ref := engine.FrameRef{ID: 4, Captured: 1 * ms, Arrived: 2 * ms, Seen: 3 * ms}
	in := &engine.Inputs{Frame: frame, Reports: []engine.Report{
		{Task: 1, Kind: engine.Opened},
		{Task: 1, Kind: engine.Started, Frame: ref, Started: 4 * ms, At: 4 * ms},
		{Task: 1, Kind: engine.Done, Frame: ref, Started: 4 * ms, At: 9 * ms},
		{Task: 2, Kind: engine.Done, Frame: ref, Started: 4 * ms, At: 8 * ms, Err: errors.New("blind")},
		{Task: 2, Kind: engine.Withdrawn},
	}}
	out := &engine.Actions{Fired: []engine.Fired{
		{Event: rules.Event{Phase: rules.PhaseConfirmed, Frame: 4, Age: rules.Age{Queue: 2 * ms, Event: 3 * ms}}},
		{Event: rules.Event{Phase: rules.PhaseEnded, Frame: 4}},
	}}
	return in, out
}

func TestTallyOfAStep(t *testing.T) {
	p := newProbe(0)
	in, out := fullStep()
	p.Stepped(12*ms, in, out)
	p.Ticked(12*ms, 7)
	p.Ticked(40*ms, 9) // after the end
	timing := newTiming()
	// Frames 4 and 5 are due at 3 and 4 ms and measured.
	ta := newTally(schedule{fps: 1000, first: 3 * ms, end: 20 * ms}, &timing, 2)
	p.collect(ta.add)
	if err := timing.cut(nil, time.Time{}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if ta.seen != 1 || ta.allSeen != 1 || ta.execs != 2 || ta.failures != 1 || ta.events != 1 || ta.ticks != 1 {
		t.Errorf("tally %+v", ta)
	}
	for i, k := range ta.tasks {
		if k.runs != 1 || k.measured != 1 || k.last != 4 {
			t.Errorf("detector %d: %+v, want one run, whether or not its start was reported", i, k)
		}
	}
	for _, c := range []struct {
		dist  *Dist
		count uint64
		max   time.Duration
	}{
		{timing.Tick, 1, 7},
		{timing.Exec, 2, 5 * ms},
		{timing.Age, 1, 2 * ms},
		{timing.DueAge, 1, 8 * ms}, // at 12, due at 4
		{timing.SignalAge, 1, 11 * ms},
		{timing.DueSignalAge, 1, 9 * ms},
		{timing.EventAge, 1, 5 * ms},
		{timing.EventDueAge, 1, 9 * ms},
		{timing.Stages[engine.StageCapture], 1, ms},
		{timing.Stages[engine.StageQueue], 1, ms},
		{timing.Stages[engine.StageSchedule], 2, ms},
		{timing.Stages[engine.StagePublish], 1, 3 * ms},
		{timing.EventAgeParts[engine.StageEvent], 1, 3 * ms},
	} {
		if got := c.dist.max(); c.dist.count() != c.count || !near(got, c.max) {
			t.Errorf("%s: %d of at most %v, want %d of %v", c.dist.name, c.dist.count(), got, c.count, c.max)
		}
	}
}

// near allows for the three digits that a histogram keeps.
func near(got, want time.Duration) bool {
	return got >= want && float64(got) <= float64(want)*1.001+1
}

func TestTallyNoticesFramesOutOfOrder(t *testing.T) {
	timing := newTiming()
	ta := newTally(schedule{fps: 30}, &timing, 0)
	ta.add(&sample{what: aFrame, frame: 2})
	ta.add(&sample{what: aFrame, frame: 2})
	if ta.disorder == nil {
		t.Error("a frame that was seen twice went unnoticed")
	}
}

func TestTallyCountsSkips(t *testing.T) {
	timing := newTiming()
	ta := newTally(schedule{fps: 1000, end: time.Hour}, &timing, 2)
	for id := uint64(1); id <= 10; id++ {
		ta.add(&sample{what: aFrame, frame: id})
	}
	ta.add(&sample{what: aStart, task: 0, frame: 3})
	ta.add(&sample{what: aDone, task: 0, frame: 3})
	if n := ta.skips(); n != 19 {
		t.Errorf("%d skips of 10 frames by two detectors with one run, want 19", n)
	}
}

// A late result counts as a run, and sets no signal.
func TestTallyKnowsVoidAnswers(t *testing.T) {
	p := newProbe(0)
	ref := engine.FrameRef{ID: 1}
	in := &engine.Inputs{Reports: []engine.Report{{Task: 1, Kind: engine.Done, Frame: ref, At: 5 * ms, Void: true}}}
	p.Stepped(6*ms, in, &engine.Actions{})
	p.Ticked(6*ms, 1)
	timing := newTiming()
	ta := newTally(schedule{fps: 30, end: time.Hour}, &timing, 1)
	p.collect(ta.add)
	if err := timing.cut(nil, time.Time{}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if ta.execs != 1 || timing.Exec.count() != 1 || timing.SignalAge.count() != 0 || timing.DueSignalAge.count() != 0 {
		t.Errorf("tally %+v, %d signals", ta, timing.SignalAge.count())
	}
}

// The probe runs on the live path.
func TestProbeAllocatesNothing(t *testing.T) {
	p := newProbe(1e6)
	in, out := fullStep()
	if n := testing.AllocsPerRun(1000, func() {
		p.Stepped(0, in, out)
		p.Ticked(0, 0)
	}); n != 0 {
		t.Errorf("%v allocations a step", n)
	}
}

// The cost of a probe for a pipeline tick with a frame and nothing else.
func BenchmarkProbe(b *testing.B) {
	b.ReportAllocs()
	p := newProbe(0)
	in, out := &engine.Inputs{Frame: engine.FrameRef{ID: 1}}, &engine.Actions{}
	for b.Loop() {
		p.Stepped(0, in, out)
		p.Ticked(0, 0)
		p.read.Store(p.written.Load())
	}
}
