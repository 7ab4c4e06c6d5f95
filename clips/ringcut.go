package clips

import (
	"slices"
	"time"
)

// soundSlack is how far past the end of a clip its video must reach if there is sound,
// which may arrive a little later.
const soundSlack = 250 * time.Millisecond

// cut is the data that a ring returns for a clip.
type cut struct {
	samples []sample
	// lost means that samples were dropped for lack of memory before they were cut.
	lost bool
	// notes and stills cover the whole clip; they are only in the last cut.
	notes  []Note
	stills []still
}

// pin is the range of samples that a waiting clip needs.
type pin struct {
	start time.Duration // start of the clip
	next  time.Duration // start of what has not been cut yet
}

// pin keeps samples from start on until unpin, as far as memory allows.
func (g *Ring) pin(c *clip, start time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pins[c] = pin{start, start}
}

func (g *Ring) unpin(c *clip) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.pins, c)
}

// covers reports whether the ring has all that it will ever have up to end.
func (g *Ring) covers(end time.Duration) bool {
	if g.ended.Load() {
		return true
	}
	if g.confirming.Load() > 0 {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.samples) == 0 {
		return false
	}
	last := &g.samples[len(g.samples)-1]
	if last.frame != 0 {
		return last.ts >= end-g.cfg.step()/2
	}
	if slices.ContainsFunc(g.samples, func(s sample) bool { return !s.Track.Video }) {
		end += soundSlack
	}
	return g.newest >= end
}

// grow returns the packets that arrived for a clip since the last cut. It leaves out
// frames encoded here, because confirming frames may still be missing.
func (g *Ring) grow(c *clip) cut {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := len(g.samples); n == 0 || g.samples[n-1].frame != 0 {
		return cut{}
	}
	return g.take(c, false)
}

// finish returns the rest of a clip.
func (g *Ring) finish(c *clip) cut {
	g.mu.Lock()
	defer g.mu.Unlock()
	got := g.take(c, true)
	for _, s := range g.stills {
		if slices.Contains(c.confirm, s.frame) {
			got.stills = append(got.stills, s)
		}
	}
	for _, n := range g.noted {
		if ts := n.Captured.Sub(g.epoch); ts >= c.zero && ts <= c.end+g.cfg.step()/2 {
			got.notes = append(got.notes, n)
		}
	}
	return got
}

// take cuts what a clip does not have yet, and moves its pin. A frame that is shown after the
// clip's end is part of it only if another one that is not is decoded from it; whether there is
// one is known at last. The caller holds mu.
func (g *Ring) take(c *clip, last bool) (got cut) {
	lo := 0
	if c.cursor == 0 {
		lo = g.begin(c, &got)
	} else {
		for lo < len(g.samples) && g.samples[lo].seq <= c.cursor {
			lo++
		}
		got.lost = lo == 0 && len(g.samples) > 0 && g.samples[0].seq > c.cursor+1
	}
	shown := len(g.samples) - 1 // the last one that is shown before the end
	for shown >= lo && !(g.samples[shown].Track.Video && g.samples[shown].ts <= max(c.end, c.zero)) {
		shown--
	}
	for i, s := range g.samples[lo:] {
		if s.frame != 0 && s.ts > c.end+g.cfg.step()/2 && !slices.Contains(c.confirm, s.frame) {
			continue
		}
		if s.frame == 0 && s.decodes() > c.end {
			if !last {
				break // the clip may still be extended, and then needs it
			}
			continue
		}
		if s.frame == 0 && s.Track.Video && lo+i > shown && s.ts > c.end {
			if !last {
				break
			}
			continue
		}
		if s.Track.Video || s.ts+s.Duration > c.zero {
			got.samples = append(got.samples, s)
		}
		c.cursor = max(c.cursor, s.seq)
	}
	if p, ok := g.pins[c]; ok && len(got.samples) > 0 {
		p.next = max(p.next, got.samples[len(got.samples)-1].ts)
		g.pins[c] = p
	}
	return got
}

// begin sets the start of a clip's movie: the frame that was on screen at the clip's start, or
// else the first one that is shown. It returns the index of the key frame from which that one is
// decoded, and adds the sound that arrived before it. The caller holds mu.
func (g *Ring) begin(c *clip, got *cut) (key int) {
	c.zero = c.start
	first := -1
	for i := range g.samples {
		s := &g.samples[i]
		if !s.Track.Video || s.Hidden || s.ts < g.samples[0].ts { // the latter are decoded from what is gone
			continue
		}
		valid, found := s.ts <= c.start, first >= 0 && c.zero <= c.start
		if first < 0 || valid && (!found || s.ts > c.zero) || !valid && !found && s.ts < c.zero {
			c.zero, first = s.ts, i
		}
	}
	for i := range g.samples[:first+1] {
		if s := &g.samples[i]; s.key() && s.ts <= c.zero {
			key = i
		}
	}
	for _, s := range g.samples[:key] {
		if !s.Track.Video && s.ts+s.Duration > c.zero {
			got.samples = append(got.samples, s)
		}
	}
	return key
}
