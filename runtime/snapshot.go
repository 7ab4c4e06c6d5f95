package runtime

import (
	"time"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/rules"
)

// Snapshot is a picture of everything that a dashboard, a metrics page or a
// script may want to show, at one instant. It consists of plain values, is
// immutable once published (its histograms count on), and has one JSON form for
// all of its readers: docs/snapshot.schema.json. Durations in it are nanoseconds.
type Snapshot struct {
	At      time.Time     `json:"at"`
	Uptime  time.Duration `json:"uptime_ns"`
	Started time.Time     `json:"started"`

	Cameras []CameraView  `json:"cameras"`
	Slots   SlotsView     `json:"slots"`
	Queues  []QueueView   `json:"queues"` // every bounded hand-off that is not a camera's own: sinks, clips, commands
	Sinks   []SinkView    `json:"sinks"`
	Clips   *clips.Status `json:"clips"` // evidence; null: none is asked for yet
	Log     LogView       `json:"log"`
	Loop    LoopView      `json:"loop"`
	Reload  ReloadView    `json:"reload"`
}

// CameraView is one camera with all that works on it.
type CameraView struct {
	capture.Status

	FrameID    uint64        `json:"frame_id"`     // newest frame that the engine saw
	FrameAge   time.Duration `json:"frame_age_ns"` // its age
	Seen       uint64        `json:"seen"`         // frames that the engine saw
	Superseded uint64        `json:"superseded"`   // frames replaced before the engine saw them
	Ticks      uint64        `json:"ticks"`        // engine steps

	Tick     *Histogram `json:"tick"`           // duration of an engine step
	Interval *Histogram `json:"frame_interval"` // between the capture times of consecutive frames
	Age      *Histogram `json:"age"`            // of frames when the engine sees them
	Stages   Stages     `json:"stages"`         // duration of each stage

	Detectors []DetectorView `json:"detectors"`
	Signals   []SignalView   `json:"signals"`
	Rules     []RuleView     `json:"rules"`
	Queues    []QueueView    `json:"queues"` // latest frame, mailboxes, pool

	at time.Duration // when it was published, since the epoch
}

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

// DetectorState is where a detector stands.
type DetectorState string

// The states of a detector.
const (
	DetectorStarting DetectorState = "starting" // loading its model
	DetectorWaiting  DetectorState = "waiting"  // ready, and no frame for it yet; Reason names the gate
	DetectorRunning  DetectorState = "running"  // looking at a frame
	DetectorBackoff  DetectorState = "backoff"  // parked for overrunning its budget
	DetectorStuck    DetectorState = "stuck"    // past its timeout, not back yet
	DetectorFailed   DetectorState = "failed"   // too many errors in a row; tried again at Until
	DetectorDisabled DetectorState = "disabled" // by configuration or command
)

// DetectorView is one detector of one camera.
type DetectorView struct {
	detectors.Spec

	State  DetectorState `json:"state"`
	Reason string        `json:"reason"`   // the gate that holds it, or the last error
	Until  time.Duration `json:"until_ns"` // how long the backoff or the wait for a retry goes on
	FPS    float64       `json:"fps"`      // runs a second, lately

	Runs     uint64        `json:"runs"`
	Skips    Skips         `json:"skips"`      // frames not run, by gate
	Errors   []Count       `json:"errors"`     // failed runs by reason, at most ErrorKinds
	Backoffs uint64        `json:"backoffs"`   // times it was parked
	Timeouts uint64        `json:"timeouts"`   // runs past the timeout
	Late     uint64        `json:"late"`       // answers thrown away for coming after the timeout
	Expired  uint64        `json:"expired"`    // answers older than their TTL on arrival
	Restarts uint64        `json:"restarts"`   // openings after the first
	LastRun  time.Time     `json:"last_run"`   // when the last run ended; zero: never
	Age      time.Duration `json:"age_ns"`     // of the frame behind its last answer
	Model    string        `json:"model"`      // behind the last answer, as a service calls it; empty: not known
	Error    string        `json:"error"`      // the last error's text, cleaned; empty after a good run
	Exec     *Histogram    `json:"exec"`       // duration of a run
	AgeHist  *Histogram    `json:"answer_age"` // age of the frame when its answer is in the table
}

// Count is a number of something by reason.
type Count struct {
	Reason string `json:"reason"`
	N      uint64 `json:"n"`
}

// ErrorKinds is how many reasons of failure are told apart for one detector; the
// last entry holds all further ones under "other".
const ErrorKinds = 24 // a service in a process has 21

// SignalView is one signal of one camera.
type SignalView struct {
	Name       string                `json:"name"`
	Detector   string                `json:"detector"` // who provides it; empty: nobody any more
	Value      float64               `json:"value"`
	Unknown    detectors.Why         `json:"-"`                 // restored from Why
	Why        string                `json:"unknown,omitempty"` // why it is unknown; empty: it is known
	Age        time.Duration         `json:"age_ns"`            // since capture; 0: never known
	TTL        time.Duration         `json:"ttl_ns"`
	Frame      uint64                `json:"frame_id"`
	Detections []detectors.Detection `json:"detections"`
}

// RuleView is one rule on one camera.
type RuleView struct {
	Event  string         `json:"event"`
	When   string         `json:"when"`
	Status rules.Status   `json:"status"`
	For    time.Duration  `json:"for_ns"`
	Clause []rules.Clause `json:"clauses"`
}

// SlotsView is how the slots for local detectors stand.
type SlotsView struct {
	Size    int    `json:"size"`
	Busy    int    `json:"busy"`
	Waiting int    `json:"waiting"`
	Revoked uint64 `json:"revoked"` // taken from stuck detectors
	Policy  string `json:"policy"`
}

// QueueView is one bounded hand-off.
type QueueView struct {
	Name     string  `json:"name"`
	Depth    int     `json:"depth"`
	Capacity int     `json:"capacity"`
	Drops    []Count `json:"drops"` // by reason
}

// SinkView is one receiver of events.
type SinkView struct {
	Name     string `json:"name"`
	State    string `json:"state"` // "ok" or "degraded"
	Reason   string `json:"reason"`
	Written  uint64 `json:"written"`
	Dropped  uint64 `json:"dropped"`
	Failures uint64 `json:"failures"` // writes that failed
	Depth    int    `json:"depth"`
	Capacity int    `json:"capacity"`
}

// LogView is how the log stands.
type LogView struct {
	Errors   uint64 `json:"errors"` // lines at level error, since the start
	Warnings uint64 `json:"warnings"`
}
