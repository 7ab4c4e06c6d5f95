package clips

import (
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"rvo-tui/capture"
)

const (
	// ringSlack is how much longer than its longest pre-roll a ring remembers.
	ringSlack = 2 * time.Second
	// plainLimit and confirmLimit bound the frames of one camera whose pixels
	// evidence holds. They are small because the camera's pool is.
	plainLimit   = 2
	confirmLimit = 3
	queueLimit   = plainLimit + confirmLimit
	noteQueue    = 64   // notes waiting for the worker
	noteLimit    = 1024 // notes remembered
	boxLimit     = 64   // detections remembered of one note
)

// Held is the most frames of one camera that its Ring holds at a time, for who
// sizes the camera's pool.
const Held = queueLimit

// picture is one frame of the past. Its bytes are immutable and shared by every
// clip that shows it.
type picture struct {
	id            uint64
	ts            time.Duration // capture, since the epoch
	wall          time.Time
	jpeg          []byte
	width, height int
	skipped       uint64 // pictures that the ring had skipped when it took this one
}

type queued struct {
	frame   *capture.Frame
	confirm bool
	skipped uint64
}

// Ring remembers the last seconds of one camera as JPEG pictures. It is bounded
// by time (the longest pre-roll and 2 s, or as far back as a clip that is still
// waiting needs) and by bytes; the oldest pictures go first, and those that went
// for want of bytes are counted.
//
// Offer and Note belong to the live path: they never wait and never encode. The
// encoding is done by a worker of the Recorder, on a thread of low priority. Close
// and the rest may be called from anywhere.
type Ring struct {
	camera   string
	epoch    time.Time
	maxWidth int
	memory   int64
	step     time.Duration
	recorder *Recorder
	keep     atomic.Int64 // time.Duration

	rate rate // of the goroutine that calls Offer

	gate   sync.RWMutex // the live path only tries its read side; written once, by Close
	closed bool         // guarded by gate
	queue  chan queued
	notes  chan Note

	plain, confirming   atomic.Int32 // frames held
	offered, encoded    atomic.Uint64
	skipped, evicted    atomic.Uint64
	failed, droppedNote atomic.Uint64
	count               atomic.Int64 // pictures, bytes and time remembered, published by the worker
	bytes               atomic.Int64
	span                atomic.Int64
	ended               atomic.Bool // the worker has ended: nothing more will come

	mu       sync.Mutex // guards what follows; taken by the worker and by those who make clips, never by the live path
	pictures []picture  // by capture time
	held     int64      // bytes of pictures
	noted    []Note     // in the order in which they came
	pins     map[*clip]time.Duration

	asked uint64 // ID of the confirming frame that was queued last; of the Recorder's dispatcher
}

func newRing(camera string, r *Recorder) *Ring {
	cfg := r.cfg
	return &Ring{
		camera: camera, epoch: r.epoch, maxWidth: cfg.MaxWidth, memory: int64(cfg.Memory), step: cfg.step(), recorder: r,
		rate:  rate{step: cfg.step()},
		queue: make(chan queued, queueLimit),
		notes: make(chan Note, noteQueue),
		pins:  make(map[*clip]time.Duration),
	}
}

// Offer shows the ring a frame, of which it keeps as many as clips.fps asks for.
// It is for one goroutine, the camera's, which must hold a count; the ring takes
// its own. It never waits: when the worker is behind, the frame is skipped and
// counted, and every clip of that time says so. A closed ring ignores it.
func (g *Ring) Offer(f *capture.Frame) {
	if !g.rate.take(f.Captured.Sub(g.epoch)) {
		return
	}
	g.offered.Add(1)
	if !g.hold(f, false) {
		g.skipped.Add(1)
	}
}

// Note tells the ring what was found in a frame. It never waits: when 64 notes
// are waiting it is dropped and counted.
func (g *Ring) Note(n Note) {
	select {
	case g.notes <- n:
	default:
		g.droppedNote.Add(1)
	}
}

// Close says that no more frames will come. Clips that wait for frames of this
// camera are made of what there is, and the Recorder forgets the ring. It may be
// called more than once.
func (g *Ring) Close() {
	g.gate.Lock()
	if !g.closed {
		g.closed = true
		close(g.queue)
	}
	g.gate.Unlock()
	g.recorder.forget(g)
}

// hold queues a frame for the worker with a count of its own, and reports
// whether it did.
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
	g.queue <- queued{f, confirm, g.skipped.Load()} // has room for all that the limits let in
	return true
}

