package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"
)

// session is the reader's state for one connection.
type session struct {
	conn    Connection
	src     Source // nil: the connection delivers packets
	feed    *feed  // nil: the connection delivers frames
	live    bool
	skipper Skipper // nil: the source does not skip frames by itself
	grabbed uint64
	width   int
	height  int

	stamper Stamper // for a live source
	cadence cadence // for a live source
	pacer   pacer   // for other sources

	suspect  bool          // the last frame was corrupt; only a good one counts as progress
	catching bool          // skipping frames without decoding to catch up
	skipLag  time.Duration // lag at the last skipped frame of a file; 0: not skipping

	timer *time.Timer // used by sleep; nil before its first call
}

// read opens the source and reads it until it fails or ends, or the context ends. It
// runs in its own goroutine, which supervise waits for.
func (c *Camera) read(ctx context.Context, n *connection) (err error) {
	s := &session{}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("read source: panic: %v", p)
			c.log.Error("panic in a source", "panic", p, "stack", string(debug.Stack()))
		}
		if bad := s.close(); bad != nil {
			c.log.Debug("close source", "error", c.reason(bad))
		}
	}()
	if err := c.openSession(ctx, s); err != nil {
		return openError{err}
	}
	c.count(&c.status.Connects)
	n.expect(time.Now(), time.Duration(c.cfg.StallTimeout))
	n.holds.Store(!s.live)
	n.opened.Store(true)
	for {
		next := c.next
		if s.feed != nil {
			next = c.nextPacket
		}
		if err := next(ctx, n, s); err != nil {
			return err
		}
	}
}

func (c *Camera) openSession(ctx context.Context, s *session) error {
	conn, err := c.open(ctx, c.cfg)
	if err != nil {
		return err
	}
	s.conn, s.live = conn, conn.Live()
	switch conn := conn.(type) {
	case PacketSource:
		s.feed = &feed{src: conn, planner: planner{setting: c.cfg.Decode}}
	case Source:
		s.src = conn
		s.skipper, _ = conn.(Skipper)
	default:
		return fmt.Errorf("a source that delivers neither packets nor frames is %w", ErrUnsupported)
	}
	return nil
}

// close closes the connection and its decoder.
func (s *session) close() error {
	if s.feed != nil {
		s.feed.close()
	}
	conn := s.conn
	s.conn, s.src, s.feed = nil, nil, nil
	if conn == nil {
		return nil
	}
	return conn.Close()
}

// next reads one frame from the source and publishes it, unless it is dropped.
func (c *Camera) next(ctx context.Context, n *connection, s *session) error {
	if !s.live {
		if err := c.hold(ctx, n, s); err != nil {
			return err
		}
	}
	before := time.Now()
	st, err := s.src.Grab()
	now := time.Now()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if s.skipper != nil {
		if skipped := s.skipper.Skipped(); skipped > 0 {
			c.id += skipped
			c.add(&c.status.DropLag, skipped)
		}
	}
	if err != nil {
		return c.grabFailed(ctx, n, s, err)
	}
	c.id++
	s.grabbed++
	if st.Arrived.IsZero() {
		st.Arrived = now
	}
	var p frameInfo
	if s.live {
		p = s.arrive(st, now.Sub(before))
	} else {
		p = s.schedule(st, now)
	}
	switch {
	case p.skip:
		c.drop(&c.status.DropLag, p)
		c.alive(n, s, now)
		return nil
	case !c.limiter.allows(p.captured, p.interval):
		c.drop(&c.status.DropRate, p)
		c.alive(n, s, now)
		return nil
	}
	if wait := p.captured.Sub(now); wait > 0 {
		n.expect(now, wait+time.Duration(c.cfg.StallTimeout))
		if err := s.sleep(ctx, wait); err != nil {
			return err
		}
	}
	return c.take(ctx, n, s, p)
}

