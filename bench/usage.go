package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// usage is the resource usage of the machine and of this process so far.
type usage struct {
	at      time.Time
	own     time.Duration // CPU time of this process and its ended children
	machine machineTime
	known   bool // whether machine is known
	rss     uint64
}

// machineTime is the time of all cores in /proc/stat, in clock ticks.
type machineTime struct{ busy, idle, steal uint64 }

// clockTick is the unit of /proc/stat, a constant of Linux's user-space ABI.
const clockTick = time.Second / 100

func readUsage() usage {
	u := usage{at: time.Now()}
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var r syscall.Rusage
		if err := syscall.Getrusage(who, &r); err == nil {
			u.own += time.Duration(r.Utime.Nano() + r.Stime.Nano())
		}
	}
	if text, err := os.ReadFile("/proc/stat"); err == nil {
		u.machine, u.known = parseStat(string(text))
	}
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if f := strings.Fields(string(text)); len(f) > 1 {
			if pages, err := strconv.ParseUint(f[1], 10, 64); err == nil {
				u.rss = pages * uint64(os.Getpagesize())
			}
		}
	}
	return u
}

// parseStat parses the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq,
// steal. Later fields are included in these.
func parseStat(text string) (machineTime, bool) {
	line, _, _ := strings.Cut(text, "\n")
	f := strings.Fields(line)
	if len(f) < 9 || f[0] != "cpu" {
		return machineTime{}, false
	}
	var v [8]uint64
	for i := range v {
		n, err := strconv.ParseUint(f[i+1], 10, 64)
		if err != nil {
			return machineTime{}, false
		}
		v[i] = n
	}
	return machineTime{busy: v[0] + v[1] + v[2] + v[5] + v[6], idle: v[3] + v[4], steal: v[7]}, true
}

// Load is the load of the machine while a run was measured.
type Load struct {
	Known   bool    `json:"known"`   // false: the system does not report shares
	Steal   float64 `json:"steal"`   // share of the machine's time taken by its host
	Foreign float64 `json:"foreign"` // share used by other processes
	CPU     float64 `json:"cpu"`     // cores that the harness used, on average
	RSS     uint64  `json:"rss"`     // bytes resident at the end
	Average float64 `json:"average"` // load average of the last minute, at the end
}

// Limits of a quiet machine.
const (
	maxSteal   = 0.01
	maxForeign = 0.10
)

// Noisy reports whether other processes or the host used so much of the machine that they may have
// distorted the results.
func (l Load) Noisy() bool { return l.Steal > maxSteal || l.Foreign > maxForeign }

// String formats steal and the use by other processes.
func (l Load) String() string {
	if !l.Known {
		return "unknown"
	}
	return fmt.Sprintf("steal %.1f %%, other processes %.1f %%", 100*l.Steal, 100*l.Foreign)
}

// loadBetween returns the load between two measurements.
func loadBetween(a, b usage) Load {
	l := Load{RSS: b.rss, Average: loadAverage()}
	wall := b.at.Sub(a.at)
	if wall <= 0 {
		return l
	}
	l.CPU = (b.own - a.own).Seconds() / wall.Seconds()
	busy, idle, steal := b.machine.busy-a.machine.busy, b.machine.idle-a.machine.idle, b.machine.steal-a.machine.steal
	total := busy + idle + steal
	if !a.known || !b.known || total == 0 {
		return l
	}
	l.Known = true
	l.Steal = float64(steal) / float64(total)
	foreign := time.Duration(busy)*clockTick - (b.own - a.own)
	l.Foreign = max(0, foreign.Seconds()) / (time.Duration(total) * clockTick).Seconds()
	return l
}

// loadAverage returns the load average of the last minute; 0 if unknown.
func loadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(text))
	if len(f) == 0 {
		return 0
	}
	v, err := strconv.ParseFloat(f[0], 64)
	if err != nil {
		return 0
	}
	return v
}