// run encodes what is queued until the ring is closed.
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
	w, h := capture.FitWidth(f.Width, f.Height, g.maxWidth)
	p := picture{id: f.ID, ts: f.Captured.Sub(g.epoch), wall: f.Captured, width: w, height: h, skipped: q.skipped}
	var err error
	wanted := !g.recorder.done.Load()
	if wanted {
		err = guard(func() (err error) {
			p.jpeg, err = f.JPEG(g.maxWidth)
			return err
		})
	}
	f.Release()
	switch {
	case !wanted:
	case err != nil:
		g.failed.Add(1)
	default:
		g.insert(p)
		g.encoded.Add(1)
	}
	// Only now: who sees the count gone may rely on finding the picture.
	if q.confirm {
		g.confirming.Add(-1)
	} else {
		g.plain.Add(-1)
	}
	g.recorder.nudge()
}

func (g *Ring) insert(p picture) {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := len(g.pictures)
	for ; i > 0 && g.pictures[i-1].ts >= p.ts; i-- {
		if g.pictures[i-1].id == p.id {
			return
		}
	}
	g.pictures = append(g.pictures, picture{})
	copy(g.pictures[i+1:], g.pictures[i:])
	g.pictures[i] = p
	g.held += int64(len(p.jpeg))
	g.evict()
	g.count.Store(int64(len(g.pictures)))
	g.bytes.Store(g.held)
	g.span.Store(int64(g.pictures[len(g.pictures)-1].ts - g.pictures[0].ts))
}

// evict drops what is too old, and then the oldest until the rest fits. The
// newest picture always stays. The caller holds mu.
func (g *Ring) evict() {
	horizon := g.horizon()
	for len(g.pictures) > 1 {
		first := &g.pictures[0]
		if first.ts >= horizon {
			if g.held <= g.memory {
				break
			}
			g.evicted.Add(1)
		}
		g.held -= int64(len(first.jpeg))
		*first = picture{} // the array behind the slice must not keep the bytes
		g.pictures = g.pictures[1:]
	}
}

// horizon returns the time up to which pictures may go. The caller holds mu.
func (g *Ring) horizon() time.Duration {
	horizon := g.pictures[len(g.pictures)-1].ts - time.Duration(g.keep.Load())
	for _, start := range g.pins {
		horizon = min(horizon, start-g.step)
	}
	return horizon
}

func (g *Ring) remember(n Note) {
	n.Detections = n.Detections[:min(len(n.Detections), boxLimit)]
	g.mu.Lock()
	defer g.mu.Unlock()
	g.noted = append(g.noted, n)
	drop := max(0, len(g.noted)-noteLimit)
	if len(g.pictures) > 0 {
		for horizon := g.horizon(); drop < len(g.noted) && g.noted[drop].Captured.Sub(g.epoch) < horizon; {
			drop++
		}
	}
	clear(g.noted[:drop])
	g.noted = g.noted[drop:]
}

// has reports whether the ring remembers a frame.
func (g *Ring) has(id uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.ContainsFunc(g.pictures, func(p picture) bool { return p.id == id })
}

// pin keeps pictures from start on until unpin, as far as memory allows.
func (g *Ring) pin(c *clip, start time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pins[c] = start
}

func (g *Ring) unpin(c *clip) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.pins, c)
}

// covers reports whether the ring has all it will ever have up to end.
func (g *Ring) covers(end time.Duration) bool {
	if g.ended.Load() {
		return true
	}
	if g.confirming.Load() > 0 {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.pictures) > 0 && g.pictures[len(g.pictures)-1].ts >= end-g.step/2
}

// cut returns the pictures from start to end, within half a step, stretched to
// those with the given IDs; and the notes of that time.
func (g *Ring) cut(start, end time.Duration, confirm []uint64) ([]picture, []Note) {
	g.mu.Lock()
	defer g.mu.Unlock()
	lo := sort.Search(len(g.pictures), func(i int) bool { return g.pictures[i].ts >= start-g.step/2 })
	hi := sort.Search(len(g.pictures), func(i int) bool { return g.pictures[i].ts > end+g.step/2 })
	hi = max(lo, hi)
	for i, p := range g.pictures {
		if slices.Contains(confirm, p.id) {
			lo, hi = min(lo, i), max(hi, i+1)
		}
	}
	pictures := append([]picture(nil), g.pictures[lo:hi]...)
	var notes []Note
	for _, n := range g.noted {
		if ts := n.Captured.Sub(g.epoch); len(pictures) > 0 && ts >= pictures[0].ts-g.step/2 && ts <= pictures[len(pictures)-1].ts+g.step/2 {
			notes = append(notes, n)
		}
	}
	return pictures, notes
}
