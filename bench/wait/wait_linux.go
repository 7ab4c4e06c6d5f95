// Package wait waits with microsecond precision, by a combination of kernel timers and polling.
package wait

import (
	goruntime "runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Alarm wakes its goroutine at exact times. Go's timers oversleep by up to a millisecond; kernel
// timers on a thread without timer slack by 10 to 60 µs. So Alarm sleeps in the kernel until shortly
// before the time and then polls the clock. It locks its goroutine to its thread until End.
type Alarm struct {
	zero time.Time // with a monotonic reading, taken together with mono
	mono int64     // CLOCK_MONOTONIC then, in nanoseconds
}

// ahead is how long before the time the kernel should wake the thread.
const ahead = 40 * time.Microsecond

// NewAlarm returns an Alarm for the calling goroutine.
func NewAlarm() *Alarm {
	goruntime.LockOSThread()
	// If the kernel refuses, the default slack of 50 µs stays, which shows in the delays of
	// frames.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	a := &Alarm{zero: time.Now()}
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err == nil {
		a.mono = ts.Nano()
	}
	return a
}

// Until returns at the given time, or at once if it has passed.
func (a *Alarm) Until(at time.Time) {
	if time.Until(at) > ahead {
		ts := unix.NsecToTimespec(a.mono + int64(at.Sub(a.zero)-ahead))
		for unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &ts, nil) == unix.EINTR {
			continue // interrupted by a signal of the Go runtime
		}
	}
	for time.Until(at) > 0 {
		continue
	}
}

// End unlocks the goroutine from its thread.
func (a *Alarm) End() {
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) // 0: the default of the process
	goruntime.UnlockOSThread()
}

// Nap sleeps in the kernel on the current thread, then polls the clock until d has passed.
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
