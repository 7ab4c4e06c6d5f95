// Package backoff computes the delays between attempts: each twice as long as the one
// before, up to a limit, with jitter.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff is a sequence of delays. It belongs to one goroutine.
type Backoff struct {
	First, Last time.Duration  // first and longest delay; both above 0
	Jitter      float64        // share by which a delay varies either way, 0..1
	Random      func() float64 // 0..1; nil: math/rand
	wait        time.Duration  // last delay, without jitter; 0: none yet
}

// Next returns the next delay.
func (b *Backoff) Next() time.Duration {
	b.wait = min(max(2*b.wait, b.First), b.Last)
	return b.Spread(b.wait)
}

// Reset restarts the sequence with the first delay.
func (b *Backoff) Reset() { b.wait = 0 }

// Spread returns d with jitter.
func (b *Backoff) Spread(d time.Duration) time.Duration {
	if b.Jitter == 0 {
		return d
	}
	random := b.Random
	if random == nil {
		random = rand.Float64
	}
	return time.Duration(float64(d) * (1 + b.Jitter*(2*random()-1)))
}

// Wait sleeps for Next. It returns false if the context ends first.
func (b *Backoff) Wait(ctx context.Context) bool {
	timer := time.NewTimer(b.Next())
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
