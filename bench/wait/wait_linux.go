// Package wait waits until exact instants.
package wait

import (
	goruntime "runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Alarm wakes its goroutine at exact instants. Go's own timers oversleep by up to
// a millisecond; the kernel's, on a thread without slack, by some 10 to 60 µs,
// which the alarm spends looking at the clock instead. It belongs to one
// goroutine, which it ties to its thread until end.
type Alarm struct {
	zero time.Time // with a monotonic reading, taken together with mono
	mono int64     // CLOCK_MONOTONIC then, in nanoseconds
}

// ahead is how long before the instant the kernel is to wake the thread.
const ahead = 40 * time.Microsecond

// NewAlarm returns an Alarm for the calling goroutine.
func NewAlarm() *Alarm {
	goruntime.LockOSThread()
	// Where the kernel refuses, its usual slack of 50 µs stays: seen in how late
	// frames were.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	a := &Alarm{zero: time.Now()}
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err == nil {
		a.mono = ts.Nano()
	}
	return a
}

// Until returns at the given instant, or at once when it has passed.
func (a *Alarm) Until(at time.Time) {
	if time.Until(at) > ahead {
		ts := unix.NsecToTimespec(a.mono + int64(at.Sub(a.zero)-ahead))
		for unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &ts, nil) == unix.EINTR {
			continue // a signal of Go's own; the instant is the same
		}
	}
	for time.Until(at) > 0 {
		continue
	}
}

// End releases the thread.
func (a *Alarm) End() {
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) // 0: the process's own
	goruntime.UnlockOSThread()
}

// Nap waits in the kernel, on whatever thread the caller has, and looks at the
// clock for the last stretch.
func Nap(d time.Duration) {
	at := time.Now().Add(d)
	if rest := d - 2*ahead; rest > 0 {
		ts := unix.NsecToTimespec(int64(rest))
		for unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &ts, &ts) == unix.EINTR {
			continue
		}
	}
	for time.Until(at) > 0 {
		continue
	}
}
