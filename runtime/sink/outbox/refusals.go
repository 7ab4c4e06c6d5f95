package outbox

import "time"

// refusalsEvery is the minimum time between two log lines about the same change.
const refusalsEvery = time.Hour

// refusals limits the log lines about refused messages: one at the beginning, one at the
// end, and one an hour. It belongs to the goroutine of its worker.
type refusals struct {
	n            int  // not logged yet
	last         bool // the last message was refused
	began, ended time.Time
}

// refused counts a refused message. It returns how many to log now; 0: none.
func (r *refusals) refused(now time.Time) int {
	r.last = true
	r.n++
	return r.take(&r.began, now)
}

// accepted notes an accepted message. It returns how many refused ones to log now; 0:
// none.
func (r *refusals) accepted(now time.Time) int {
	if !r.last {
		return 0
	}
	r.last = false
	return r.take(&r.ended, now)
}

// take returns the count and resets it, unless there was a line within refusalsEvery.
func (r *refusals) take(logged *time.Time, now time.Time) (n int) {
	if r.n == 0 || !logged.IsZero() && now.Sub(*logged) < refusalsEvery {
		return 0
	}
	n, r.n, *logged = r.n, 0, now
	return n
}
