package engine

import (
	"time"

	"rvo-tui/detectors"
	"rvo-tui/rules"
)

// FrameRef is what the engine needs to know of a frame. The zero value is no
// frame.
type FrameRef struct {
	ID                uint64
	Captured, Arrived time.Duration
	Seen              time.Duration // when the engine saw it
}

// TaskID names a detector attached to an engine. It is never reused.
type TaskID uint64

// Inputs are what has happened since the last step. Things that happened at the
// same instant are taken in the order of the fields, deadlines last.
type Inputs struct {
	Reports []Report
	Frame   FrameRef // the newest frame, if the engine has not seen it
	Edits   []func(e *Engine, now time.Duration)
}

// What a Report tells.
type What uint8

// The reports of a worker.
const (
	Opened    What = iota // the detector is loaded, or Err says why not
	Started               // it has a slot and begins with Frame
	Withdrawn             // it gives up waiting for a slot, or found no frame
	Done                  // it has answered, or Err says why not
)

// Report is what the worker of a detector tells the engine.
type Report struct {
	Task    TaskID
	What    What
	Frame   FrameRef
	Started time.Duration // Started, Done
	At      time.Duration // when it happened
	Answer  Answer        // Done without Err; read during the step alone
	Model   string        // Done without Err: what the detector calls the model behind it
	Err     error
	Reason  detectors.Reason // of Err
	Void    bool             // Done: set by the step, when nothing comes of the answer for it is too late or nobody wants it any more
}

// Answer is what a detector says, one entry for each signal of Spec.Provides, in
// its order.
type Answer struct {
	Values     []float64
	Detections [][]detectors.Detection
	TTLs       []time.Duration
}

// Do is what the driver is asked to do.
type Do uint8

// The actions.
const (
	DoStart    Do = iota // let the worker take a slot, then the newest frame
	DoInline             // run the detector now and report Done before anything else
	DoOpen               // load the detector, afresh if it was loaded before
	DoWithdraw           // stop waiting for a slot
	DoRevoke             // it is stuck: take its slot and retire its frame
	TellError            // tell people of an error, the first in ten seconds after an answer
	TellFailed           // tell people that it has failed
	TellHealed           // tell people, who were told of an error, that it answers again
)

// Action is one thing that the driver is asked to do.
type Action struct {
	Task TaskID
	Do   Do
	Due  time.Duration // DoStart: when its rate wanted it to run
	Text string        // the Tells: the error
}

// Actions are the answer to a step. They are valid until the next one.
type Actions struct {
	Do    []Action
	Fired []Fired
	Next  time.Duration // Step must be called no later than this; Never: only on input
}

// Fired is an event that a rule has just reported. The event's ID, Time and
// Camera are for the driver to fill.
type Fired struct {
	Rule  rules.Config
	Event rules.Event
}
