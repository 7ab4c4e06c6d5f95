package engine

import (
	"slices"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/rules"
)

// View is the state of an Engine at one moment, for dashboards and metrics. It shares
// histograms with the Engine, which are read in place. Everything else is immutable.
type View struct {
	FrameID  uint64        `json:"frame_id"`       // newest frame seen by the engine
	FrameAge time.Duration `json:"frame_age_ns"`   // age of that frame
	Interval *Histogram    `json:"frame_interval"` // between the capture times of consecutive frames
	Age      *Histogram    `json:"age"`            // age of frames when the engine sees them
	Stages   Stages        `json:"stages"`         // duration of each stage

	Detectors []DetectorView `json:"detectors"`
	Signals   []SignalView   `json:"signals"`
	Rules     []RuleView     `json:"rules"`
	Tracks    []TrackView    `json:"tracks"` // of tracked detectors
	Zones     []ZoneView     `json:"zones"`
	Lines     []LineView     `json:"lines"`
}

// DetectorState is the state of a detector.
type DetectorState string

// The states of a detector.
const (
	DetectorStarting DetectorState = "starting" // loading its model
	DetectorWaiting  DetectorState = "waiting"  // ready, but not running; Reason names the gate
	DetectorRunning  DetectorState = "running"  // processing a frame
	DetectorBackoff  DetectorState = "backoff"  // paused after a run over its time budget
	DetectorStuck    DetectorState = "stuck"    // its run has not returned by its timeout
	DetectorFailed   DetectorState = "failed"   // too many consecutive errors; loaded again at Until
	DetectorDisabled DetectorState = "disabled" // by configuration or command
)

// DetectorView is one detector of one camera.
type DetectorView struct {
	detectors.Spec

	State  DetectorState `json:"state"`
	Words  Words         `json:"words"`    // as Standing returns it; only in JSON
	Reason string        `json:"reason"`   // the gate that holds it, or the last error
	Until  time.Duration `json:"until_ns"` // remaining time of the backoff or until the retry
	FPS    float64       `json:"fps"`      // recent runs per second

	Runs     uint64        `json:"runs"`
	Skips    Skips         `json:"skips"`      // frames not processed, by gate
	Errors   []Count       `json:"errors"`     // failed runs by reason, at most ErrorKinds reasons
	Backoffs uint64        `json:"backoffs"`   // number of backoffs
	Timeouts uint64        `json:"timeouts"`   // runs past the timeout
	Late     uint64        `json:"late"`       // results discarded because they arrived after the timeout
	Expired  uint64        `json:"expired"`    // results that were older than their TTL on arrival
	Restarts uint64        `json:"restarts"`   // how often it was loaded again or its process restarted
	LastRun  time.Time     `json:"last_run"`   // when the last run ended; zero: never
	Age      time.Duration `json:"age_ns"`     // age of the frame of its last result
	Model    string        `json:"model"`      // of the last result; empty: unknown
	Error    string        `json:"error"`      // text of the last error, safe to display; empty after a successful run
	Exec     *Histogram    `json:"exec"`       // duration of a run
	AgeHist  *Histogram    `json:"answer_age"` // age of the frame when its result is in the table
	Tracks   *TrackCounts  `json:"tracks"`     // nil: not tracked
}

// Count is a counter for one reason.
type Count struct {
	Reason string `json:"reason"`
	N      uint64 `json:"n"`
}

// ErrorKinds is the maximum number of error reasons counted for one detector. The last
// entry, "other", counts all further reasons.
const ErrorKinds = 24 // a service in a child process has 21

// SignalView is one signal of one camera.
type SignalView struct {
	Name       string                `json:"name"`
	Detector   string                `json:"detector"` // its provider; empty: it has none any more
	Value      float64               `json:"value"`
	Unknown    detectors.Why         `json:"-"`                 // restored from Why
	Why        string                `json:"unknown,omitempty"` // why it is unknown; empty: it is known
	Age        time.Duration         `json:"age_ns"`            // since capture; 0: never set
	TTL        time.Duration         `json:"ttl_ns"`
	Frame      uint64                `json:"frame_id"`
	Detections []detectors.Detection `json:"detections"`
}

// RuleView is one rule on one camera.
type RuleView struct {
	Event   string        `json:"event"`
	When    string        `json:"when"`
	Outline []rules.Line  `json:"outline"` // When as a tree
	Status  rules.Status  `json:"status"`
	Words   Words         `json:"words"`   // as Clock returns it; only in JSON
	ToFire  string        `json:"to_fire"` // as Lacks returns it; only in JSON
	For     time.Duration `json:"for_ns"`
	// Cooldown is the minimum time between two confirmations.
	Cooldown time.Duration `json:"cooldown_ns"`
	// Clip means that its events have clips, which last until ClipAfter after the
	// event.
	Clip      bool           `json:"clip"`
	ClipAfter time.Duration  `json:"clip_after_ns"`
	Clause    []rules.Clause `json:"clauses"`
	Hours     *HoursView     `json:"hours"` // nil: always active
}

