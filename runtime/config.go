package runtime

import (
	goruntime "runtime"
	"strings"
)

// Config is the [runtime] section of the configuration.
type Config struct {
	// Slots is how many local detectors, of all cameras, compute at a time. 0:
	// one per core.
	Slots int `toml:"slots"`
	// Nice is the priority of detector and encoder threads, 0 to 19; with 19 every
	// other thread of the machine goes first.
	Nice int `toml:"nice"`
	// OpenCVThreads is how many threads OpenCV itself uses for one call. 0: its
	// own choice, which on a small box can starve the live path.
	OpenCVThreads int `toml:"opencv_threads"`
	// ONNXThreads is how many threads one model of ONNX Runtime uses. 0: one for
	// each core.
	ONNXThreads int `toml:"onnx_threads"`
	// ONNXRuntime is the path of ONNX Runtime's library. Empty: beside the
	// program, and where the system has libraries.
	ONNXRuntime string `toml:"onnxruntime"`
	// SnapshotRate is how many snapshots a second are published for dashboards.
	SnapshotRate float64 `toml:"snapshot_rate"`
	// Policy orders detectors that wait for a slot: "deadline", "fifo" or "cost".
	Policy string `toml:"policy"`
	// MaxErrors is how many errors in a row make a detector failed.
	MaxErrors int `toml:"max_errors"`
	// Watch makes the program read its configuration again whenever the file
	// changes.
	Watch bool `toml:"watch"`
}

// DefaultConfig returns the default values.
func DefaultConfig() Config {
	return Config{Nice: 19, OpenCVThreads: 1, ONNXThreads: 1, SnapshotRate: 10, Policy: "deadline", MaxErrors: 5}
}

// Validate reports every invalid key.
func (c Config) Validate(bad func(key, problem string)) {
	if c.Slots < 0 || c.Slots > 1024 {
		bad("slots", "must be 0 (one per core) to 1024")
	}
	if c.Nice < 0 || c.Nice > 19 {
		bad("nice", "must be 0 to 19")
	}
	if c.OpenCVThreads < 0 || c.OpenCVThreads > 256 {
		bad("opencv_threads", "must be 0 (OpenCV's own choice) to 256")
	}
	if c.ONNXThreads < 0 || c.ONNXThreads > 256 {
		bad("onnx_threads", "must be 0 (one for each core) to 256")
	}
	if !(c.SnapshotRate >= 0.1 && c.SnapshotRate <= 60) {
		bad("snapshot_rate", "must be 0.1 to 60 a second")
	}
	if policies[c.Policy] == nil {
		bad("policy", "must be one of "+strings.Join(PolicyNames(), ", "))
	}
	if c.MaxErrors < 1 || c.MaxErrors > 1000 {
		bad("max_errors", "must be 1 to 1000")
	}
}

func (c Config) slots() int {
	if c.Slots > 0 {
		return c.Slots
	}
	return goruntime.NumCPU()
}

// Threads returns how many threads Go code should be allowed to run on at once
// (GOMAXPROCS): with one for every core and every slot and two to spare, a
// frame finds a thread at once even while all slots compute.
func (c Config) Threads() int { return goruntime.NumCPU() + c.slots() + 2 }
