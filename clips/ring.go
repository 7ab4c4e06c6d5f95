package clips

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rvo-tui/capture"
)

const (
	// ringSlack is how much a ring keeps beyond its longest pre-roll.
	ringSlack = 2 * time.Second
	// sentFor is how long after a video packet the camera's frames are ignored: they
	// show the same content, or the detection stream.
	sentFor = 10 * time.Second
	// frameMoment is how much JPEG history is discarded in favour of packets.
	frameMoment = 5 * time.Second
	noteQueue   = 64   // notes waiting for the worker
	noteLimit   = 1024 // notes remembered
	boxLimit    = 64   // detections remembered of one note
)

// Ring keeps the last seconds of one camera, as packets or, if the source provides
// none, as JPEG frames. It keeps the longest pre-roll and 2 s, or more while a clip is
// waiting, starting at a key frame. It is also limited in bytes. The oldest GOP is
// dropped first, which is counted if memory was the reason.
//
// OfferPacket, Offer and Note are for the live path: they never block for long and
// never encode. A worker of the Recorder encodes the JPEGs on a low-priority thread.
// The other methods are safe for concurrent use.
type Ring struct {
	camera   string
	epoch    time.Time
	cfg      Config
	memory   int64
	recorder *Recorder
	keep     atomic.Int64 // time.Duration

	rate rate // belongs to the goroutine that calls Offer

	gate   sync.RWMutex // the live path only uses TryRLock; locked for writing once, by Close
	closed bool         // guarded by gate
	queue  chan queued
	notes  chan Note

	sent                atomic.Int64 // capture time of the newest video packet, since the epoch; 0: none yet
	plain, confirming   atomic.Int32 // frames held
	packets             atomic.Uint64
	offered, encoded    atomic.Uint64
	skipped, evicted    atomic.Uint64
	failed, droppedNote atomic.Uint64
	count               atomic.Int64 // video frames, bytes and time kept
	bytes               atomic.Int64
	span                atomic.Int64
	ended               atomic.Bool // the worker has ended, so nothing more will be added

	mu      sync.Mutex // guards the fields below; held briefly
	samples []sample   // in decode order
	seq     uint64     // of the newest sample
	newest  time.Duration
	held    int64   // bytes in samples
	stills  []still // confirming frames, oldest first
	noted   []Note  // in order of arrival
	pins    map[*clip]pin

	jpegTrack *capture.Track // describes the last JPEG; belongs to the worker
	asked     uint64         // ID of the last confirming frame queued; belongs to the dispatcher
}

func newRing(camera string, r *Recorder) *Ring {
	return &Ring{
		camera: camera, epoch: r.epoch, cfg: r.cfg, memory: int64(r.cfg.Memory), recorder: r,
		rate:  rate{step: r.cfg.step()},
		queue: make(chan queued, queueLimit),
		notes: make(chan Note, noteQueue),
		pins:  make(map[*clip]pin),
	}
}

// OfferPacket implements capture.PacketSink. Only the goroutine that reads the source
// may call it. Packets before the first key frame are dropped, and sound is dropped if
// it is disabled. A closed ring ignores packets.
func (g *Ring) OfferPacket(p *capture.Packet) {
	if !p.Track.Video && !g.cfg.Sound || len(p.Data) == 0 || !g.gate.TryRLock() {
		return
	}
	defer g.gate.RUnlock()
	if g.closed {
		return
	}
	s := sample{Packet: p, ts: p.Captured.Sub(g.epoch), skipped: g.skipped.Load()}
	if p.Track.Video {
		g.packets.Add(1)
		g.sent.Store(max(1, int64(s.ts)))
	}
	g.mu.Lock()
	waited := g.append(s)
	g.mu.Unlock()
	if waited {
		g.recorder.nudge()
	}
}

// Offer offers a frame. Unless packets arrive, the ring keeps frames at the rate
// clips.fps. Only the camera's goroutine may call it, with a reference of its own; the
// ring takes another. It never blocks: if the worker is behind, the frame is skipped
// and counted, and every clip of that time reports it. A closed ring ignores frames.
func (g *Ring) Offer(f *capture.Frame) {
	ts := f.Captured.Sub(g.epoch)
	if sent := time.Duration(g.sent.Load()); sent != 0 && ts < sent+sentFor || !g.rate.take(ts) {
		return
	}
	g.offered.Add(1)
	if !g.hold(f, false) {
		g.skipped.Add(1)
	}
}

// Rate returns the rate in frames a second at which frames are kept if no packets
// arrive.
func (g *Ring) Rate() float64 { return g.cfg.FPS }