// frameInfo is what is known about a frame before it is decoded.
type frameInfo struct {
	captured time.Time
	lag      time.Duration
	interval time.Duration // of the stream; 0: unknown
	lagging  bool          // lag exceeds two intervals
	skip     bool          // must be skipped to catch up
}

// arrive stamps a frame of a live source. waited is how long Grab blocked.
func (s *session) arrive(st Stamp, waited time.Duration) frameInfo {
	var p frameInfo
	p.captured, p.lag = s.stamper.Stamp(st)
	s.cadence.see(p.captured)
	p.interval = s.cadence.interval
	if p.interval == 0 {
		return p
	}
	p.lagging = p.lag > 2*p.interval
	// If the grab had to wait, nothing is queued. The lag is then due to the network,
	// and skipping would not reduce it.
	switch {
	case waited >= p.interval/4 || p.lag <= p.interval:
		s.catching = false
	case p.lagging:
		s.catching = true
	}
	p.skip = s.catching
	return p
}

// schedule stamps a frame of a source that is read at its own rate. It is captured when
// it is due, which may be in the future.
func (s *session) schedule(st Stamp, now time.Time) frameInfo {
	p := frameInfo{captured: s.pacer.next(st, now), interval: s.pacer.interval()}
	p.lag = max(0, now.Sub(p.captured))
	p.lagging = p.lag > 2*p.interval
	switch {
	case !p.lagging:
		s.skipLag = 0
	case p.lag > paceLate || s.skipLag > 0 && p.lag >= s.skipLag:
		// Skipping does not help: it plays slower than real time.
		s.pacer.shift(now)
		p.captured, s.skipLag = now, 0
	default:
		p.skip, s.skipLag = true, p.lag
	}
	return p
}

// take decodes the grabbed frame and publishes it.
func (c *Camera) take(ctx context.Context, n *connection, s *session, p frameInfo) error {
	f, err := c.retrieve(s.src, p.captured)
	if err != nil {
		if !errors.As(err, new(*CorruptError)) {
			return err
		}
		s.suspect = true
		c.drop(&c.status.DropBroken, p)
		return nil
	}
	switch {
	case f == nil:
		c.drop(&c.status.DropPool, p)
		c.alive(n, s, time.Now())
		return nil
	case ctx.Err() != nil:
		f.Release()
		return ctx.Err()
	}
	f.Arrived = time.Now()
	c.limiter.took(p.captured)
	s.suspect = false
	c.alive(n, s, f.Arrived)
	if f.Width != s.width || f.Height != s.height {
		c.resized(s, f)
	}
	c.arrived(n, f, p)
	c.publish(f)
	return nil
}

// retrieve returns the grabbed frame, or nil when the pool is exhausted.
func (c *Camera) retrieve(src Source, captured time.Time) (*Frame, error) {
	for range 3 {
		width, height := src.Size()
		f, err := c.pool.Get(c.cfg.Name, c.id, width, height, captured)
		if f == nil || err != nil {
			return nil, err
		}
		switch err := fill(src, f); {
		case err == nil:
			if v := c.veil.Load(); v != nil {
				(*v)(f.Pixels(), Target{Order: BGR, Width: width, Height: height, Stride: width * 3})
			}
			return f, nil
		case !errors.Is(err, ErrSizeChanged):
			return nil, err
		}
	}
	return nil, &CorruptError{ErrSizeChanged}
}

// fill decodes into the frame, and releases it on an error.
func fill(src Source, f *Frame) (err error) {
	filled := false
	defer func() {
		if !filled {
			f.Release()
		}
	}()
	err = src.Retrieve(f.Pixels())
	filled = err == nil
	return err
}

