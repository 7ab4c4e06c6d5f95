package engine

// Stage is a leg of a frame's way from the camera to an event.
type Stage int

// The stages, in the order in which a frame passes them.
const (
	StageCapture   Stage = iota // from the camera until complete in memory
	StageQueue                  // until the engine sees it
	StageSchedule               // until a detector begins with it
	StageInference              // until the detector answers
	StagePublish                // until the engine has written the answer into the table
	StageEvent                  // until a rule has confirmed an event from it
	StageCount
)

var stageNames = [StageCount]string{"capture", "queue", "schedule", "inference", "publish", "event"}

func (s Stage) String() string { return stageNames[s] }

// Stages has a histogram for each Stage, or nil.
type Stages [StageCount]*Histogram

// Skips counts by Gate.
type Skips [GateCount]uint64
