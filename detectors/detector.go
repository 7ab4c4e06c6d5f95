package detectors

import (
	"context"
	"time"

	"rvo-tui/capture"
)

// A Detector looks at frames of one camera. One goroutine at a time calls it.
type Detector interface {
	// Detect looks at one frame and answers with what it found. The frame and
	// its pixels are the caller's: valid, and read-only, during the call alone.
	//
	// The answer has one Reading for each signal that was seen; a signal that
	// the detector provides and leaves out becomes 0. The slice may be reused by
	// the next call; the Detections in it are handed over and must not be
	// written to afterwards.
	//
	// An error makes every signal of the detector unknown. A panic counts as an
	// error. The context ends at the detector's timeout and when the detector is
	// detached; a detector that ignores it and overruns is held for stuck and
	// its answer is thrown away.
	Detect(ctx context.Context, frame *capture.Frame) ([]Reading, error)
	// Close frees what the detector holds. It is called once, after the last
	// Detect has returned.
	Close() error
}

// Reading is the part of an answer about one signal.
type Reading struct {
	Signal     string // one of Spec.Provides
	Value      float64
	Detections []Detection
	TTL        time.Duration // 0: Spec.TTL
}

// Cost is how expensive a detector is. It decides how long the detector backs off
// after overrunning its budget.
type Cost string

// The values of Cost.
const (
	CostLow    Cost = "low"    // never parked
	CostMedium Cost = "medium" // 100 ms
	CostHigh   Cost = "high"   // 500 ms
)

// Execution is where a detector runs.
type Execution string

// The values of Execution.
const (
	Worker Execution = "worker" // in a goroutine and thread of its own
	Inline Execution = "inline" // inside the engine's step, which then waits for it
)

// Isolation is how the program is protected from failures of a detector.
type Isolation string

// The values of Isolation.
const (
	NoIsolation      Isolation = "none"    // it runs within the program
	ProcessIsolation Isolation = "process" // it runs in a child process, shared by the cameras
)

// Spec is what the engine needs to know of a detector.
type Spec struct {
	Name      string        `json:"name"`
	Kind      string        `json:"kind"`
	MaxFPS    float64       `json:"max_fps"` // runs a second at most; above 0
	Cost      Cost          `json:"cost"`
	Needs     []string      `json:"needs"`    // conditions over signals; all must hold for the detector to run
	Provides  []string      `json:"provides"` // names of the signals it answers with
	TTL       time.Duration `json:"ttl_ns"`
	Timeout   time.Duration `json:"timeout_ns"` // of one Detect; past it the detector is stuck
	Execution Execution     `json:"execution"`
	Retry     Retry         `json:"retry"`
	Enabled   bool          `json:"enabled"`
	// Remote detectors compute elsewhere: they take no slot and no backoff.
	Remote bool `json:"remote"`
	// Endpoint is where a remote detector is computed; empty: it has none.
	Endpoint string `json:"endpoint"`
	// Batch is how many frames of several cameras it takes in one run, which take one
	// slot; 0 or 1: each has its own.
	Batch int `json:"max_batch,omitempty"`
	// CropsOf is the signal whose boxes it looks at, instead of whole frames; empty:
	// none. What it finds becomes attributes of these detections, and its own signals
	// are the sums over the boxes.
	CropsOf  string `json:"crops_of,omitempty"`
	MaxCrops int    `json:"max_crops,omitempty"` // boxes of one frame at most; above 0 with CropsOf
	// Anchor is the point of a box that decides in which zone it is.
	Anchor Anchor `json:"anchor,omitempty"`
	// Settings are further keys of its configuration, for people. They are not changed.
	Settings []Setting `json:"settings"`
	// Sieve is what its answers pass through; nil: none.
	Sieve *Sieve `json:"-"`
}

// Retry says whether a failed detector is tried again.
type Retry string

// The values of Retry.
const (
	RetryBackoff Retry = "backoff" // tried again, after a growing, jittered wait
	RetryNever   Retry = "never"   // stays failed until it is enabled by command
)

// DefaultTTL is how long a signal of a detector with this rate stays fresh
// by default: three of its periods, at least a second.
func DefaultTTL(maxFPS float64) time.Duration {
	return max(time.Second, time.Duration(3*float64(time.Second)/maxFPS))
}
