package clips

import (
	"errors"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/rules"
)

// Manual is the event type of a clip requested by a person.
const Manual = "manual"

// Job is a request for the clip of one event. What it refers to is shared and must
// not change after Save.
//
// The clip's path is made of the event's Camera, Time (in UTC) and ID, after
// cleaning. At counts from the recorder's epoch. An event of type Manual, without
// a phase, comes from a person and not from a rule.
type Job struct {
	rules.Event
	Before time.Duration // how much to show before At, at most MaxRoll
	After  time.Duration // how much to show after At, at most MaxRoll

	// Confirming is the frame that confirmed the event. Its reference is handed over
	// with the call of Save, whatever Save answers. The clip contains it and its
	// thumbnail shows it, with Detections drawn in. Nil: the frame nearest to
	// At takes its place.
	Confirming *capture.Frame
	Detections []detectors.Detection
	// Private are the zones of the camera that are black in all of its frames.
	Private []string
}

// rule returns the rule that the event comes from; empty: a person asked for it.
func (j *Job) rule() string {
	if j.Phase == "" {
		return ""
	}
	return j.Type
}

// Note is what a detector found in one frame, for the metadata of clips. Detections are shared and immutable.
type Note struct {
	Frame      uint64
	Captured   time.Time
	Signal     string
	Value      float64
	Detections []detectors.Detection
}

// Errors of Save when it refuses a job.
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
	DropFrames   = "frames"   // the ring had no frame of that time
	DropDisk     = "disk"     // full, read-only, gone or not writable
	DropBytes    = "bytes"    // larger than all clips may be
	DropEncode   = "encode"   // no encoder could make a readable movie
	DropDeadline = "deadline" // unfinished when shutdown ran out of time
)

// dropReasons is every reason, so that counters exist before the first drop.
var dropReasons = [...]string{DropQueue, DropCamera, DropClosed, DropFrames, DropDisk, DropBytes, DropEncode, DropDeadline}
