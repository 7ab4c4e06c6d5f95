package capture

// keptBytes is the maximum size of a GOP.
const keptBytes = 32 << 20

// GOP keeps the video packets since the last key frame, so that a decoder can start in
// the middle of a stream. Beyond 32 MiB it drops them all and restarts at the next key
// frame. The zero value is empty. It is not safe for concurrent use.
type GOP struct {
	packets []*Packet
	bytes   int
}

// Add adds the next video packet. Packets before the first key frame of a connection
// are ignored.
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

// Packets returns the packets, starting with a key frame. The slice is valid until the
// next call of Add.
func (g *GOP) Packets() []*Packet { return g.packets }

// Reset drops everything.
func (g *GOP) Reset() { g.packets, g.bytes = nil, 0 }
