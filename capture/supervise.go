package capture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"sync/atomic"
	"time"

	"rvo-tui/internal/text"
)

// errPaused ends a connection because of Pause.
var errPaused = errors.New("paused by command")

// errEnded ends a file without loop. It is not io.EOF, because opening a live source
// fails with that if the server closes the connection.
var errEnded = errors.New("the file has ended")

// stallError ends a connection that delivered no frame in time.
type stallError struct{ after time.Duration }

func (e *stallError) Error() string { return fmt.Sprintf("no frame for %v (stall_timeout)", e.after) }

// openError ends a connection that could not be opened.
type openError struct{ error }

func (e openError) Unwrap() error { return e.error }

// fileError ends reading a damaged file.
type fileError struct{ error }

func (e fileError) Unwrap() error { return e.error }

// connection is shared by the supervisor and the reader of one connection.
type connection struct {
	began    time.Time
	deadline atomic.Int64 // deadline for the next progress, since began
	opened   atomic.Bool
	holds    atomic.Bool   // keeps its position when paused, instead of closing
	flowed   atomic.Bool   // a frame has arrived
	sooner   chan struct{} // signals that the deadline has moved to an earlier time
}

func newConnection() *connection {
	return &connection{began: time.Now(), sooner: make(chan struct{}, 1)}
}

// expect sets the deadline for the next progress to d from now.
func (n *connection) expect(now time.Time, d time.Duration) {
	at := int64(now.Sub(n.began) + d)
	if n.deadline.Swap(at) <= at {
		return
	}
	select {
	case n.sooner <- struct{}{}:
	default:
	}
}

// expectNothing removes the deadline.
func (n *connection) expectNothing() { n.deadline.Store(math.MaxInt64) }

// left returns the time until the deadline.
func (n *connection) left() time.Duration {
	return time.Duration(n.deadline.Load()) - time.Since(n.began)
}

// supervise runs a reader on one connection until it ends, and returns why: the
// context's error, errEnded for a file that has ended, errPaused, or the failure. Its
// timers do not depend on the reader, which may hang in a source.
func (c *Camera) supervise(ctx context.Context, n *connection) error {
	readCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	n.expect(time.Now(), time.Duration(c.cfg.OpenTimeout))
	done := make(chan error, 1)
	go func() { done <- c.read(readCtx, n) }()

	timer := time.NewTimer(n.left())
	defer timer.Stop()
	var verdict error // why the connection was given up before its reader noticed
	giveUp := func(state State, err error) {
		verdict = err
		c.finish(state, c.reason(err))
		cancel()
		timer.Reset(abandonAfter)
	}
	wasPaused := false
	for {
		paused, changed := c.pauseState()
		if verdict == nil && paused != wasPaused {
			wasPaused = paused
			switch {
			case paused && n.holds.Load():
				c.enter(n, Paused, "paused by command")
			case paused:
				giveUp(Paused, errPaused)
			default:
				c.enter(n, Connecting, "")
				timer.Reset(n.left())
			}
		}
		select {
		case err := <-done:
			return c.judge(ctx, n, verdict, err)
		case <-ctx.Done():
			return c.abandon(ctx, n, done)
		case <-changed:
		case <-n.sooner:
			if verdict == nil {
				timer.Reset(n.left())
			}
		case <-timer.C:
			left := n.left()
			switch {
			case verdict != nil:
				// Report it once; keep waiting for as long as the source hangs.
				c.finish(c.Status().State, c.reason(verdict)+"; waiting for its connection, which hangs")
			case wasPaused:
			case left > 0:
				timer.Reset(left)
			case n.opened.Load():
				giveUp(Stalled, &stallError{time.Duration(c.cfg.StallTimeout)})
			default:
				c.count(&c.status.Failures)
				giveUp(Reconnecting, c.openTimeout())
			}
		}
	}
}

func (c *Camera) openTimeout() error {
	return openError{fmt.Errorf("no answer within %v (open_timeout): %w", c.cfg.OpenTimeout, os.ErrDeadlineExceeded)}
}

// judge returns why a connection ended whose reader returned err.
func (c *Camera) judge(ctx context.Context, n *connection, verdict, err error) error {
	stall := time.Duration(c.cfg.StallTimeout)
	switch {
	case verdict != nil:
		return verdict
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, new(openError)):
		c.count(&c.status.Failures)
	case n.opened.Load() && (errors.Is(err, os.ErrDeadlineExceeded) || n.left() <= stall/10):
		// The source's own timeout was slightly faster than ours.
		return &stallError{stall}
	}
	return err
}

// abandon waits for the reader after the context has ended, for at most abandonAfter.
func (c *Camera) abandon(ctx context.Context, n *connection, done <-chan error) error {
	timer := time.NewTimer(abandonAfter)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		doing := "opening"
		if n.opened.Load() {
			doing = "reading"
		}
		c.finish(c.Status().State, "abandoned while "+doing)
		c.log.Warn("abandoned a camera that hangs", "doing", doing, "source", text.Redact(c.cfg.Source), "after", abandonAfter)
	}
	return ctx.Err()
}

// reason formats an error for the user: one line, bounded, without the source's
// password, whatever the driver's text contains.
func (c *Camera) reason(err error) string {
	return text.CleanTo(text.Hide(err.Error(), c.cfg.Source), 500)
}
