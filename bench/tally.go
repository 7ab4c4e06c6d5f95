package bench

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"rvo-tui/runtime/engine"
)

// Timing has the distributions measured by a run over all cameras. Ages count from capture, and
// "Due" ages from the time at which the frame was due.
type Timing struct {
	Tick          *Dist // a tick of the pipeline
	Exec          *Dist // a detector's run
	Age           *Dist // of a frame when the engine sees it
	DueAge        *Dist // the same, since the frame was due
	SignalAge     *Dist // of a frame when its signal is in the table
	DueSignalAge  *Dist // the same, since the frame was due
	Stages        [engine.StageCount]*Dist
	EventAge      *Dist // of a frame when a rule confirms an event from it
	EventDueAge   *Dist
	EventAgeParts [engine.StageCount]*Dist // stages of EventAge
}

func newTiming() Timing {
	t := Timing{
		Tick: newDist("tick"), Exec: newDist("exec"),
		Age: newDist("age"), DueAge: newDist("age_scheduled"),
		SignalAge: newDist("signal_age"), DueSignalAge: newDist("signal_age_scheduled"),
		EventAge: newDist("event_age"), EventDueAge: newDist("event_age_scheduled"),
	}
	for i := range t.Stages {
		t.Stages[i] = newDist("stage_" + engine.Stage(i).String())
		t.EventAgeParts[i] = newDist("event_" + engine.Stage(i).String())
	}
	return t
}

// logged returns the distributions that are written to files of their own.
func (t *Timing) logged() []*Dist {
	return []*Dist{t.Tick, t.Exec, t.Age, t.DueAge, t.SignalAge, t.DueSignalAge}
}

// all returns all distributions.
func (t *Timing) all() []*Dist {
	list := append(t.logged(), t.EventAge, t.EventDueAge)
	list = append(list, t.Stages[:]...)
	return append(list, t.EventAgeParts[:]...)
}

// cut ends an interval of all distributions.
func (t *Timing) cut(log *hdrhistogram.HistogramLogWriter, from, to time.Time) error {
	for _, d := range t.logged() {
		if err := d.cut(log, from, to); err != nil {
			return err
		}
	}
	for _, d := range t.all()[len(t.logged()):] {
		if err := d.cut(nil, from, to); err != nil {
			return err
		}
	}
	return nil
}

// tally evaluates the samples of one camera. It is not safe for concurrent use.
type tally struct {
	schedule schedule
	timing   *Timing // shared by the tallies of a run

	// Within the measured time. Frames count by their due time, ticks and events by the time they
	// happened.
	seen, execs, failures, events, ticks uint64

	// Over the whole run.
	allSeen  uint64
	newest   uint64 // newest frame seen
	disorder error
	tasks    []taskTally
}

// taskTally counts the runs of one detector.
type taskTally struct {
	runs     uint64 // runs started, on all frames
	measured uint64 // runs started, on measured frames
	last     uint64 // frame of the last run
}

func newTally(s schedule, t *Timing, detectors int) *tally {
	return &tally{schedule: s, timing: t, tasks: make([]taskTally, detectors)}
}

func (t *tally) add(s *sample) {
	switch s.what {
	case aTick:
		if t.within(s.at) {
			t.ticks++
			t.timing.Tick.add(s.times[0])
		}
	case aFrame:
		t.frame(s)
	case aStart:
		t.began(s)
	case aDone:
		t.done(s)
	case anEvent:
		if t.within(s.at) {
			t.events++
			t.event(s)
		}
	}
}

func (t *tally) within(at time.Duration) bool { return at >= t.schedule.first && at < t.schedule.end }

func (t *tally) frame(s *sample) {
	t.allSeen++
	if s.frame <= t.newest && t.disorder == nil {
		t.disorder = fmt.Errorf("the engine saw frame %d after frame %d", s.frame, t.newest)
	}
	t.newest = s.frame
	if !t.schedule.measured(s.frame) {
		return
	}
	captured, arrived := s.times[0], s.times[1]
	t.seen++
	t.timing.Age.add(s.at - captured)
	t.timing.DueAge.add(s.at - t.schedule.due(s.frame))
	t.timing.Stages[engine.StageCapture].add(arrived - captured)
	t.timing.Stages[engine.StageQueue].add(s.at - arrived)
}

func (t *tally) began(s *sample) {
	k := t.task(s.task)
	k.runs++
	k.last = s.frame
	if t.schedule.measured(s.frame) {
		k.measured++
	}
}

func (t *tally) done(s *sample) {
	if t.task(s.task).last != s.frame {
		t.began(s) // inline runs do not report their start
	}
	if !t.schedule.measured(s.frame) {
		return
	}
	captured, seen, started, done := s.times[0], s.times[1], s.times[2], s.times[3]
	t.execs++
	t.timing.Exec.add(done - started)
	t.timing.Stages[engine.StageSchedule].add(started - seen)
	t.timing.Stages[engine.StageInference].add(done - started)
	if s.failed {
		t.failures++
	}
	if s.failed || s.void {
		return // it produced no signal
	}
	t.timing.Stages[engine.StagePublish].add(s.at - done)
	t.timing.SignalAge.add(s.at - captured)
	t.timing.DueSignalAge.add(s.at - t.schedule.due(s.frame))
}

func (t *tally) event(s *sample) {
	var age time.Duration
	for i, d := range s.times {
		t.timing.EventAgeParts[i].add(d)
		age += d
	}
	t.timing.EventAge.add(age)
	t.timing.EventDueAge.add(s.at - t.schedule.due(s.frame))
	t.timing.Stages[engine.StageEvent].add(s.times[engine.StageEvent])
}

// task returns the tally of a detector, and creates it if the detector was added during the run.
func (t *tally) task(i uint32) *taskTally {
	for int(i) >= len(t.tasks) {
		t.tasks = append(t.tasks, taskTally{})
	}
	return &t.tasks[i]
}

// skips returns how many measured frames detectors skipped.
func (t *tally) skips() (n uint64) {
	for _, k := range t.tasks {
		n += t.seen - min(k.measured, t.seen)
	}
	return n
}
