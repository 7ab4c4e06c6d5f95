package engine

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
)

func TestRateIsWhatWasAskedFor(t *testing.T) {
	for _, c := range []struct {
		camera, limit float64
		want          int // runs in 10 s
	}{
		{30, 10, 100},
		{30, 30, 300},
		{30, 20, 200},
		{30, 15, 150},
		{30, 7, 70},
		{30, 100, 300},
		{25, 10, 100},
		{10, 8, 80},
		{60, 30, 300},
		{5, 30, 50},
		{30, 0.5, 5},
		{120, 10_000, 1200},
	} {
		t.Run(fmt.Sprintf("%v of %v", c.limit, c.camera), func(t *testing.T) {
			s := newSim(t)
			d := s.attach(&script{spec: spec("a", c.limit)})
			gap := rateInterval(c.camera)
			// Every frame is up to a quarter of the interval late, in a fixed pattern.
			for i := range int(10 * c.camera) {
				at := ms + time.Duration(i)*gap
				late := gap / 4 * time.Duration(i*7%5) / 4
				s.at(at+late, func() { s.offer(FrameRef{ID: s.frame.ID + 1, Captured: at, Arrived: at + late}) })
			}
			s.until(11 * time.Second)
			if got := len(d.runs); got < c.want-1 || got > c.want+1 {
				t.Errorf("%d runs in 10 s, want %d", got, c.want)
			}
			if slices.Compare(d.runs, slices.Compact(slices.Clone(d.runs))) != 0 {
				t.Error("a frame was processed twice")
			}
		})
	}
}

// A server may send its backlog at once when a stream begins, and a camera may switch to a much
// lower rate: half a frame early is still in time.
func TestRateKnowsTheCameraAfterItChanged(t *testing.T) {
	for _, c := range []struct {
		name  string
		first int // frames, 1 ms apart
		limit float64
		fps   float64 // afterwards
	}{
		{"two at once", 2, 10, 30},
		{"many at once", 40, 10, 30},
		{"a much lower rate", 2000, 1, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSim(t)
			d := s.attach(&script{spec: spec("a", c.limit)})
			s.frames(c.first, ms, ms)
			period, gap := rateInterval(c.limit), rateInterval(c.fps)
			// Each of these comes 3 ms before the one that would be due.
			begin := ms + (time.Duration(c.first)*ms/period+1)*period - 3*ms
			s.frames(100, begin, gap)
			s.until(begin + 100*gap)
			for _, at := range d.at {
				if late := (at - ms) % period; at > begin+2*period && late < period-4*ms {
					t.Fatalf("it ran at %v, %v after it was due", at, late)
				}
			}
			if len(d.at) < int(c.limit) {
				t.Errorf("%d runs", len(d.at))
			}
		})
	}
}

func TestSlowDetectorTakesTheNewestFrameWhenItIsFree(t *testing.T) {
	s := newSim(t)
	d := s.attach(&script{spec: spec("a", 15), exec: 150 * ms})
	s.frames(300, ms, rateInterval(30))
	s.until(10 * time.Second)
	if n := len(d.runs); n < 63 || n > 67 {
		t.Errorf("%d runs of 150 ms in 10 s, want 6.3 to 6.7 a second", n)
	}
	v := s.view("a")
	if v.Skips[GateBackoff] != 0 {
		t.Errorf("a detector of low cost was in backoff %d times", v.Skips[GateBackoff])
	}
}

func TestBackoffParksByCost(t *testing.T) {
	for cost, park := range map[detectors.Cost]time.Duration{
		detectors.CostLow: 0, detectors.CostMedium: 100 * ms, detectors.CostHigh: 500 * ms,
	} {
		s := newSim(t)
		sp := spec("a", 100)
		sp.Cost = cost
		d := s.attach(&script{spec: sp, exec: 21 * ms}) // budget: 20 ms
		s.frames(1000, ms, ms)
		s.until(time.Second)
		if gap := d.at[1] - d.at[0] - 21*ms; gap != park {
			t.Errorf("cost %s: backoff %v, want %v", cost, gap, park)
		}
		within := s.attach(&script{spec: spec("b", 100), exec: 20 * ms})
		s.frames(100, s.now, ms)
		s.until(s.now + 200*ms)
		if v := s.view("b"); v.Backoffs != 0 || len(within.runs) == 0 {
			t.Errorf("a run of exactly twice the interval was in backoff")
		}
	}
}

