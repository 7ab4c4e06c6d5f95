package testkit

import (
	"context"
	"errors"
	"sync"
	"time"

	"rvo-tui/capture"
)

// Script is the Detect function of a scripted detector: it returns the value of the
// signal or an error. It is called concurrently, once at a time for each camera.
type Script func(ctx context.Context, c Call) (float64, error)

// ErrScripted is the error of Fail, FailAfter and FailFrames.
var ErrScripted = errors.New("scripted failure")

// Always answers with one value.
func Always(value float64) Script {
	return func(context.Context, Call) (float64, error) { return value, nil }
}

// ByRun answers run N with value N; the last value repeats.
func ByRun(values ...float64) Script {
	return func(_ context.Context, c Call) (float64, error) { return at(values, c.Run-1), nil }
}

// ByFrame answers the frame of ID N with value N; the last value repeats.
func ByFrame(values ...float64) Script {
	return func(_ context.Context, c Call) (float64, error) { return at(values, int(c.Frame)-1), nil }
}

func at(values []float64, i int) float64 { return values[min(i, len(values)-1)] }

// Latency answers as then does, after a delay. When the context ends first, its error
// is the answer.
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

// FailAfter answers as then does in the first n runs and fails afterwards.
func FailAfter(n int, then Script) Script {
	return func(ctx context.Context, c Call) (float64, error) {
		if c.Run > n {
			return 0, ErrScripted
		}
		return then(ctx, c)
	}
}

// FailFrames fails on the frames with IDs from..to and answers as then does on others.
func FailFrames(from, to uint64, then Script) Script {
	return func(ctx context.Context, c Call) (float64, error) {
		if c.Frame >= from && c.Frame <= to {
			return 0, ErrScripted
		}
		return then(ctx, c)
	}
}

// PanicOn panics in one run and answers as then does in others.
func PanicOn(run int, then Script) Script {
	return func(ctx context.Context, c Call) (float64, error) {
		if c.Run == run {
			panic("scripted panic")
		}
		return then(ctx, c)
	}
}

// Hang makes runs hang until Release, whatever their context says. A test must call
// Release also when it fails.
type Hang struct {
	once sync.Once
	free chan struct{}
}

// NewHang returns a Hang.
func NewHang() *Hang { return &Hang{free: make(chan struct{})} }

// Release ends all hangs, now and in future. Further calls do nothing.
func (h *Hang) Release() { h.once.Do(func() { close(h.free) }) }

// On hangs in one run, until Release, and answers as then does.
func (h *Hang) On(run int, then Script) Script {
	return func(ctx context.Context, c Call) (float64, error) {
		if c.Run == run {
			<-h.free
		}
		return then(ctx, c)
	}
}

// Holder retains frames, as a consumer that is behind. It is safe for concurrent use.
type Holder struct {
	mu     sync.Mutex // guards what follows
	frames []*capture.Frame
	open   bool
}

// Script answers as then does and retains every frame until Release.
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

// Release releases all frames and retains no further ones. It returns how many there
// were.
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
