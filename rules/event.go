package rules

import (
	"time"

	"rvo-tui/detectors"
)

// Event is what a rule reports. The rule sets all fields but ID, Camera, Time and Clip.
// An event shares no memory with its rule.
type Event struct {
	ID         string // unique, and ordered by time
	Type       string // Config.Event
	At         time.Duration
	Confidence float64 // share of the time since the condition began in which it was known to be true, 0..1
	Camera     string
	Time       time.Time // At as wall-clock time
	Phase      Phase
	Frame      uint64 // newest frame used for the decision; 0: none
	Age        Age    // age of that frame
	Clauses    []Clause
	Tracks     []Track       // tracks counted by the condition, at most MaxTracks; empty for PhaseEnded
	Duration   time.Duration // PhaseEnded only: from when the condition began until it was last known to be true
	Clip       bool          // a clip is being saved; not in the JSON
}

// Age is the age of a frame when it causes an event, split by stage. Each part is the
// time since the end of the previous one, and never negative.
type Age struct {
	Capture   time.Duration // from capture until the frame is in memory
	Queue     time.Duration // until the engine received it
	Schedule  time.Duration // until the detector started
	Inference time.Duration // until the detector answered
	Publish   time.Duration // until the engine stored the answer
	Event     time.Duration // until the event
}

// Total returns the sum of all stages, which is the frame's age.
func (a Age) Total() time.Duration {
	return a.Capture + a.Queue + a.Schedule + a.Inference + a.Publish + a.Event
}

// ageOf splits the time from a trace's capture to now. A stage that is missing or out
// of order counts as 0.
func ageOf(t detectors.Trace, now time.Duration) Age {
	at := min(t.Captured, now)
	stage := func(until time.Duration) time.Duration {
		from := at
		at = min(max(at, until), now)
		return at - from
	}
	return Age{stage(t.Arrived), stage(t.Seen), stage(t.Started), stage(t.Done), stage(t.Applied), stage(now)}
}

// Event builds the event for the phase that the last Step returned. now is that of the
// Step.
func (r *Rule) Event(now time.Duration, phase Phase) Event {
	trace := r.cond.Newest()
	var tracks []Track
	if phase == PhaseConfirmed {
		tracks = r.cond.tracks(now)
	}
	return Event{
		Tracks:     tracks,
		Type:       r.cfg.Event,
		At:         now,
		Confidence: r.report.confidence,
		Phase:      phase,
		Frame:      trace.Frame,
		Age:        ageOf(trace, now),
		Clauses:    r.cond.Explain(now),
		Duration:   r.report.duration,
	}
}

// Status is a snapshot of a rule.
type Status struct {
	State     State         `json:"state"`
	Since     time.Duration `json:"since_ns"`      // start of this state
	Progress  float64       `json:"progress"`      // share of for that has passed, 0..1; 1 once confirmed, 0 while idle
	Remaining time.Duration `json:"remaining_ns"`  // of the cooldown
	Truth     Truth         `json:"truth"`         // of the condition
	Active    bool          `json:"active"`        // confirmed, and not ended
	Fired     uint64        `json:"fired"`         // number of confirmations since the rule was created
	LastFired time.Duration `json:"last_fired_ns"` // last confirmation; undefined while Fired is 0
}

// Status returns the state of the rule at time now.
func (r *Rule) Status(now time.Duration) Status {
	s := Status{State: r.state, Since: r.since, Truth: r.cond.Eval(now), Active: r.incident && r.state != Disabled && r.state != Inactive, Fired: r.fired, LastFired: r.lastFired}
	switch r.state {
	case Potential:
		s.Progress = 1
		if ran := r.ranBy(now); ran < time.Duration(r.cfg.For) {
			s.Progress = float64(ran) / float64(r.cfg.For)
		}
	case Confirmed:
		s.Progress = 1
	}
	s.Remaining = max(0, r.until-now)
	return s
}

// ranBy returns the value of the for timer at time now if nothing changes.
func (r *Rule) ranBy(now time.Duration) time.Duration {
	if r.truth == True || r.against() {
		return r.ran + max(0, now-r.now)
	}
	return r.ran
}

// timeFormat is RFC 3339 with nine decimals, so that lines sort as text.
const timeFormat = "2006-01-02T15:04:05.000000000Z07:00"

type ageJSON struct {
	Capture   float64 `json:"capture"`
	Queue     float64 `json:"queue"`
	Schedule  float64 `json:"schedule"`
	Inference float64 `json:"inference"`
	Publish   float64 `json:"publish"`
	Event     float64 `json:"event"`
}

// MarshalJSON writes the object described by docs/event.schema.json.
func (e Event) MarshalJSON() ([]byte, error) {
	line, err := e.AppendLine(nil)
	if err != nil {
		return nil, err
	}
	return line[:len(line)-1], nil
}

// AppendLine appends the event as one line of JSON with a line feed. Unlike
// json.Marshal it does not escape "<", ">" and "&". On an error dst is returned
// unchanged.
func (e Event) AppendLine(dst []byte) ([]byte, error) {
	var duration *float64
	if e.Phase == PhaseEnded {
		ms := milliseconds(e.Duration)
		duration = &ms
	}
	clauses := e.Clauses
	if clauses == nil {
		clauses = []Clause{}
	}
	a := e.Age
	return appendJSON(dst, struct {
		ID         string   `json:"event_id"`
		Type       string   `json:"event_type"`
		At         int64    `json:"event_ts_ns"`
		Confidence float64  `json:"confidence"`
		Camera     string   `json:"camera"`
		Time       string   `json:"time"`
		Phase      Phase    `json:"phase"`
		Duration   *float64 `json:"duration_ms,omitempty"`
		AgeMS      float64  `json:"age_ms"`
		AgeSplit   ageJSON  `json:"age_split_ms"`
		Frame      uint64   `json:"frame_id"`
		Clauses    []Clause `json:"clauses"`
		Tracks     []Track  `json:"tracks,omitempty"`
	}{
		e.ID, e.Type, int64(e.At), e.Confidence, e.Camera, e.Time.UTC().Format(timeFormat), e.Phase, duration,
		milliseconds(a.Total()),
		ageJSON{
			milliseconds(a.Capture), milliseconds(a.Queue), milliseconds(a.Schedule),
			milliseconds(a.Inference), milliseconds(a.Publish), milliseconds(a.Event),
		},
		e.Frame, clauses, e.Tracks,
	})
}
