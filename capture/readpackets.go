package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// maxBatch is the maximum number of packets decoded at once when behind.
	maxBatch = 8
	// resyncLag is how far a reader may lag before it skips to the next key frame.
	resyncLag = time.Second
	// maxKeysWithoutFrame is how many key frames in a row may decode to nothing before
	// arriving data no longer counts as progress.
	maxKeysWithoutFrame = 3
	// readAhead is how early a packet of a file may be passed on if it is not decoded
	// into a frame yet.
	readAhead = 100 * time.Millisecond
)

// feed is the reader's state for a connection that delivers packets.
type feed struct {
	src     PacketSource
	stamper Stamper
	planner planner

	track   *Track
	decoder Decoder
	closed  error // why there is no decoder; nil: one can be opened
	begun   bool  // the decoder has received a key frame and all packets since
	shown   bool  // a frame was decoded on this connection

	pending []*Packet // waiting to be decoded
	kept    GOP       // packets kept while not decoding

	waiting  bool // waiting for the first key frame
	keys     int  // key frames since the last decoded frame
	catching bool // leaving out what is behind
	interval time.Duration
	dts      time.Duration // of the last video packet
	due      time.Time     // when it is due; files only
	any      bool          // there was a video packet
	captured time.Time     // of the last frame
	newest   uint64        // ID of the last frame
}

func (f *feed) close() {
	if f.decoder != nil {
		f.decoder.Close()
		f.decoder = nil
	}
}

// Want sets how much of the video is needed from now on. Before the first call,
// everything is.
func (c *Camera) Want(d Demand) { c.demand.Store(&d) }

// nextPacket reads one packet, passes it on, and decodes and publishes what is needed.
func (c *Camera) nextPacket(ctx context.Context, n *connection, s *session) error {
	if !s.live {
		if err := c.hold(ctx, n, s); err != nil {
			return err
		}
	}
	f := s.feed
	before := time.Now()
	p, err := f.src.Read()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return c.readFailed(ctx, n, s, err)
	}
	now := time.Now()
	if p.Arrived.IsZero() {
		p.Arrived = now
	}
	if !p.Track.Video {
		c.stampSound(s, p)
		c.handOn(p)
		c.alive(n, s, now)
		return nil
	}
	info, err := c.stampPacket(ctx, n, s, p, now, now.Sub(before))
	if err != nil {
		return err
	}
	c.id++
	p.ID = c.id
	s.grabbed++
	c.handOn(p)
	c.alive(n, s, time.Now())
	if p.Track != f.track {
		if err := c.newTrack(ctx, n, s, p.Track); err != nil {
			return err
		}
	}
	return c.decode(ctx, n, s, p, info)
}

func (c *Camera) handOn(p *Packet) {
	if c.sink != nil {
		c.sink.OfferPacket(p)
	}
}

// stampPacket determines when a video packet was captured, and its lag. A file waits
// here until the packet is due.
func (c *Camera) stampPacket(ctx context.Context, n *connection, s *session, p *Packet, now time.Time, waited time.Duration) (frameInfo, error) {
	f := s.feed
	if step := p.DTS - f.dts; f.any && step > 0 && step < paceGap {
		if f.interval == 0 {
			f.interval = step
		}
		f.interval += (step - f.interval) / 8
	}
	f.dts, f.any = p.DTS, true
	var info frameInfo
	if s.live {
		if p.Captured.IsZero() {
			p.Captured, p.Lag = f.stamper.Packet(p.PTS, p.DTS, now)
		}
		info = frameInfo{lag: p.Lag, interval: f.interval}
		info.lagging = f.interval > 0 && p.Lag > 2*f.interval
		switch {
		case f.interval == 0 || waited >= f.interval/4 || p.Lag <= f.interval:
			f.catching = false
		case info.lagging:
			f.catching = true
		}
	} else if err := c.pacePacket(ctx, n, s, p, now, &info); err != nil {
		return info, err
	}
	info.captured = p.Captured
	return info, nil
}

