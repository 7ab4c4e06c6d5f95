package capture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"rvo-tui/internal/backoff"
	"rvo-tui/internal/text"
)

// abandonAfter is how long Run waits for a reader that hangs in its source after the
// context ended.
const abandonAfter = 2 * time.Second

// NextAttempt begins the note that follows the reason of a refused login in Status: when
// it is tried again.
const NextAttempt = " (next attempt in "

// Delays between attempts to open a source.
const (
	retryFirst  = 500 * time.Millisecond
	retryLast   = 3 * time.Second
	retryJitter = 0.2
	retrySlow   = 30 * time.Second // after a failure that rarely goes away by itself
	retryLogin  = 5 * time.Minute  // the maximum after refused logins, which lock accounts
)

// Camera keeps one source running: it opens and reads it, detects when no frames
// arrive, and reopens it.
//
//	Connecting ──> Live ──> Stalled ─┐      Paused: by command, from anywhere
//	     │          ^ │              │      Ended:  a file without loop
//	     │          │ └─> Reconnecting <┐
//	     │          └────────┘ │        │
//	     └─────────────────────┴─> Failed (retried slowly)
//
// The delay between attempts doubles from 0.5 s to 3 s, with 20 % jitter, and is reset
// by a frame. After an error that rarely goes away by itself it is 30 s. While a login
// is refused it doubles from there to 5 min, because cameras lock an account after too
// many attempts. Resume tries at once. A changed configuration makes a new Camera,
// which also tries at once. A camera is Live from its first frame. Stalled lasts until
// the next attempt begins.
//
// All methods except Run are safe for concurrent use.
type Camera struct {
	cfg     Config
	open    func(context.Context, Config) (Connection, error)
	pool    *Pool
	publish func(*Frame)
	log     Logger
	random  func() float64

	decoders DecoderOpener // nil: no decoders
	sink     PacketSink    // nil: packets are not kept
	demand   atomic.Pointer[Demand]

	// Owned by the reader, of which there is only one at a time.
	id      uint64
	limiter limiter
	veil    atomic.Pointer[Veil] // nil: none

	mu           sync.Mutex // guards the fields below
	status       Status
	meter        meter
	received     throughput    // of video packets
	conn         *connection   // the connection that may set the state to Live
	paused       bool          // by command
	pauseChanged chan struct{} // closed and replaced by each Pause and Resume
}

// Logger is the part of slog.Logger that Camera uses.
type Logger interface {
	Debug(msg string, args ...any)
	Info(msg string, args ...any)
	Warn(msg string, args ...any)
	Error(msg string, args ...any)
}

// NewCamera returns a camera that does nothing until Run. It opens sources with open
// (usually Drivers.Open). Pixels come from pool, which the caller keeps.
//
// The caller should attach the camera's name to log.
//
// publish is called with each frame and owns one reference to it. The reading goroutine
// calls it for one frame at a time. It must not block, or the camera falls behind.
func NewCamera(cfg Config, open func(context.Context, Config) (Connection, error), pool *Pool, publish func(*Frame), log Logger) *Camera {
	return &Camera{
		cfg: cfg, open: open, pool: pool, publish: publish,
		log: log, random: rand.Float64,
		limiter:      newLimiter(cfg.FPS),
		pauseChanged: make(chan struct{}),
		status:       Status{Name: cfg.Name, Source: text.Redact(cfg.Source), State: Connecting, Since: time.Now()},
	}
}

// DecodeWith sets what opens decoders, and the receiver of the packets (nil: none).
// Call it before Run.
func (c *Camera) DecodeWith(decoders DecoderOpener, sink PacketSink) {
	c.decoders, c.sink = decoders, sink
}

