package backoff

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestWaitsDoubleUpToTheLimit(t *testing.T) {
	b := Backoff{First: time.Second, Last: 5 * time.Second}
	var waits []time.Duration
	for range 5 {
		waits = append(waits, b.Next())
	}
	b.Reset()
	waits = append(waits, b.Next())
	if want := []time.Duration{1e9, 2e9, 4e9, 5e9, 5e9, 1e9}; !slices.Equal(waits, want) {
		t.Errorf("waits %v, want %v", waits, want)
	}
}

func TestJitterStaysWithinItsShare(t *testing.T) {
	for _, c := range []struct {
		random float64
		want   time.Duration
	}{{0, 800 * time.Millisecond}, {0.5, time.Second}, {1, 1200 * time.Millisecond}} {
		b := Backoff{First: time.Second, Last: time.Minute, Jitter: 0.2, Random: func() float64 { return c.random }}
		if got := b.Next(); got != c.want {
			t.Errorf("random %v: wait %v, want %v", c.random, got, c.want)
		}
		if got := b.Next(); got != 2*c.want {
			t.Errorf("random %v: second wait %v, want %v: jitter must not add up", c.random, got, 2*c.want)
		}
	}
	b := Backoff{First: time.Second, Last: time.Second, Jitter: 0.2}
	seen := map[time.Duration]bool{}
	for range 100 {
		w := b.Next()
		if w < 800*time.Millisecond || w > 1200*time.Millisecond {
			t.Fatalf("wait %v", w)
		}
		seen[w] = true
	}
	if len(seen) < 50 {
		t.Errorf("%d different waits of 100", len(seen))
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Backoff{First: time.Second, Last: time.Minute}
		start := time.Now()
		if !b.Wait(t.Context()) || time.Since(start) != time.Second {
			t.Errorf("waited %v, want 1s", time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if b.Wait(ctx) || time.Since(start) != 2*time.Second {
			t.Errorf("waited until %v, want the context to end the wait at 2s", time.Since(start))
		}
	})
}
