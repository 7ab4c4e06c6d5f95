package testkit

import (
	"context"
	"errors"
	"sync"
	"time"

	"rvo-tui/capture"
)

// Script is what a scripted detector does in one call: it returns the value of
// its signal, or an error. It may be called from several goroutines at a time, one
// for each camera.
type Script func(ctx context.Context, c Call) (float64, error)

// ErrScripted is the error of Fail, FailAfter and FailFrames.
var ErrScripted = errors.New("scripted failure")

// Always answers with one value.
func Always(value float64) Script {
	return func(context.Context, Call) (float64, error) { return value, nil }
}

// ByRun answers the first run with the first value, and so on; the last value
// stays.
func ByRun(values ...float64) Script {
	return func(_ context.Context, c Call) (float64, error) { return at(values, c.Run-1), nil }
}

// ByFrame answers the frame of ID 1 with the first value, and so on; the last
// value stays.
func ByFrame(values ...float64) Script {
	return func(_ context.Context, c Call) (float64, error) { return at(values, int(c.Frame)-1), nil }
}

func at(values []float64, i int) float64 { return values[min(i, len(values)-1)] }

// Latency answers as then does, after a while. The context ends the wait, and its
// error is then the answer.
func Latency(d time.Duration, then Script) Script {
	return func(ctx context.Context, c Call) (float64, error) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return then(ctx, c)
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// Deaf is Latency that no context ends.
func Deaf(d time.Duration, then Script) Script {
	return func(_ context.Context, c Call) (float64, error) {
		<-time.After(d)
		return then(context.Background(), c)
	}
}

// Fail always fails.
func Fail() Script { return FailAfter(0, nil) }

// FailAfter answers as then does in the first n runs, and fails from there on.
func FailAfter(n int, then Script) Script {
	return func(ctx context.Context, c Call) (float64, error) {
		if c.Run > n {
			return 0, ErrScripted
		}
		return then(ctx, c)
	}
}

// FailFrames fails on the frames from one ID to another, and answers as then does
// on all others.
func FailFrames(from, to uint64, then Script) Script {
	return func(ctx context.Context, c Call) (float64, error) {
		if c.Frame >= from && c.Frame <= to {
			return 0, ErrScripted
		}
		return then(ctx, c)
	}
}

// PanicOn panics in one run, and answers as then does in all others.
func PanicOn(run int, then Script) Script {
	return func(ctx context.Context, c Call) (float64, error) {
		if c.Run == run {
			panic("scripted panic")
		}
		return then(ctx, c)
	}
}

// Hang makes runs hang, whatever their context says, until they are let go.
// Who makes one must call Release before the end, also when a test fails.
type Hang struct {
	once sync.Once
	free chan struct{}
}

// NewHang returns one that holds.
func NewHang() *Hang { return &Hang{free: make(chan struct{})} }

// Release lets all runs go that hang, and those to come. Further calls do nothing.
func (h *Hang) Release() { h.once.Do(func() { close(h.free) }) }

// On hangs in one run, and answers as then does in all others and once released.
func (h *Hang) On(run int, then Script) Script {
	return func(ctx context.Context, c Call) (float64, error) {
		if c.Run == run {
			<-h.free
		}
		return then(ctx, c)
	}
}

// Hoard keeps frames: a consumer that is behind. It is safe for concurrent use.
type Hoard struct {
	mu     sync.Mutex // guards what follows
	frames []*capture.Frame
	open   bool
}

// Script answers as then does, and keeps every frame until Release.
func (h *Hoard) Script(then Script) Script {
	return func(ctx context.Context, c Call) (float64, error) {
		h.mu.Lock()
		if !h.open && c.Picture.TryRetain() {
			h.frames = append(h.frames, c.Picture)
		}
		h.mu.Unlock()
		return then(ctx, c)
	}
}

// Release gives all frames back; later ones are not kept. It returns how many
// there were.
func (h *Hoard) Release() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := len(h.frames)
	for _, f := range h.frames {
		f.Release()
	}
	h.frames, h.open = nil, true
	return n
}