func (c *Camera) grabFailed(ctx context.Context, n *connection, s *session, err error) error {
	switch {
	case errors.As(err, new(*CorruptError)):
		c.id++
		if s.feed == nil { // otherwise the next valid packet is progress
			s.suspect = true
		}
		c.count(&c.status.DropBroken)
		// The source may return this repeatedly without blocking.
		return s.sleep(ctx, time.Millisecond)
	case errors.Is(err, io.EOF) && s.live:
		return errors.New("the source ended the stream")
	case !errors.Is(err, io.EOF) && !s.live && !errors.Is(err, os.ErrDeadlineExceeded):
		return fileError{err}
	case !errors.Is(err, io.EOF):
		return err
	case s.grabbed == 0:
		return fmt.Errorf("the file contains no frames: %w", ErrUnsupported)
	case !c.cfg.Loop:
		return errEnded
	}
	return c.reopen(ctx, n, s)
}

// reopen restarts a file. Its timeline continues without a break.
func (c *Camera) reopen(ctx context.Context, n *connection, s *session) error {
	n.expect(time.Now(), time.Duration(c.cfg.OpenTimeout))
	if err := s.close(); err != nil {
		return fmt.Errorf("close source: %w", err)
	}
	if err := c.openSession(ctx, s); err != nil {
		return openError{err}
	}
	s.grabbed = 0
	s.pacer.restart()
	n.expect(time.Now(), time.Duration(c.cfg.StallTimeout))
	return nil
}

// hold keeps the position of a source without its own pace while the camera is paused.
func (c *Camera) hold(ctx context.Context, n *connection, s *session) error {
	for {
		paused, changed := c.pauseState()
		if !paused {
			return ctx.Err()
		}
		n.expectNothing()
		select {
		case <-changed:
			now := time.Now()
			n.expect(now, time.Duration(c.cfg.StallTimeout))
			s.pacer.shift(now)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// alive records progress.
func (c *Camera) alive(n *connection, s *session, now time.Time) {
	if !s.suspect {
		n.expect(now, time.Duration(c.cfg.StallTimeout))
	}
}

func (c *Camera) count(counter *uint64) { c.add(counter, 1) }

func (c *Camera) add(counter *uint64, n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*counter += n
}

// drop counts a frame that is not published.
func (c *Camera) drop(counter *uint64, p frameInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*counter++
	c.status.Lag, c.status.Lagging = p.lag, p.lagging
}

// resized records the frame size of a connection, at first and after a change.
func (c *Camera) resized(s *session, f *Frame) {
	changed := s.width != 0
	s.width, s.height = f.Width, f.Height
	c.mu.Lock()
	from := [2]int{c.status.Width, c.status.Height}
	c.status.Width, c.status.Height = f.Width, f.Height
	if changed {
		c.status.Resizes++
	}
	c.mu.Unlock()
	if changed {
		c.log.Info("the stream changed its size", "from", from, "to", [2]int{f.Width, f.Height})
	}
}

// arrived counts a frame about to be published. The first one of a connection makes the
// camera live.
func (c *Camera) arrived(n *connection, f *Frame, p frameInfo) {
	c.live(n, f.Arrived, f.Width, f.Height)
	c.mu.Lock()
	defer c.mu.Unlock()
	st := &c.status
	st.Frames++
	st.LastFrame, st.Lag, st.Lagging = f.Captured, p.lag, p.lagging
	c.meter.add(f.Arrived)
}

// live sets the state to Live, unless it already is or n is not the current connection.
func (c *Camera) live(n *connection, now time.Time, width, height int) {
	c.mu.Lock()
	st := &c.status
	first := c.conn == n && !c.paused && st.State != Live
	if first {
		st.State, st.Reason, st.Since = Live, "", now
		c.meter.reset()
	}
	c.mu.Unlock()
	n.flowed.Store(true)
	if first {
		c.log.Info("camera live", "width", width, "height", height)
	}
}

// sleep waits for d. It returns the error of a context that ends first.
func (s *session) sleep(ctx context.Context, d time.Duration) error {
	if s.timer == nil {
		s.timer = time.NewTimer(d)
	} else {
		s.timer.Reset(d)
	}
	select {
	case <-s.timer.C:
		return nil
	case <-ctx.Done():
		s.timer.Stop()
		return ctx.Err()
	}
}
