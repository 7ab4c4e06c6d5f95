package clips

import (
	"slices"
	"time"

	"rvo-tui/capture"
)

const (
	// plainLimit and confirmLimit limit how many frames of one camera evidence holds.
	// They are small because the camera's frame pool is.
	plainLimit   = 2
	confirmLimit = 3
	queueLimit   = plainLimit + confirmLimit
	stillLimit   = 32 // confirming frames kept
)

// Held is the maximum number of frames of one camera that its Ring holds, for sizing
// the camera's pool.
const Held = queueLimit

// queued is a frame waiting for the worker.
type queued struct {
	frame   *capture.Frame
	confirm bool
	skipped uint64
}

// still is a frame that confirmed an event, as JPEG.
type still struct {
	frame uint64
	ts    time.Duration
	jpeg  []byte
}

// hold queues a frame for the worker with an additional reference, and reports whether
// it did.
func (g *Ring) hold(f *capture.Frame, confirm bool) bool {
	if !g.gate.TryRLock() {
		return false
	}
	defer g.gate.RUnlock()
	held, limit := &g.plain, int32(plainLimit)
	if confirm {
		held, limit = &g.confirming, confirmLimit
	}
	if g.closed || held.Add(1) > limit || !f.TryRetain() {
		if !g.closed {
			held.Add(-1)
		}
		return false
	}
	g.queue <- queued{f, confirm, g.skipped.Load()} // never blocks: the limits leave room
	return true
}

// run encodes queued frames until the ring is closed.
func (g *Ring) run() {
	capture.LowPriority(g.recorder.nice)
	defer func() {
		g.ended.Store(true)
		g.recorder.nudge()
	}()
	for {
		select {
		case q, ok := <-g.queue:
			if !ok {
				return
			}
			g.encode(q)
		case n := <-g.notes:
			g.remember(n)
		}
	}
}

func (g *Ring) encode(q queued) {
	f := q.frame
	var jpeg []byte
	var err error
	wanted := !g.recorder.done.Load()
	if wanted {
		err = guard(func() (err error) {
			jpeg, err = f.JPEG(g.cfg.MaxWidth)
			return err
		})
	}
	width, height := capture.FitWidth(f.Width, f.Height, g.cfg.MaxWidth)
	id, captured := f.ID, f.Captured
	f.Release()
	switch {
	case !wanted:
	case err != nil:
		g.failed.Add(1)
	default:
		g.encoded.Add(1)
		g.keepJPEG(q, id, captured, jpeg, width, height)
	}
	// Decrement last: a reader that sees the lower count may rely on finding the frame.
	if q.confirm {
		g.confirming.Add(-1)
	} else {
		g.plain.Add(-1)
	}
	g.recorder.nudge()
}

// keepJPEG stores a frame: in samples if the camera sends no packets, and in stills if
// it confirmed an event.
func (g *Ring) keepJPEG(q queued, id uint64, captured time.Time, jpeg []byte, width, height int) {
	if t := g.jpegTrack; t == nil || t.Width != width || t.Height != height {
		g.jpegTrack = &capture.Track{Video: true, Codec: capture.MJPEG, Width: width, Height: height}
	}
	ts := captured.Sub(g.epoch)
	g.mu.Lock()
	defer g.mu.Unlock()
	if q.confirm {
		if len(g.stills) == stillLimit {
			g.stills = slices.Delete(g.stills, 0, 1)
		}
		g.stills = append(g.stills, still{id, ts, jpeg})
	}
	if sent := time.Duration(g.sent.Load()); sent != 0 && ts < sent+sentFor {
		return
	}
	g.insert(sample{
		Packet: &capture.Packet{Track: g.jpegTrack, Data: jpeg, PTS: ts, DTS: ts, Captured: captured, Key: true},
		ts:     ts, frame: id, skipped: q.skipped,
	})
}

// has reports whether the ring has a frame as JPEG.
func (g *Ring) has(id uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.ContainsFunc(g.stills, func(s still) bool { return s.frame == id }) ||
		slices.ContainsFunc(g.samples, func(s sample) bool { return s.frame == id })
}
