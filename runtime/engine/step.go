package engine

import (
	"time"

	"rvo-tui/detectors"
	"rvo-tui/rules"
)

// FrameRef is what the engine knows of a frame. The zero value means no frame.
type FrameRef struct {
	ID                uint64
	Captured, Arrived time.Duration
	Seen              time.Duration // by the engine
}

// TaskID identifies a detector attached to an engine. It is never reused.
type TaskID uint64

// Inputs are what has happened since the last step. Inputs at the same time are
// processed in the order of the fields; deadlines come last.
type Inputs struct {
	Wall     time.Time // current wall-clock time, for the hours of rules; zero: do not check them
	Reports  []Report
	Frame    FrameRef // the newest frame, unless the engine has already seen it
	Commands []func(e *Engine, now time.Duration)
}

// ReportKind is the kind of a Report.
type ReportKind uint8

// The values of ReportKind.
const (
	Opened    ReportKind = iota // the detector is loaded, or failed to load with Err
	Started                     // the run has a slot and starts on Frame
	Withdrawn                   // the run was withdrawn while waiting for a slot, or there was no frame
	Done                        // the run has ended, with Answer or Err
)

// Report is a message from a worker to the engine.
type Report struct {
	Task    TaskID
	Kind    ReportKind
	Frame   FrameRef
	Started time.Duration // for Started, Done
	At      time.Duration // when it happened
	Answer  Answer        // for Done without Err; only read during the step
	Model   string        // for Done without Err: name of the model, from the detector
	Err     error
	Reason  detectors.Reason      // for Err
	Looked  []detectors.Detection // for Done of a detector of crops: the boxes it processed, with the results as attributes
	Void    bool                  // for Done: set by the step when it discards the result, because it is late or the detector is disabled
}

// Answer is the result of a run, with one entry for each signal of Spec.Provides, in
// the same order.
type Answer struct {
	Values     []float64
	Detections [][]detectors.Detection
	TTLs       []time.Duration
}

// ActionKind is the kind of an Action.
type ActionKind uint8

// The values of ActionKind.
const (
	DoStart      ActionKind = iota // let the worker take a slot, then the newest frame
	DoInline                       // run the detector now and report Done before any other input
	DoOpen                         // load the detector, or reload it
	DoWithdraw                     // stop waiting for a slot
	DoRevoke                       // the run is stuck: take its slot and retire its frame
	LogError                       // log an error: the first one since a result, at most one every ten seconds
	LogFailed                      // log that the detector has failed
	LogRecovered                   // log that the detector works again, after one of the two above
	LogShortTTL                    // log that its results expire before the next run: once for each rate
)

// Action is something that the driver must do for one detector.
type Action struct {
	Task TaskID
	Kind ActionKind
	Due  time.Duration // DoStart: when the run was due
	Text string        // LogError, LogFailed: the error; LogShortTTL: the signal and its TTL
}

// Actions are the result of a step. They are valid until the next one.
type Actions struct {
	Do    []Action
	Fired []Fired
	Next  time.Duration // Step must be called no later than this; Never: only with new input
}

// Fired is an event of a rule. The driver sets its ID, Time and Camera.
type Fired struct {
	Rule  rules.Config
	Event rules.Event
}