// View returns the state at time now. epoch is the wall-clock time of 0.
func (e *Engine) View(now time.Duration, epoch time.Time) *View {
	e.batch.flush()
	v := &View{
		FrameID: e.camera.frame.ID, Interval: e.spacing, Age: e.age, Stages: e.stages,
		Detectors: make([]DetectorView, len(e.tasks)),
		Signals:   make([]SignalView, e.table.Len()),
		Rules:     make([]RuleView, len(e.rules)),
		Zones:     e.zones,
		Lines:     e.lines,
	}
	if e.camera.frame.ID != 0 {
		v.FrameAge = e.camera.age(now)
	}
	for i := range v.Signals {
		s := e.table.Signal(detectors.ID(i))
		sv := &v.Signals[i]
		sv.Name, sv.Value, sv.TTL, sv.Frame, sv.Detections = e.table.Name(detectors.ID(i)), s.Value, s.TTL, s.Trace.Frame, detectors.AttributedAt(s.Detections, now)
		sv.Unknown = s.At(now)
		if sv.Unknown != 0 {
			sv.Why = sv.Unknown.String()
		}
		if s.Trace.Frame != 0 {
			sv.Age = now - s.Trace.Captured
		}
	}
	for i, t := range e.tasks {
		e.blink(now, t)
		t.view(now, epoch, &v.Detectors[i])
		v.Tracks = t.tracks(v.Tracks, now)
		for _, id := range t.provides {
			v.Signals[id].Detector = t.spec.Name
		}
	}
	v.Signals = slices.DeleteFunc(v.Signals, func(s SignalView) bool { return s.Name == "" }) // freed IDs
	n := 0
	for _, r := range e.rules {
		n += r.Condition().Len()
	}
	clauses := make([]rules.Clause, 0, n)
	for i, r := range e.rules {
		from := len(clauses)
		clauses = r.Condition().AppendExplain(clauses, now)
		v.Rules[i] = RuleView{
			Event: r.event, When: r.when, Outline: r.Outline(), Status: r.Status(now),
			For: r.hold, Cooldown: r.cooldown, Clip: r.clip, ClipAfter: r.after, Clause: clauses[from:len(clauses):len(clauses)],
			Hours: r.hours.view(r.Config()),
		}
	}
	return v
}

func (t *task) view(now time.Duration, epoch time.Time, v *DetectorView) {
	v.Spec = t.spec
	v.State, v.Reason, v.Until = t.state(now)
	v.FPS = t.rate(now)
	v.Runs, v.Skips, v.Errors = t.runs, t.skips, t.failures
	if t.provisional > 1 {
		v.Skips[GateSlot] += t.provisional - 1
	}
	v.Backoffs, v.Timeouts, v.Late, v.Expired, v.Restarts = t.backoffs, t.timeouts, t.late, t.expired, t.restarts
	if t.runs > 0 {
		v.LastRun = epoch.Add(t.lastRun)
	}
	if t.answered.ID != 0 {
		v.Age = now - t.answered.Captured
	}
	v.Model = t.model
	v.Tracks = t.counts()
	v.Error, v.Exec, v.AgeHist = t.lastErr, t.exec, t.age
}

// Advance ages the view by a duration: ages grow, rates fall, and signals past their
// TTL become unknown, together with their clauses. Lists are copied before they change.
func (v *View) Advance(by time.Duration) {
	if v.FrameID != 0 {
		v.FrameAge += by
	}
	v.Signals = slices.Clone(v.Signals)
	for i := range v.Signals {
		s := &v.Signals[i]
		if s.Frame == 0 {
			continue
		}
		s.Age += by
		if s.Unknown == detectors.Known && s.Age >= s.TTL {
			s.Unknown, s.Why = detectors.Stale, detectors.Stale.String()
		}
	}
	v.Detectors = slices.Clone(v.Detectors)
	for i := range v.Detectors {
		d := &v.Detectors[i]
		d.Until = max(0, d.Until-by)
		if d.Age > 0 {
			d.Age += by
		}
		if d.FPS > 0 && by.Seconds() > 2/d.FPS {
			d.FPS = 1 / by.Seconds()
		}
	}
	v.Rules = slices.Clone(v.Rules)
	for i := range v.Rules {
		r := &v.Rules[i]
		r.Status.Remaining = max(0, r.Status.Remaining-by)
		r.Clause = slices.Clone(r.Clause)
		for k := range r.Clause {
			c := &r.Clause[k]
			if c.Age != rules.Never {
				c.Age += by
			}
			if c.Truth != rules.Unknown && (v.stale(c.Signal) || c.Other != "" && v.stale(c.Other)) {
				c.Truth, c.Why = rules.Unknown, detectors.Stale
				r.Status.Truth = rules.Unknown // the result of the other clauses is not available here
			}
		}
	}
}

// stale reports whether a signal is past its TTL.
func (v *View) stale(signal string) bool {
	return slices.ContainsFunc(v.Signals, func(s SignalView) bool { return s.Name == signal && s.Unknown == detectors.Stale })
}

// Waiting returns how many detectors are waiting for a slot.
func (v *View) Waiting() (n int) {
	for i := range v.Detectors {
		if v.Detectors[i].State == DetectorWaiting && v.Detectors[i].Reason == GateSlot.String() {
			n++
		}
	}
	return n
}

// Skipped returns how many frames a gate held, for all detectors.
func (v *View) Skipped(g Gate) (n uint64) {
	for i := range v.Detectors {
		n += v.Detectors[i].Skips[g]
	}
	return n
}
