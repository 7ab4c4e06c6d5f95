package engine

import (
	"time"

	"rvo-tui/detectors"
	"rvo-tui/rules"
)

// FrameRef is what the engine needs to know of a frame. The zero value means no
// frame.
type FrameRef struct {
	ID                uint64
	Captured, Arrived time.Duration
	Seen              time.Duration // by the engine
}

// TaskID names a detector attached to an engine. It is never reused.
type TaskID uint64

// Inputs are what has happened since the last step. Inputs of the same instant are
// processed in the order of the fields; deadlines come last.
type Inputs struct {
	Wall     time.Time // the wall clock now, for the hours of rules; zero: they are not looked at
	Reports  []Report
	Frame    FrameRef // the newest frame, unless the engine has seen it
	Commands []func(e *Engine, now time.Duration)
}

// ReportKind is the kind of a Report.
type ReportKind uint8

// The reports of a worker.
const (
	Opened    ReportKind = iota // the detector is loaded, or Err says why not
	Started                     // the run has a slot and starts on Frame
	Withdrawn                   // the run was withdrawn while it waited for a slot, or found no frame
	Done                        // the run has ended, with Answer or Err
)

// Report is what a worker reports to the engine.
type Report struct {
	Task    TaskID
	Kind    ReportKind
	Frame   FrameRef
	Started time.Duration // Started, Done
	At      time.Duration // when it happened
	Answer  Answer        // Done without Err; read only during the step
	Model   string        // Done without Err: the name of the model, as the detector gives it
	Err     error
	Reason  detectors.Reason      // of Err
	Looked  []detectors.Detection // Done, of a detector of crops: the boxes that it looked at, with what it found as attributes
	Void    bool                  // Done: set by the step when it discards the answer, which came too late or from a disabled detector
}

// Answer is the result of a run: one entry for each signal of Spec.Provides, in
// the same order.
type Answer struct {
	Values     []float64
	Detections [][]detectors.Detection
	TTLs       []time.Duration
}

// ActionKind is the kind of an Action.
type ActionKind uint8

// The actions.
const (
	DoStart      ActionKind = iota // let the worker take a slot, then the newest frame
	DoInline                       // run the detector now and report Done before any other input
	DoOpen                         // load the detector, again if it was loaded before
	DoWithdraw                     // stop waiting for a slot
	DoRevoke                       // the run is stuck: take its slot and retire its frame
	LogError                       // log an error: the first since an answer, at most one in ten seconds
	LogFailed                      // log that the detector has failed
	LogRecovered                   // log that the detector answers again, after one of the two above
)

// Action is what the driver must do for one task.
type Action struct {
	Task TaskID
	Kind ActionKind
	Due  time.Duration // DoStart: when the run was due
	Text string        // LogError, LogFailed: the error
}

// Actions are the result of a step. They are valid until the next one.
type Actions struct {
	Do    []Action
	Fired []Fired
	Next  time.Duration // Step must be called no later than this; Never: not without input
}

// Fired is an event of a rule. The driver fills in its ID, Time and Camera.
type Fired struct {
	Rule  rules.Config
	Event rules.Event
}
