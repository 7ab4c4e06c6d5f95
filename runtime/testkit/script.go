package testkit

import (
	"context"
	"errors"
	"sync"
	"time"

	"rvo-tui/capture"
)

// Script is the Detect function of a scripted detector: it returns the value of the
// signal or an error. It is called concurrently for different cameras, but not for the
// same camera.
type Script func(ctx context.Context, c Call) (float64, error)

// ErrScripted is the error of Fail, FailAfter and FailFrames.
var ErrScripted = errors.New("scripted failure")

// Always returns the same value.
func Always(value float64) Script {
	return func(context.Context, Call) (float64, error) { return value, nil }
}

// ByRun returns value N for run N; the last value repeats.
func ByRun(values ...float64) Script {
	return func(_ context.Context, c Call) (float64, error) { return at(values, c.Run-1), nil }
}

// ByFrame returns value N for frame ID N; the last value repeats.
func ByFrame(values ...float64) Script {
	return func(_ context.Context, c Call) (float64, error) { return at(values, int(c.Frame)-1), nil }
}

func at(values []float64, i int) float64 { return values[min(i, len(values)-1)] }

// Latency delays the result of then. If the context ends first, it returns the
// context's error.
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

// IgnoreContext is Latency that ignores the context.
func IgnoreContext(d time.Duration, then Script) Script {
	return func(_ context.Context, c Call) (float64, error) {
		<-time.After(d)
		return then(context.Background(), c)
	}
}

// Fail always fails.
func Fail() Script { return FailAfter(0, nil) }

// FailAfter runs then in the first n runs and fails afterwards.
func FailAfter(n int, then Script) Script {
	return func(ctx context.Context, c Call) (float64, error) {
		if c.Run > n {
			return 0, ErrScripted
		}
		return then(ctx, c)
	}
}

// FailFrames fails on the frames with IDs from..to and otherwise runs then.
func FailFrames(from, to uint64, then Script) Script {
	return func(ctx context.Context, c Call) (float64, error) {
		if c.Frame >= from && c.Frame <= to {
			return 0, ErrScripted
		}
		return then(ctx, c)
	}
}

// PanicOn panics in one run and otherwise runs then.
func PanicOn(run int, then Script) Script {
	return func(ctx context.Context, c Call) (float64, error) {
		if c.Run == run {
			panic("scripted panic")
		}
		return then(ctx, c)
	}
}

// Hang makes runs hang until Release, ignoring their context. A test must call Release
// even when it fails.
type Hang struct {
	once sync.Once
	free chan struct{}
}

// NewHang returns a Hang.
func NewHang() *Hang { return &Hang{free: make(chan struct{})} }

// Release ends all current and future hangs. Further calls do nothing.
func (h *Hang) Release() { h.once.Do(func() { close(h.free) }) }

// On hangs in one run until Release, then runs then.
func (h *Hang) On(run int, then Script) Script {
	return func(ctx context.Context, c Call) (float64, error) {
		if c.Run == run {
			<-h.free
		}
		return then(ctx, c)
	}
}

// Holder retains frames, like a consumer that is behind. It is safe for concurrent use.
type Holder struct {
	mu     sync.Mutex // guards the fields below
	frames []*capture.Frame
	open   bool
}

// Script runs then and retains every frame until Release.
func (h *Holder) Script(then Script) Script {
	return func(ctx context.Context, c Call) (float64, error) {
		h.mu.Lock()
		if !h.open && c.Image.TryRetain() {
			h.frames = append(h.frames, c.Image)
		}
		h.mu.Unlock()
		return then(ctx, c)
	}
}

// Release releases all frames and retains no more. It returns how many there were.
func (h *Holder) Release() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := len(h.frames)
	for _, f := range h.frames {
		f.Release()
	}
	h.frames, h.open = nil, true
	return n
}