// Note adds the detections of a frame. It never blocks: when 64 notes are waiting, more
// are dropped and counted.
func (g *Ring) Note(n Note) {
	select {
	case g.notes <- n:
	default:
		g.droppedNote.Add(1)
	}
}

// Close ends the input. Waiting clips of this camera are built from what the ring has,
// and the Recorder forgets the ring. Further calls do nothing.
func (g *Ring) Close() {
	g.gate.Lock()
	if !g.closed {
		g.closed = true
		close(g.queue)
	}
	g.gate.Unlock()
	g.recorder.forget(g)
}

// append adds a sample and reports whether a clip is waiting for it. The caller holds
// mu.
func (g *Ring) append(s sample) (waited bool) {
	if len(g.samples) > 0 && g.samples[len(g.samples)-1].frame != 0 {
		if !s.key() {
			return false
		}
		g.forgetFrames(s.ts)
	}
	if len(g.samples) == 0 && !s.key() {
		return false
	}
	g.seq++
	s.seq = g.seq
	g.samples = append(g.samples, s)
	g.added(s)
	return len(g.pins) > 0 && s.Track.Video
}

// forgetFrames drops the JPEG frames kept before the first key frame if they cover only
// a moment, which avoids a change of codec in the movie. The caller holds mu.
func (g *Ring) forgetFrames(now time.Duration) {
	if g.samples[0].frame == 0 || now-g.samples[0].ts > frameMoment {
		return
	}
	g.held = 0
	g.count.Store(0)
	clear(g.samples)
	g.samples = g.samples[:0]
}

// insert adds a sample in order of time, unless its frame is already there. The caller
// holds mu.
func (g *Ring) insert(s sample) {
	i := len(g.samples)
	for ; i > 0 && g.samples[i-1].ts >= s.ts; i-- {
		if g.samples[i-1].frame == s.frame {
			return
		}
	}
	g.seq++
	s.seq = g.seq
	g.samples = append(g.samples, sample{})
	copy(g.samples[i+1:], g.samples[i:])
	g.samples[i] = s
	g.added(s)
}

// added accounts for a new sample and evicts old ones. The caller holds mu.
func (g *Ring) added(s sample) {
	g.held += int64(len(s.Data))
	if s.Track.Video {
		g.newest = s.decodes()
		g.count.Add(1)
	}
	if s.key() || g.held > g.memory {
		g.evict()
	}
	g.bytes.Store(g.held)
	if len(g.samples) > 0 {
		g.span.Store(int64(max(0, g.newest-g.samples[0].ts)))
	} else {
		g.span.Store(0)
	}
}

// evict drops GOPs that end before the horizon, and then the oldest ones until the rest
// fits into memory. The caller holds mu.
func (g *Ring) evict() {
	horizon := g.horizon()
	for len(g.samples) > 0 {
		next := 1
		for next < len(g.samples) && !g.samples[next].key() {
			next++
		}
		old := next < len(g.samples) && g.samples[next].ts <= horizon
		if !old && (g.held <= g.memory || len(g.samples) == 1) {
			break
		}
		for i := range g.samples[:next] {
			s := &g.samples[i]
			g.held -= int64(len(s.Data))
			if s.Track.Video {
				g.count.Add(-1)
				if !old {
					g.evicted.Add(1)
				}
			}
			*s = sample{} // release the data held by the underlying array
		}
		g.samples = g.samples[next:]
	}
	g.stills = slices.DeleteFunc(g.stills, func(s still) bool { return s.ts < g.told() })
}

// horizon returns the time before which samples may be dropped. The caller holds mu.
func (g *Ring) horizon() time.Duration {
	horizon := g.newest - time.Duration(g.keep.Load())
	for _, p := range g.pins {
		horizon = min(horizon, p.next)
	}
	return horizon
}

// told returns the time before which notes and stills may be dropped. The caller holds
// mu.
func (g *Ring) told() time.Duration {
	horizon := g.newest - time.Duration(g.keep.Load())
	for _, p := range g.pins {
		horizon = min(horizon, p.start)
	}
	return horizon
}

func (g *Ring) remember(n Note) {
	n.Detections = n.Detections[:min(len(n.Detections), boxLimit)]
	g.mu.Lock()
	defer g.mu.Unlock()
	g.noted = append(g.noted, n)
	drop := max(0, len(g.noted)-noteLimit)
	if len(g.samples) > 0 {
		for horizon := g.told(); drop < len(g.noted) && g.noted[drop].Captured.Sub(g.epoch) < horizon; {
			drop++
		}
	}
	clear(g.noted[:drop])
	g.noted = g.noted[drop:]
}