// pacePacket determines when a packet of a file is due. It waits only if the packet is
// far ahead or a viewer is watching; otherwise the next decoding waits, because waking
// up for each packet costs more than reading it. Hidden packets are not waited for.
func (c *Camera) pacePacket(ctx context.Context, n *connection, s *session, p *Packet, now time.Time, info *frameInfo) error {
	f := s.feed
	if p.Hidden {
		p.Captured = s.pacer.at(p.PTS, now.Add(min(p.PTS, 0)))
		return nil
	}
	*info = s.schedule(Stamp{PTS: p.DTS, HasPTS: true}, now)
	f.catching = info.skip
	f.due = info.captured
	p.Captured = f.due.Add(p.PTS - p.DTS)
	if f.due.Sub(now) > readAhead || c.demanded().Live {
		return c.untilDue(ctx, n, s)
	}
	return nil
}

// untilDue waits until the last packet of a file is due.
func (c *Camera) untilDue(ctx context.Context, n *connection, s *session) error {
	now := time.Now()
	wait := s.feed.due.Sub(now)
	if wait <= 0 {
		return nil
	}
	n.expect(now, wait+time.Duration(c.cfg.StallTimeout))
	return s.sleep(ctx, wait)
}

// stampSound converts the time of sound with the clock of the video.
func (c *Camera) stampSound(s *session, p *Packet) {
	switch {
	case !p.Captured.IsZero():
	case s.live:
		if p.Captured = s.feed.stamper.Time(p.PTS); p.Captured.IsZero() || p.Captured.After(p.Arrived) {
			p.Captured = p.Arrived
		}
	default:
		p.Captured = s.pacer.at(p.PTS, p.Arrived)
	}
}

// newTrack ends the decoder of the previous track and switches to the next one.
func (c *Camera) newTrack(ctx context.Context, n *connection, s *session, t *Track) error {
	f := s.feed
	if err := c.drain(ctx, n, s); err != nil {
		return err
	}
	f.close()
	f.track, f.begun, f.closed, f.waiting = t, false, nil, true
	f.pending = nil
	f.kept.Reset()
	return nil
}

// decode decodes what is needed, and publishes its newest frame.
func (c *Camera) decode(ctx context.Context, n *connection, s *session, p *Packet, info frameInfo) error {
	f := s.feed
	f.planner.saw(p.DTS, p.Key)
	if f.waiting {
		if !p.Key {
			c.explain(n, "waiting for a key frame")
			return nil
		}
		f.waiting = false
	}
	demand := c.demanded()
	mode := f.planner.plan(demand, p.DTS, p.Key)
	if !f.shown && mode == DecodeNone {
		mode = DecodeKeys // a camera becomes live with its first frame
	}
	c.tell(f, mode, p)
	f.kept.Add(p)
	if err := c.openDecoder(n, f); err != nil || f.closed != nil {
		return err
	}
	switch {
	case f.catching && info.lag > resyncLag && s.live:
		f.begun, f.pending = false, nil
		c.drop(&c.status.DropLag, info)
		return nil
	case mode == DecodeNone:
		f.begun, f.pending = false, nil
		return nil
	case mode == DecodeKeys:
		if f.begun {
			f.decoder.Flush()
			f.begun, f.pending = false, nil
		}
		if !p.Key {
			return nil
		}
		return c.run(ctx, n, s, []*Packet{p}, true, info)
	case !f.begun:
		kept := f.kept.Packets()
		if len(kept) == 0 {
			return nil // too much since the last key frame; wait for the next one
		}
		f.decoder.Flush()
		f.begun, f.pending = true, append(f.pending[:0], kept...)
	default:
		f.pending = append(f.pending, p)
	}
	f.kept.Reset()
	size := batch(demand, f.interval)
	if f.catching {
		size = maxBatch
	}
	if len(f.pending) < size && !p.Hidden {
		return nil
	}
	packets := f.pending
	f.pending = f.pending[:0]
	return c.run(ctx, n, s, packets, false, info)
}

// tried reports whether opening a decoder was attempted.
func (f *feed) tried() bool { return f.decoder != nil || f.closed != nil }

// openDecoder opens the decoder when there is first something to decode. If this build
// has none, packets are passed on without frames.
func (c *Camera) openDecoder(n *connection, f *feed) error {
	if f.tried() {
		return nil
	}
	err := fmt.Errorf("decode %s: %w by this build", f.track.Codec, ErrUnsupported)
	if c.decoders != nil {
		f.decoder, err = c.decoders(f.track, c.cfg)
	}
	switch {
	case err == nil:
		return nil
	case c.sink == nil || !errors.Is(err, ErrUnsupported):
		return err
	}
	f.closed = err
	if c.decoders != nil { // otherwise no frames are needed
		c.log.Warn("no frames can be decoded: detectors get no frames and no events fire; packets are still recorded and streamed", "error", c.reason(err))
	}
	c.live(n, time.Now(), f.track.Width, f.track.Height)
	return nil
}

