package capture

// keptBytes bounds a GOP.
const keptBytes = 32 << 20

// GOP keeps the packets of video since the last key frame, for who begins to
// decode in the middle of a stream. Beyond 32 MiB it forgets them all and begins
// again with the next key frame. The zero value is empty. One goroutine at a time
// uses it.
type GOP struct {
	packets []*Packet
	bytes   int
}

// Add adds the next packet of video. Packets that no key frame of their connection
// came before are left out.
func (g *GOP) Add(p *Packet) {
	switch {
	case p.Key:
		clear(g.packets)
		g.packets, g.bytes = g.packets[:0], 0
	case len(g.packets) == 0:
		return
	case p.Track != g.packets[0].Track:
		g.Reset()
		return
	}
	g.packets = append(g.packets, p)
	if g.bytes += len(p.Data); g.bytes > keptBytes {
		g.Reset()
	}
}

// Packets returns what is kept, a key frame first. It is valid until the next call
// of Add.
func (g *GOP) Packets() []*Packet { return g.packets }

// Reset forgets everything.
func (g *GOP) Reset() { g.packets, g.bytes = nil, 0 }
