package detectors

import (
	"errors"
	"slices"

	"rvo-tui/detectors/zone"
)

// Of returns the anchor of a box, clamped to the frame.
func (a Anchor) Of(b Box) zone.Point {
	p := zone.Point{b.X + b.W/2, b.Y + b.H}
	if a == AnchorCenter {
		p[1] -= b.H / 2
	}
	return p.Clamp()
}

// Coverage is the part of a frame that a detector processes.
type Coverage struct {
	Masked []zone.Polygon // areas to ignore
	Within []zone.Polygon // areas to use; nil: everywhere
}

// has reports whether a point is covered.
func (c Coverage) has(p zone.Point) bool {
	contains := func(area zone.Polygon) bool { return area.Contains(p) }
	return !slices.ContainsFunc(c.Masked, contains) && (c.Within == nil || slices.ContainsFunc(c.Within, contains))
}

var errNothing = errors.New("mask and zones leave nothing to look at; make the mask smaller, or the zones larger")

// Sieve drops detections outside a detector's areas.
type Sieve struct {
	Coverage
	Anchor Anchor // the point of a box that must be inside
}

// sieve returns the sieve for the results of a filled configuration. It is nil if there
// are no areas, or the kind applies them itself.
func (c Config) sieve(k Kind) *Sieve {
	if k.Areas || len(c.Masked)+len(c.Within) == 0 {
		return nil
	}
	return &Sieve{Coverage{c.Masked, c.Within}, c.Anchor}
}

// Pass returns a reading without the detections whose anchor is outside the areas. A
// value that equals the number of detections is recounted. Any other value is kept, but
// becomes 0 if no detection is left. The reading's detections are not modified.
func (s *Sieve) Pass(r Reading) Reading {
	all := r.Detections
	dropped := func(d Detection) bool { return !s.has(s.Anchor.Of(d.Box)) }
	if !slices.ContainsFunc(all, dropped) {
		return r
	}
	r.Detections = slices.DeleteFunc(slices.Clone(all), dropped)
	if left := len(r.Detections); left == 0 || r.Value == float64(len(all)) {
		r.Value = float64(left)
	}
	return r
}
