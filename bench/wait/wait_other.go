//go:build !linux

package wait

import "time"

// Alarm wakes its goroutine at given times, with Go's timers and by polling the clock. One goroutine
// uses it.
type Alarm struct{}

// ahead is how long Go's timers may oversleep.
const ahead = 1200 * time.Microsecond

// NewAlarm returns an Alarm for the calling goroutine.
func NewAlarm() *Alarm { return &Alarm{} }

// Until returns at the given time, or at once if it has passed.
func (a *Alarm) Until(at time.Time) { Nap(time.Until(at)) }

// End does nothing on this system.
func (a *Alarm) End() {}

// Nap sleeps, then polls the clock until d has passed.
func Nap(d time.Duration) {
	at := time.Now().Add(d)
	if d > ahead {
		time.Sleep(d - ahead)
	}
	for time.Until(at) > 0 {
		continue
	}
}
