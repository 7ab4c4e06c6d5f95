package fileio

import (
	"context"
	"sync/atomic"
	"time"
)

// Disk is a disk that may hang, as one reader sees it. The zero value is ready to use.
type Disk struct{ busy atomic.Bool }

// Within calls read in a goroutine of its own and returns its result. After HangAfter it
// returns ErrHangs, and read goes on until the disk answers; until then Within fails at
// once, so calls for one Disk must not overlap. It also fails when ctx ends.
func Within[T any](ctx context.Context, d *Disk, read func() (T, error)) (v T, err error) {
	if !d.busy.CompareAndSwap(false, true) {
		return v, ErrHangs
	}
	type result struct {
		v   T
		err error
	}
	out := make(chan result, 1)
	go func() { // ends when the disk answers
		v, err := read()
		d.busy.Store(false)
		out <- result{v, err}
	}()
	limit := time.NewTimer(HangAfter)
	defer limit.Stop()
	select {
	case r := <-out:
		return r.v, r.err
	case <-limit.C:
		return v, ErrHangs
	case <-ctx.Done():
		return v, ctx.Err()
	}
}