// run decodes packets and publishes the newest resulting frame.
func (c *Camera) run(ctx context.Context, n *connection, s *session, packets []*Packet, drain bool, info frameInfo) error {
	f := s.feed
	if err := c.untilDue(ctx, n, s); err != nil {
		return err
	}
	began := time.Now()
	d, err := f.decoder.Decode(packets, drain)
	if err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	f.planner.spent(time.Since(began), len(packets))
	for _, p := range packets {
		if p.Key {
			f.keys++
		}
	}
	s.suspect = d.Frames == 0 && f.keys >= maxKeysWithoutFrame
	return c.show(ctx, n, s, d, info)
}

// show publishes the result of a decoder.
func (c *Camera) show(ctx context.Context, n *connection, s *session, d Decoded, info frameInfo) error {
	f := s.feed
	c.mu.Lock()
	c.status.Decoded += uint64(d.Frames)
	c.status.Damaged += uint64(d.DamagedFrames)
	c.status.DropBroken += uint64(d.Refused)
	c.mu.Unlock()
	if d.Image == nil {
		return nil
	}
	f.keys, f.shown = 0, true
	if d.Packet.ID == f.newest { // decoded again after a flush
		d.Image.Free()
		return nil
	}
	f.newest = d.Packet.ID
	captured := d.Packet.Captured
	if captured.Before(f.captured) {
		captured = f.captured
	}
	f.captured, info.captured = captured, captured
	if !c.limiter.allows(captured, info.interval) {
		d.Image.Free()
		c.drop(&c.status.DropRate, info)
		return nil
	}
	w, h := d.Image.Size()
	w, h = OutputSize(c.cfg, w, h)
	frame := c.pool.Wrap(c.cfg.Name, d.Packet.ID, c.covered(d.Image), w, h, captured)
	switch {
	case frame == nil:
		d.Image.Free()
		c.drop(&c.status.DropPool, info)
		return nil
	case ctx.Err() != nil:
		frame.Release()
		return ctx.Err()
	}
	frame.Damaged = d.Damaged
	frame.Arrived = time.Now()
	c.limiter.took(captured)
	if w != s.width || h != s.height {
		c.resized(s, frame)
	}
	c.arrived(n, frame, info)
	c.publish(frame)
	return nil
}

// drain publishes the frames that the decoder holds back at the end of a track.
func (c *Camera) drain(ctx context.Context, n *connection, s *session) error {
	f := s.feed
	if f.decoder == nil || !f.begun {
		return nil
	}
	info := frameInfo{interval: f.interval}
	if len(f.pending) > 0 {
		packets := f.pending
		f.pending = nil
		if err := c.run(ctx, n, s, packets, false, info); err != nil {
			return err
		}
	}
	f.begun = false
	for {
		d, err := f.decoder.Drain()
		if err != nil {
			return fmt.Errorf("decode: %w", err)
		}
		if err := c.show(ctx, n, s, d, info); err != nil || d.Image == nil {
			return err
		}
		if err := s.sleep(ctx, min(f.interval, paceStep)); err != nil {
			return err
		}
	}
}

// readFailed interprets an error of Read, like grabFailed.
func (c *Camera) readFailed(ctx context.Context, n *connection, s *session, err error) error {
	if errors.Is(err, io.EOF) && !s.live {
		if bad := c.drain(ctx, n, s); bad != nil {
			return bad
		}
	}
	return c.grabFailed(ctx, n, s, err)
}

func (c *Camera) demanded() Demand {
	if d := c.demand.Load(); d != nil {
		return *d
	}
	return Demand{FPS: 1000, Why: "no demand set yet"}
}

// tell updates the status after a packet.
func (c *Camera) tell(f *feed, mode Decoding, p *Packet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Packets++
	c.status.Codec = p.Track.Codec
	c.received.add(p.Arrived, len(p.Data))
	c.status.Decoding, c.status.DecodingWhy = mode, f.planner.why
	if f.interval > 0 {
		c.status.SentFPS = float64(time.Second) / float64(f.interval)
	}
}

// explain sets the reason why a camera is not live yet.
func (c *Camera) explain(n *connection, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == n && !c.paused && c.status.State != Live {
		c.status.Reason = reason
	}
}
