package runtime

import (
	goruntime "runtime"
	"strings"
)

// Config is the [runtime] section of the configuration.
type Config struct {
	// Slots is the maximum number of local detectors, over all cameras, that compute at
	// the same time. 0: one per core.
	Slots int `toml:"slots"`
	// Nice is the nice value of detector and encoder threads, 0 to 19. At 19, all other
	// threads of the machine go first.
	Nice int `toml:"nice"`
	// OpenCVThreads is the number of threads of one OpenCV call. 0: OpenCV's own
	// choice, which can starve the live path on a small machine.
	OpenCVThreads int `toml:"opencv_threads"`
	// ONNXThreads is the number of threads of one model of ONNX Runtime. 0: one per
	// core.
	ONNXThreads int `toml:"onnx_threads"`
	// ONNXRuntime is the path of ONNX Runtime's library. Empty: search next to the
	// program and in the system's directories.
	ONNXRuntime string `toml:"onnxruntime"`
	// SnapshotRate is the number of snapshots published for dashboards per second.
	SnapshotRate float64 `toml:"snapshot_rate"`
	// Policy is the order in which waiting detectors get a slot: "deadline", "fifo" or
	// "cost".
	Policy string `toml:"policy"`
	// MaxErrors is the number of consecutive errors after which a detector is failed.
	MaxErrors int `toml:"max_errors"`
	// Watch reloads the configuration when the file changes.
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

// Threads returns the number of threads for Go code (GOMAXPROCS): one for every core
// and every slot and two more, so that a frame gets a thread at once even while all
// slots compute.
func (c Config) Threads() int { return goruntime.NumCPU() + c.slots() + 2 }
