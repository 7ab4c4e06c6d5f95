package runtime

import (
	"slices"

	"rvo-tui/detectors"
	"rvo-tui/detectors/zone"
)

// privacy is what nobody may see of a camera. It is immutable; nil: everything may be
// seen.
type privacy struct {
	names []string
	areas []zone.Polygon
}

// zones returns the names of the zones.
func (p *privacy) zones() []string {
	if p == nil {
		return nil
	}
	return p.names
}

// conceal makes the private zones of the camera black in all frames from the next one
// on, and keeps what the camera sends from evidence and viewers. Evidence of before
// that is dropped. It runs in the pipeline's goroutine, or before that starts; updateRing
// follows.
func (p *pipeline) conceal(zones []detectors.Zone) {
	var next privacy
	for _, z := range zones {
		if z.Privacy {
			next.names, next.areas = append(next.names, z.Name), append(next.areas, z.Area())
		}
	}
	was := p.private.Load()
	if was == nil && next.names == nil || was != nil && slices.EqualFunc(was.areas, next.areas, slices.Equal) && slices.Equal(was.names, next.names) {
		return
	}
	p.camera.Cover(detectors.Veil(next.areas))
	p.live.Conceal(next.names != nil)
	if next.names == nil {
		p.private.Store(nil)
		return
	}
	p.private.Store(&next)
	for _, slot := range []*frameSlot{&p.newest, &p.seen} {
		if f := slot.take().frame; f != nil {
			f.Release()
		}
	}
	if ring := p.ring.Swap(nil); ring != nil {
		ring.Close()
	}
}
