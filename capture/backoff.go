package capture

import "time"

const (
	retryFirst = 500 * time.Millisecond
	retryLast  = 3 * time.Second
	retrySlow  = 30 * time.Second // after a failure that waiting seldom heals
	jitter     = 0.2
)

// backoff gives the waits between openings of a source: half a second, doubling
// up to three, each with a jitter of 20 % either way.
type backoff struct {
	last   time.Duration
	random func() float64 // 0..1
}

func (b *backoff) reset() { b.last = 0 }

func (b *backoff) next() time.Duration {
	b.last = min(max(2*b.last, retryFirst), retryLast)
	return b.spread(b.last)
}

// slow returns the wait after a failure that waiting seldom heals.
func (b *backoff) slow() time.Duration { return b.spread(retrySlow) }

func (b *backoff) spread(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (1 + jitter*(2*b.random()-1)))
}