func TestNeedsOpenAsSoonAsTheyHold(t *testing.T) {
	s := newSim(t)
	s.attach(&script{spec: spec("motion", 30), exec: 5 * ms, answer: func(_ int, frame uint64) (float64, error) {
		if frame == 3 || frame == 4 {
			return 1, nil
		}
		return 0, nil
	}})
	sp := spec("person", 30)
	sp.Needs = []string{"motion > 0.5"}
	d := s.attach(&script{spec: sp, exec: ms})
	s.frames(10, ms, 100*ms)
	s.until(time.Second)
	// At frame 5, motion is still known from frame 4.
	if want := []uint64{3, 4, 5}; !slices.Equal(d.runs, want) {
		t.Fatalf("ran on frames %v, want %v", d.runs, want)
	}
	if d.at[0] != 206*ms || d.at[1] != 301*ms {
		t.Errorf("began at %v, want on the same frame once motion has answered, then at once", d.at[:2])
	}
	if v := s.view("person"); v.Skips[GateNeeds] != 6 || v.Reason != "needs" {
		t.Errorf("skips by needs = %d (reason %q), want 6 and the newest frame pending", v.Skips[GateNeeds], v.Reason)
	}
}

func TestFrameOlderThanTheTTLIsNotLookedAt(t *testing.T) {
	s := newSim(t)
	sp := spec("a", 10)
	sp.Enabled = false
	d := s.attach(&script{spec: sp})
	s.frames(1, ms, ms)
	s.until(1100 * ms)
	s.command(func(e *Engine, _ time.Duration) { _ = e.Enable("a", true) })
	s.until(2 * time.Second)
	if len(d.runs) != 0 {
		t.Fatal("a frame was processed although its signals were stale already")
	}
	if v := s.view("a"); v.Reason != "no_frame" {
		t.Errorf("reason %q, want no_frame", v.Reason)
	}
}

func TestFailureRetriesAndHeals(t *testing.T) {
	s := newSim(t)
	broken := true
	d := s.attach(&script{spec: spec("a", 10), answer: func(int, uint64) (float64, error) {
		if broken {
			return 0, errScripted
		}
		return 1, nil
	}})
	s.frames(2000, ms, 10*ms)
	s.until(300 * ms)
	v := s.view("a")
	if v.State != DetectorFailed || v.Error != errScripted.Error() || v.Errors[0] != (Count{"error", 3}) {
		t.Fatalf("after 3 errors: %v %q %v", v.State, v.Error, v.Errors[0])
	}
	if got := s.signal("a"); got.Unknown != detectors.Errored {
		t.Fatalf("the signal of a failed detector is %v", got.Why)
	}
	if v.Until < 800*ms-100*ms || v.Until > 1200*ms {
		t.Errorf("tried again in %v, want 1 s ±20 %%", v.Until)
	}
	s.until(1600 * ms)
	if d.opened != 2 || len(d.runs) != 4 {
		t.Fatalf("one retry: opened %d times and ran %d times, want 2 and 4", d.opened, len(d.runs))
	}
	if v = s.view("a"); v.State != DetectorFailed || v.Until > 2400*ms || v.Until < 1000*ms {
		t.Fatalf("after the retry: %v for %v, want failed for about 2 s", v.State, v.Until)
	}
	broken = false
	s.until(5 * time.Second)
	if v = s.view("a"); v.State != DetectorWaiting || v.Error != "" || s.signal("a").Unknown != detectors.Known {
		t.Errorf("after it healed: %v %q, signal %v", v.State, v.Error, s.signal("a").Unknown)
	}
	if v.Restarts != 2 {
		t.Errorf("restarts = %d, want 2", v.Restarts)
	}
}

