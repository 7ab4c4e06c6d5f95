package detectors

import (
	"context"
	"time"

	"rvo-tui/capture"
)

// A Detector processes frames of one camera. It is called by one goroutine at a time.
type Detector interface {
	// Detect processes one frame and returns what it found. The frame and its pixels
	// belong to the caller: they are read-only, and valid only during the call.
	//
	// The result has one Reading for each signal that was seen. Signals of the detector
	// that are left out become 0. The slice may be reused by the next call. The
	// Detections in it are handed over and must not be modified afterwards.
	//
	// An error makes all signals of the detector unknown. A panic counts as an error.
	// The context ends at the detector's timeout and when the detector is detached. A
	// detector that ignores it and overruns is considered stuck, and its result is
	// discarded.
	Detect(ctx context.Context, frame *capture.Frame) ([]Reading, error)
	// Close frees the detector's resources. It is called once, after the last Detect
	// has returned.
	Close() error
}

// Reading is the part of a result for one signal.
type Reading struct {
	Signal     string // one of Spec.Provides
	Value      float64
	Detections []Detection
	TTL        time.Duration // 0: Spec.TTL
}

// Cost is how expensive a detector is. It determines how long the detector backs off
// after exceeding its time budget.
type Cost string

// The values of Cost.
const (
	CostLow    Cost = "low"    // no backoff
	CostMedium Cost = "medium" // 100 ms
	CostHigh   Cost = "high"   // 500 ms
)

// Execution is where a detector runs.
type Execution string

// The values of Execution.
const (
	Worker Execution = "worker" // in its own goroutine and thread
	Inline Execution = "inline" // within the engine's step, which waits for it
)

// Isolation is how the program is protected from failures of a detector.
type Isolation string

// The values of Isolation.
const (
	NoIsolation      Isolation = "none"    // runs in this process
	ProcessIsolation Isolation = "process" // runs in a child process, shared by the cameras
)

// Spec is the engine's description of a detector.
type Spec struct {
	Name      string        `json:"name"`
	Kind      string        `json:"kind"`
	MaxFPS    float64       `json:"max_fps"` // maximum runs per second; above 0
	Cost      Cost          `json:"cost"`
	Needs     []string      `json:"needs"`    // conditions over signals that must all hold for the detector to run
	Provides  []string      `json:"provides"` // names of its signals
	TTL       time.Duration `json:"ttl_ns"`
	FixedTTL  bool          `json:"-"`          // for the engine: TTL is configured; else it follows MaxFPS
	Timeout   time.Duration `json:"timeout_ns"` // of one Detect; after it the detector is stuck
	Execution Execution     `json:"execution"`
	Retry     Retry         `json:"retry"`
	Enabled   bool          `json:"enabled"`
	// Remote detectors compute elsewhere. They use no slot and have no backoff.
	Remote bool `json:"remote"`
	// Endpoint is the address of a remote detector; empty: it has none.
	Endpoint string `json:"endpoint"`
	// Batch is the maximum number of frames, from several cameras, processed in one
	// run, which takes one slot. 0 or 1: each frame is a run of its own.
	Batch int `json:"max_batch,omitempty"`
	// CropsOf is the signal whose boxes are processed instead of whole frames; empty:
	// none. Results become attributes of these detections. The detector's own signals
	// are the sums over the boxes.
	CropsOf  string `json:"crops_of,omitempty"`
	MaxCrops int    `json:"max_crops,omitempty"` // maximum boxes per frame; above 0 with CropsOf
	// Anchor is the point of a box that decides which zone it is in.
	Anchor Anchor `json:"anchor,omitempty"`
	// Settings are other keys of its configuration, for display. They are immutable.
	Settings []Setting `json:"settings"`
	// Sieve filters its results; nil: no filter.
	Sieve *Sieve `json:"-"`
}

// Retry says whether a failed detector is retried.
type Retry string

// The values of Retry.
const (
	RetryBackoff Retry = "backoff" // retried after a growing, jittered delay
	RetryNever   Retry = "never"   // stays failed until it is enabled by command
)

// TooShort reports whether a TTL is shorter than the time between two runs, so that the
// signals would be unknown in between.
func TooShort(ttl time.Duration, maxFPS float64) bool { return ttl.Seconds()*maxFPS < 1 }

// DefaultTTL returns the default TTL of a detector's signals: three of its periods, at
// least one second.
func DefaultTTL(maxFPS float64) time.Duration {
	return max(time.Second, time.Duration(3*float64(time.Second)/maxFPS))
}
