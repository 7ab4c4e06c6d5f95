package bench

import (
	"os"
	goruntime "runtime"
	"strings"
	"time"
)

// Environment describes the machine, the build and the settings of a set of results.
type Environment struct {
	Date       time.Time `json:"date"`
	CPU        string    `json:"cpu"`
	Cores      int       `json:"cores"`
	System     string    `json:"system"`
	Kernel     string    `json:"kernel"`
	Governor   string    `json:"governor"` // of the first core; empty: unknown
	Go         string    `json:"go"`
	OpenCV     string    `json:"opencv"` // empty: built without
	Revision   string    `json:"revision"`
	Threads    int       `json:"gomaxprocs"`
	Scheduling string    `json:"scheduling"` // policy and priority of the process; empty: unknown
	Load       float64   `json:"load"`       // load average of the last minute, before the first run
	Duration   float64   `json:"duration_secs"`
	Warmup     float64   `json:"warmup_secs"`
	Runs       int       `json:"runs"`
	Width      int       `json:"width"`
	Height     int       `json:"height"`
	Seed       uint64    `json:"seed"`
	SampleSecs float64   `json:"sample_secs"`
}

func newEnvironment(o Options) Environment {
	return Environment{
		Date: time.Now().UTC().Truncate(time.Second), CPU: cpuModel(readText("/proc/cpuinfo")), Cores: goruntime.NumCPU(),
		System: goruntime.GOOS + "/" + goruntime.GOARCH, Kernel: readText("/proc/sys/kernel/osrelease"),
		Governor: readText("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
		Go:       goruntime.Version(), OpenCV: o.OpenCV, Revision: o.Revision, Threads: threads(), Load: loadAverage(),
		Scheduling: scheduling(readText("/proc/self/stat")),
		Duration:   o.Duration.Seconds(), Warmup: o.Warmup.Seconds(), Runs: o.Runs, Width: o.Width, Height: o.Height, Seed: o.Seed,
		SampleSecs: o.Sample.Seconds(),
	}
}

// readText returns the content of a small system file; empty if it cannot be read.
func readText(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// scheduling parses /proc/PID/stat and returns the scheduling of the process, such as "other, nice 0"
// or, for real-time policies, "rr, priority 10".
func scheduling(stat string) string {
	// The name, in parentheses, may contain anything; the third field follows it.
	f := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	const nice, priority, policy = 19 - 3, 40 - 3, 41 - 3
	if len(f) <= policy {
		return ""
	}
	name, known := map[string]string{"0": "other", "1": "fifo", "2": "rr", "3": "batch", "5": "idle", "6": "deadline"}[f[policy]]
	switch {
	case !known:
		return ""
	case name == "fifo" || name == "rr":
		return name + ", priority " + f[priority]
	}
	return name + ", nice " + f[nice]
}

// cpuModel returns the first processor's name in /proc/cpuinfo.
func cpuModel(text string) string {
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