func TestRetryNever(t *testing.T) {
	s := newSim(t)
	sp := spec("a", 500)
	sp.Retry = detectors.RetryNever
	d := s.attach(&script{spec: sp, answer: func(int, uint64) (float64, error) { return 0, errScripted }})
	s.frames(500, ms, 10*ms)
	s.until(4 * time.Second)
	if len(d.runs) != 3 || s.view("a").State != DetectorFailed {
		t.Fatalf("%d runs, %v: want 3 and failed for good", len(d.runs), s.view("a").State)
	}
	s.command(func(e *Engine, _ time.Duration) { _ = e.Enable("a", true) })
	s.until(4500 * ms)
	if len(d.runs) != 6 {
		t.Errorf("%d runs after it was enabled again, want 3 more", len(d.runs)-3)
	}
}

func TestOpenFailureIsRetried(t *testing.T) {
	s := newSim(t)
	d := s.attach(&script{spec: spec("a", 10), open: func(n int) error {
		if n < 4 {
			return errScripted
		}
		return nil
	}})
	s.frames(1500, ms, 10*ms)
	s.until(15 * time.Second)
	// 1 + 2 + 4 s, each ±20 %.
	if len(d.at) == 0 || d.at[0] < 5600*ms || d.at[0] > 8420*ms {
		t.Errorf("first run at %v, want after retries of 1, 2 and 4 s", d.at)
	}
	if v := s.view("a"); v.Errors[0] != (Count{"open", 3}) || v.State != DetectorWaiting {
		t.Errorf("%v %v", v.Errors[0], v.State)
	}
}

func TestUnansweredSignalIsZeroAndNaNIsUnknown(t *testing.T) {
	s := newSim(t)
	value := math.NaN()
	s.attach(&script{spec: spec("a", 10), answer: func(int, uint64) (float64, error) { return value, nil }})
	s.frames(1, ms, ms)
	s.until(5 * ms)
	if got := s.signal("a").Unknown; got != detectors.NotANumber {
		t.Errorf("NaN gives %v", got)
	}
}

func TestTTLRunsFromCapture(t *testing.T) {
	s := newSim(t)
	cfg := rules.DefaultConfig()
	cfg.Event, cfg.When, cfg.Phases = "seen", "a >= 1", true
	cfg.Cooldown = text.Duration(time.Minute)
	s.attach(&script{spec: spec("a", 10), exec: 400 * ms})
	s.rule(cfg)
	s.at(100*ms, func() { s.offer(FrameRef{ID: 1, Captured: 50 * ms, Arrived: 90 * ms}) })
	s.until(5 * time.Second)
	if len(s.fired) != 2 {
		t.Fatalf("fired %d events, want confirmed and ended", len(s.fired))
	}
	if c := s.fired[0]; c.At != 500*ms || c.Age.Total() != 450*ms || c.Age.Capture != 40*ms || c.Age.Queue != 10*ms || c.Age.Inference != 400*ms {
		t.Errorf("confirmed at %v with age %+v", c.At, c.Age)
	}
	if e := s.fired[1]; e.At != 1050*ms {
		t.Errorf("ended at %v, want the instant of expiry, 1.05s", e.At)
	}
}

func TestLateAnswerIsStaleOnArrival(t *testing.T) {
	s := newSim(t)
	sp := spec("a", 1)
	sp.TTL, sp.Timeout = 300*ms, 10*time.Second
	s.attach(&script{spec: sp, exec: 400 * ms})
	s.frames(1, ms, ms)
	s.until(500 * ms)
	if v := s.view("a"); v.Expired != 1 || s.signal("a").Unknown != detectors.Stale {
		t.Errorf("expired %d, signal %v", v.Expired, s.signal("a").Unknown)
	}
}

func TestInlineRunsInsideTheStep(t *testing.T) {
	s := newSim(t)
	sp := spec("a", 30)
	sp.Execution = detectors.Inline
	d := s.attach(&script{spec: sp})
	s.frames(30, ms, rateInterval(30))
	s.until(time.Second)
	if len(d.runs) != 30 || s.view("a").Runs != 30 {
		t.Errorf("%d runs, want 30", len(d.runs))
	}
}

