package live

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rvo-tui/capture"
)

// Limit is how many entries may wait for a viewer.
const Limit = 4096

const (
	maxBytes = 16 << 20 // of packets that wait for a viewer
	// maxBehind is how long a packet may wait for a viewer when the next key frame
	// comes. A viewer that is further behind goes on with that key frame.
	maxBehind = time.Second
)

// Entry is one entry of a live view: a packet, a result, or what was lost before.
type Entry struct {
	Camera string
	Packet *capture.Packet
	Result *Result
	Lost   *Lost

	since time.Time // when it was queued
}

// Lost counts what a viewer that was too slow did not get.
type Lost struct {
	Frames  uint64 `json:"frames"`  // packets of video
	GOPs    uint64 `json:"gops"`    // groups of pictures that lost all or their end
	Results uint64 `json:"results"` // answers of detectors
}

// Viewer is the queue of one live view. It holds at most 4,096 entries and 16 MiB.
// Who reads too slowly loses the packets up to the next key frame, which are counted
// and reported, so each packet follows the one before or is a key frame. Its methods
// may be called from any goroutine.
type Viewer struct {
	ready chan struct{}
	depth atomic.Int32

	mu       sync.Mutex // guards what follows; held for moments only
	queue    []Entry
	bytes    int
	skipping bool // packets are lost up to the next key frame
	lost     Lost // not reported yet
	over     bool
}

// NewViewer returns an empty queue.
func NewViewer() *Viewer { return &Viewer{ready: make(chan struct{}, 1)} }

// Watch lets the viewer have the results of a camera and, with packets, what it sends
// from its last key frame on. A viewer takes packets of one camera alone. It returns
// false when the camera has ended.
func (v *Viewer) Watch(h *Hub, packets bool) bool { return h.add(viewing{v, packets}) }

// Leave ends what Watch began.
func (v *Viewer) Leave(h *Hub) { h.remove(v) }

// Ready returns a channel that has a value when there may be something to take.
func (v *Viewer) Ready() <-chan struct{} { return v.ready }

// Next takes the next entry. It returns false where there is none yet, and ended once
// a camera has ended and all else is taken.
func (v *Viewer) Next() (e Entry, ok, ended bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.queue) == 0 {
		return Entry{}, false, v.over
	}
	e, v.queue[0] = v.queue[0], Entry{}
	v.queue = v.queue[1:]
	if e.Packet != nil {
		v.bytes -= len(e.Packet.Data)
	}
	v.depth.Store(int32(len(v.queue)))
	return e, true, false
}

// packet queues a packet and returns how many were lost by that.
func (v *Viewer) packet(camera string, p *capture.Packet) (lost uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := time.Now()
	if p.Key {
		v.skipping = false
		if i := slices.IndexFunc(v.queue, isPacket); i >= 0 && now.Sub(v.queue[i].since) > maxBehind {
			lost = v.skip()
		}
	}
	if v.skipping {
		v.lost.Frames++
		return 1
	}
	v.bytes += len(p.Data)
	v.put(Entry{Camera: camera, Packet: p, since: now})
	if v.bytes > maxBytes || len(v.queue) > Limit {
		lost += v.skip()
		v.skipping = true
	}
	return lost
}

func isPacket(e Entry) bool { return e.Packet != nil }

// skip drops all packets that wait and returns how many there were. The caller holds
// mu.
func (v *Viewer) skip() (lost uint64) {
	v.queue = slices.DeleteFunc(v.queue, func(e Entry) bool {
		if e.Packet == nil {
			return false
		}
		if e.Packet.Key || lost == 0 {
			v.lost.GOPs++
		}
		lost++
		return true
	})
	v.lost.Frames += lost
	v.bytes = 0
	v.depth.Store(int32(len(v.queue)))
	return lost
}

// result queues the answer of a detector.
func (v *Viewer) result(camera string, r *Result) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.queue) >= Limit {
		v.lost.Results++
		return
	}
	v.put(Entry{Camera: camera, Result: r})
}

// put queues an entry, behind what was lost before it. The caller holds mu.
func (v *Viewer) put(e Entry) {
	if v.lost != (Lost{}) {
		lost := v.lost
		v.queue, v.lost = append(v.queue, Entry{Camera: e.Camera, Lost: &lost}), Lost{}
	}
	v.queue = append(v.queue, e)
	v.depth.Store(int32(len(v.queue)))
	v.wake()
}

func (v *Viewer) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.over = true
	v.wake()
}

func (v *Viewer) wake() {
	select {
	case v.ready <- struct{}{}:
	default:
	}
}
