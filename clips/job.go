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

// Job is a request for the clip of one event. Data it points to is shared and must not
// change after Save.
//
// The clip's path is made of the event's Camera, Time (in UTC) and ID, cleaned up. At
// counts from the recorder's epoch. An event of type Manual without a phase was
// requested by a person, not by a rule.
type Job struct {
	rules.Event
	Before time.Duration // time to show before At, at most MaxRoll
	After  time.Duration // time to show after At, at most MaxRoll

	// Confirming is the frame that confirmed the event. Save takes over its reference,
	// even if it refuses the job. The clip contains it, and the thumbnail shows it with
	// Detections drawn in. Nil: the frame nearest to At is used.
	Confirming *capture.Frame
	Detections []detectors.Detection
	// Private are the camera's privacy zones, which are black in all frames.
	Private []string
}

// rule returns the event's rule, or "" if a person requested the clip.
func (j *Job) rule() string {
	if j.Phase == "" {
		return ""
	}
	return j.Type
}

// Note is the detections of one frame, for the metadata of clips. Detections are shared
// and immutable.
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

// Reasons for dropping clips, as counted in Status.
const (
	DropQueue    = "queue"    // too many clips were waiting
	DropCamera   = "camera"   // the camera has no ring
	DropClosed   = "closed"   // the recorder was shutting down
	DropFrames   = "frames"   // the ring had no frames of that time
	DropDisk     = "disk"     // full, read-only, missing or not writable
	DropBytes    = "bytes"    // larger than the limit for all clips
	DropEncode   = "encode"   // no encoder made a readable movie
	DropDeadline = "deadline" // not finished before the end of shutdown
)

// dropReasons lists every reason, so that the counters exist before the first drop.
var dropReasons = [...]string{DropQueue, DropCamera, DropClosed, DropFrames, DropDisk, DropBytes, DropEncode, DropDeadline}