func TestDetachFreesNameAndSignal(t *testing.T) {
	s := newSim(t)
	s.attach(&script{spec: spec("a", 10), exec: 50 * ms})
	reader := rules.DefaultConfig()
	reader.Event, reader.When = "reader", "a > 5" // keeps the signal known by name
	s.rule(reader)
	s.frames(100, ms, 10*ms)
	s.until(25 * ms) // in the middle of a run
	s.command(func(e *Engine, _ time.Duration) {
		if err := e.Attach(99, spec("a", 10)); err == nil {
			t.Error("a name was given twice")
		}
		other := spec("b", 10)
		other.Provides = []string{"a"}
		if err := e.Attach(99, other); err == nil {
			t.Error("a signal was provided twice")
		}
		if _, err := e.Detach("a"); err != nil {
			t.Error(err)
		}
		if _, err := e.Detach("a"); err == nil {
			t.Error("detached twice")
		}
	})
	if got := s.signal("a").Unknown; got != detectors.Absent {
		t.Errorf("signal of a detached detector is %v", got)
	}
	s.until(200 * ms) // its result arrives, and must not count
	if got := s.signal("a").Unknown; got != detectors.Absent {
		t.Errorf("an answer after the detachment made the signal %v", got)
	}
	again := s.attach(&script{spec: spec("a", 10)})
	s.until(500 * ms)
	if len(again.runs) == 0 {
		t.Error("the name could not be used again")
	}
}

// TestEveryFrameIsAccountedFor compares the sum of runs and skips with the frames seen, whatever
// the detectors do.
func TestEveryFrameIsAccountedFor(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newSim(t)
		n := rapid.IntRange(1, 5).Draw(rt, "detectors")
		for i := range n {
			sp := spec(fmt.Sprintf("d%d", i), rapid.Float64Range(1, 200).Draw(rt, "fps"))
			sp.Cost = rapid.SampledFrom([]detectors.Cost{detectors.CostLow, detectors.CostMedium, detectors.CostHigh}).Draw(rt, "cost")
			sp.Timeout = time.Duration(rapid.IntRange(1, 100).Draw(rt, "timeout")) * ms
			sp.Remote = rapid.Bool().Draw(rt, "remote")
			if rapid.IntRange(0, 3).Draw(rt, "inline") == 0 {
				sp.Execution = detectors.Inline
			}
			if i > 0 && rapid.Bool().Draw(rt, "needs") {
				sp.Needs = []string{"d0 > 0.5"}
			}
			fail := rapid.IntRange(1, 10).Draw(rt, "fail")
			sc := &script{spec: sp, answer: func(run int, _ uint64) (float64, error) {
				if run%fail == 0 {
					return 0, errScripted
				}
				return float64(run % 3), nil
			}}
			if sp.Execution != detectors.Inline {
				sc.exec = time.Duration(rapid.IntRange(0, 120).Draw(rt, "exec")) * ms
				sc.slot = time.Duration(rapid.IntRange(0, 30).Draw(rt, "slot")) * ms
			}
			s.attach(sc)
		}
		total := rapid.IntRange(1, 200).Draw(rt, "frames")
		gap := time.Duration(rapid.IntRange(1, 50).Draw(rt, "gap")) * ms
		s.frames(total, ms, gap)
		for i := range rapid.IntRange(0, 5).Draw(rt, "toggles") {
			name := fmt.Sprintf("d%d", rapid.IntRange(0, n-1).Draw(rt, "which"))
			if s.scripts[TaskID(1)].slot > 0 { // withdrawals are not simulated
				break
			}
			at := gap * time.Duration(rapid.IntRange(0, total).Draw(rt, "when"))
			on := i%2 == 1
			s.at(at, func() {
				s.command(func(e *Engine, _ time.Duration) {
					if e.byName(name).phase != queued {
						_ = e.Enable(name, on)
					}
				})
			})
		}
		s.until(ms + gap*time.Duration(total) + time.Second)
		for _, task := range s.e.tasks {
			sum := task.runs + task.provisional
			for g, k := range task.skips {
				if g != int(GateOpen) {
					sum += k
				}
			}
			if task.verdict != GateOpen {
				sum++ // the newest frame, not yet counted
			}
			if sum != uint64(total) {
				rt.Fatalf("%s: %d runs and skips of %d frames (%v, %v)", task.spec.Name, sum, total, task.phase, task.skips)
			}
			if sc := s.scripts[task.id]; !slices.IsSorted(sc.runs) || len(slices.Compact(slices.Clone(sc.runs))) != len(sc.runs) {
				rt.Fatalf("%s processed a frame twice: %v", task.spec.Name, sc.runs)
			}
		}
	})
}

