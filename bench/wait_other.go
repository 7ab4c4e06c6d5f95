//go:build !linux

package bench

import "time"

// alarm wakes its goroutine at instants, as exactly as Go's timers and a look at
// the clock allow. It belongs to one goroutine.
type alarm struct{}

// ahead is how far Go's timers may oversleep.
const ahead = 1200 * time.Microsecond

func newAlarm() *alarm { return &alarm{} }

// until returns at the given instant, or at once when it has passed.
func (a *alarm) until(at time.Time) { nap(time.Until(at)) }

func (a *alarm) end() {}

// nap waits, and looks at the clock for the last stretch.
func nap(d time.Duration) {
	at := time.Now().Add(d)
	if d > ahead {
		time.Sleep(d - ahead)
	}
	for time.Until(at) > 0 {
		continue
	}
}
