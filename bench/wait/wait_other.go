//go:build !linux

package wait

import "time"

// Alarm wakes its goroutine at instants, as exactly as Go's timers and a look at
// the clock allow. It belongs to one goroutine.
type Alarm struct{}

// ahead is how far Go's timers may oversleep.
const ahead = 1200 * time.Microsecond

// NewAlarm returns an Alarm for the calling goroutine.
func NewAlarm() *Alarm { return &Alarm{} }

// Until returns at the given instant, or at once when it has passed.
func (a *Alarm) Until(at time.Time) { Nap(time.Until(at)) }

// End releases the goroutine.
func (a *Alarm) End() {}

// Nap waits, and looks at the clock for the last stretch.
func Nap(d time.Duration) {
	at := time.Now().Add(d)
	if d > ahead {
		time.Sleep(d - ahead)
	}
	for time.Until(at) > 0 {
		continue
	}
}
