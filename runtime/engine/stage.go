package engine

// Stage is a part of the time between a frame's capture and an event.
type Stage int

// The stages, in order.
const (
	StageCapture   Stage = iota // from the camera until complete in memory
	StageQueue                  // until the engine sees it
	StageSchedule               // until a detector starts on it
	StageInference              // until the detector returns
	StagePublish                // until the engine has set its signals
	StageEvent                  // until a rule has confirmed an event
	StageCount
)

var stageNames = [StageCount]string{"capture", "queue", "schedule", "inference", "publish", "event"}

func (s Stage) String() string { return stageNames[s] }

// Stages has a histogram (or nil) for each Stage.
type Stages [StageCount]*Histogram

// Skips has a counter for each Gate.
type Skips [GateCount]uint64
