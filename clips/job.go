package clips

import (
	"errors"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/rules"
)

// Manual is the event type of a clip that a person asked for.
const Manual = "manual"

// Job asks for the clip of one event. What it refers to is shared and must not
// be written to after Save.
//
// The clip's path is made of the event's Camera, Time (in UTC) and ID, after
// cleaning. At counts from the recorder's epoch. An event of type Manual, without
// a phase, comes from a person and not from a rule.
type Job struct {
	rules.Event
	Before time.Duration // how much to show ahead of At, at most MaxRoll
	After  time.Duration // how much to show behind At, at most MaxRoll

	// Confirming is the frame that confirmed the event. Its count is handed over
	// with the call of Save, whatever Save answers. The clip contains it and its
	// thumbnail shows it, with Detections drawn in. Nil: the picture nearest to
	// At takes its place.
	Confirming *capture.Frame
	Detections []detectors.Detection
}

// rule returns the rule that the event comes from; empty: a person asked for it.
func (j *Job) rule() string {
	if j.Phase == "" {
		return ""
	}
	return j.Type
}

// Note is what a detector found in one frame, told to the Ring for the metadata
// of clips. Detections are shared and immutable.
type Note struct {
	Frame      uint64
	Captured   time.Time
	Signal     string
	Value      float64
	Detections []detectors.Detection
}

// What Save answers when it does not take a job.
var (
	ErrFull   = errors.New("save clip: too many clips are waiting already; try again in a few seconds")
	ErrCamera = errors.New("save clip: the camera keeps no evidence; give it a rule with clip = true")
	ErrClosed = errors.New("save clip: evidence is shutting down")
)

// Reasons for which clips are dropped, as Status counts them.
const (
	DropQueue    = "queue"    // too many were waiting
	DropCamera   = "camera"   // the camera has no ring
	DropClosed   = "closed"   // the recorder was shutting down
	DropFrames   = "frames"   // the ring had no picture of the time
	DropDisk     = "disk"     // full, read-only, gone or not ours
	DropEncode   = "encode"   // no encoder could make a movie that reads back
	DropDeadline = "deadline" // unfinished when shutdown ran out of time
)

// dropReasons is every reason, so that counters exist before the first drop.
var dropReasons = [...]string{DropQueue, DropCamera, DropClosed, DropFrames, DropDisk, DropEncode, DropDeadline}