// Run keeps the camera running until the context ends, and returns the context's error.
// It returns nil when a file without loop has ended. Call it once.
//
// Its reading goroutine ends with it, unless that hangs in the source. Then Run returns
// two seconds after the context has ended and logs what hangs. The goroutine publishes
// nothing more, and ends by itself if the source ever returns. While the camera runs,
// it never opens a second connection next to one that hangs.
func (c *Camera) Run(ctx context.Context) error {
	waits := backoff.Backoff{First: retryFirst, Last: retryLast, Jitter: retryJitter, Random: c.random}
	logins := backoff.Backoff{First: retrySlow, Last: retryLogin, Jitter: retryJitter, Random: c.random}
	state, reason := Connecting, ""
	for {
		if err := c.waitResumed(ctx); err != nil {
			return err
		}
		n := newConnection()
		c.enter(n, state, reason)
		err := c.supervise(ctx, n)
		switch {
		case errors.Is(err, errEnded):
			c.finish(Ended, "")
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errPaused):
			waits.Reset()
			logins.Reset()
			state, reason = Connecting, ""
			continue
		}
		if n.flowed.Load() {
			waits.Reset()
		}
		if !errors.Is(err, ErrUnauthorized) {
			logins.Reset()
		}
		wait := waits.Next()
		state, reason = Reconnecting, c.reason(err)
		switch {
		case errors.Is(err, ErrUnauthorized):
			state, wait = Failed, logins.Next()
			reason = fmt.Sprintf("%s%s%v, or at once on resume)", reason, NextAttempt, wait.Round(time.Second))
			c.finish(Failed, reason)
		case slow(err, c.cfg.Source):
			state, wait = Failed, waits.Spread(retrySlow)
			c.finish(Failed, reason)
		case errors.As(err, new(*stallError)):
			c.finish(Stalled, reason)
		default:
			c.finish(Reconnecting, reason)
		}
		resumed, err := c.rest(ctx, wait)
		if err != nil {
			return err
		}
		if resumed {
			waits.Reset()
			logins.Reset()
		}
	}
}

// Status returns a snapshot of the camera. It does not block for long.
func (c *Camera) Status() Status {
	now := time.Now()
	pool := c.pool.Stats()
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.status
	st.Pool = pool
	if st.State == Live {
		st.FPS = c.meter.rate(now)
	}
	st.Bitrate = 8 * c.received.rate(now)
	return st
}

// Pause stops reading, without waiting. A live source is closed; a file keeps its
// position.
func (c *Camera) Pause() { c.setPaused(true) }

// Resume continues after Pause. If the camera is waiting to reopen its source, paused
// or not, it does so at once.
func (c *Camera) Resume() { c.setPaused(false) }

// Paused reports whether Pause was called. Status shows Paused once it took effect.
func (c *Camera) Paused() bool {
	paused, _ := c.pauseState()
	return paused
}

func (c *Camera) setPaused(paused bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if paused && c.paused {
		return
	}
	c.paused = paused
	close(c.pauseChanged)
	c.pauseChanged = make(chan struct{})
}

// pauseState returns whether the camera is paused by command, and a channel closed by
// the next Pause or Resume.
func (c *Camera) pauseState() (paused bool, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.paused, c.pauseChanged
}

// waitResumed waits until the camera is not paused or the context ends.
func (c *Camera) waitResumed(ctx context.Context) error {
	for {
		paused, changed := c.pauseState()
		if !paused {
			return ctx.Err()
		}
		c.finish(Paused, "paused by command")
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// rest waits between two attempts. It reports whether Pause or Resume ended the wait
// early.
func (c *Camera) rest(ctx context.Context, wait time.Duration) (cut bool, err error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	_, changed := c.pauseState()
	select {
	case <-timer.C:
	case <-changed:
		cut = true
	case <-ctx.Done():
	}
	return cut, ctx.Err()
}

// finish enters a state that no connection leaves by itself.
func (c *Camera) finish(state State, reason string) { c.enter(nil, state, reason) }

// enter enters a state. n becomes the connection that may change it to Live.
func (c *Camera) enter(n *connection, state State, reason string) {
	c.mu.Lock()
	st := &c.status
	changed := st.State != state || st.Reason != reason
	if st.State != state {
		st.Since = time.Now()
		c.meter.reset()
	}
	if state == Stalled && st.State != Stalled {
		st.Stalls++
	}
	st.State, st.Reason = state, reason
	if state != Live {
		st.Lagging, st.Lag = false, 0
	}
	c.conn = n
	c.mu.Unlock()
	if !changed {
		return
	}
	say := c.log.Info
	if state == Stalled || state == Reconnecting || state == Failed {
		say = c.log.Warn
	}
	if reason == "" {
		say("camera " + string(state))
		return
	}
	say("camera "+string(state), "reason", reason)
}

// slow reports whether a failure rarely goes away by itself.
func slow(err error, source string) bool {
	if errors.As(err, new(fileError)) || errors.Is(err, ErrUnauthorized) || errors.Is(err, ErrUntrusted) || errors.Is(err, ErrUnsupported) || errors.Is(err, os.ErrPermission) {
		return true
	}
	addr, bad := ParseAddress(source)
	return bad != nil || addr.Kind == KindFile && errors.Is(err, os.ErrNotExist)
}