func TestStepAllocatesNothing(t *testing.T) {
	s := newSim(t)
	for i := range 8 {
		sp := spec(fmt.Sprintf("d%d", i), 30)
		if i > 0 {
			sp.Needs = []string{"d0 > 2"}
		}
		s.attach(&script{spec: sp})
	}
	cfg := rules.DefaultConfig()
	cfg.Event, cfg.When, cfg.For = "never", "d0 > 5 && d1 > 1", text.Duration(time.Second)
	s.rule(cfg)
	s.frames(10, ms, 10*ms)
	s.until(time.Second)
	frame := s.frame
	now := s.now
	answer := Answer{Values: []float64{1}, Detections: make([][]detectors.Detection, 1), TTLs: make([]time.Duration, 1)}
	in := Inputs{Reports: make([]Report, 0, 2)}
	if got := testing.AllocsPerRun(1000, func() {
		now += 33 * ms
		frame = FrameRef{ID: frame.ID + 1, Captured: now - ms, Arrived: now}
		s.e.Step(now, &Inputs{Frame: frame})
		ref := FrameRef{ID: frame.ID, Captured: now - ms, Arrived: now, Seen: now}
		in.Reports = append(in.Reports[:0],
			Report{Task: 1, Kind: Started, Frame: ref, Started: now, At: now},
			Report{Task: 1, Kind: Done, Frame: ref, Started: now, At: now + ms, Answer: answer})
		s.e.Step(now+ms, &in)
	}); got != 0 {
		t.Errorf("a frame and its answer allocate %v times", got)
	}
	if s.view("d0").Runs < 900 {
		t.Fatalf("only %d runs: this measured nothing", s.view("d0").Runs)
	}
}

func TestAttachBeforeTheFirstStepLoads(t *testing.T) {
	e := New(Options{MaxErrors: 1})
	if err := e.Attach(7, spec("a", 1)); err != nil {
		t.Fatal(err)
	}
	if acts := e.Step(0, &Inputs{}); len(acts.Do) != 1 || acts.Do[0] != (Action{Task: 7, Kind: DoOpen}) {
		t.Errorf("asked for %v, want the detector to be loaded", acts.Do)
	}
	if acts := e.Step(ms, &Inputs{}); len(acts.Do) != 0 {
		t.Errorf("asked again for %v", acts.Do)
	}
}

// A TTL in answers that is shorter than a period is used, and logged once for each rate.
func TestShortTTLOfAnswersIsLoggedOnce(t *testing.T) {
	s := newSim(t)
	short, long := s.attach(&script{spec: spec("short", 10), ttl: 50 * ms}), s.attach(&script{spec: spec("long", 10), ttl: 150 * ms})
	s.frames(50, ms, 100*ms)
	s.until(3*time.Second + 10*ms)
	if want := []string{"short: 50ms"}; !slices.Equal(short.hasty, want) || len(long.hasty) > 0 {
		t.Errorf("logged %v and %v, want %v and nothing", short.hasty, long.hasty, want)
	}
	if v := s.signal("short"); v.TTL != 50*ms || v.Unknown != detectors.Known {
		t.Errorf("the signal is %v, valid for %v", v.Unknown, v.TTL)
	}
	s.until(3*time.Second + 90*ms)
	if v := s.signal("short"); v.Unknown != detectors.Stale {
		t.Errorf("the signal is %v after its TTL", v.Unknown)
	}
	s.command(func(e *Engine, _ time.Duration) {
		if err := e.SetRate("long", 5); err != nil {
			t.Error(err)
		}
	})
	s.until(5 * time.Second)
	if want := []string{"long: 150ms"}; !slices.Equal(long.hasty, want) || len(short.hasty) != 1 {
		t.Errorf("logged %v and %v at a lower rate", short.hasty, long.hasty)
	}
}
