package live

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rvo-tui/capture"
)

// Limit is the capacity of a viewer's queue, in entries.
const Limit = 4096

const (
	maxBytes = 16 << 20 // bytes of packets in a viewer's queue
	// maxBehind is how long a packet may have waited when the next key frame arrives. A
	// viewer further behind continues at that key frame.
	maxBehind = time.Second
)

// Entry is one entry of a viewer's queue. Exactly one of Packet, Result and Lost is set.
type Entry struct {
	Camera string
	Packet *capture.Packet
	Result *Result
	Lost   *Lost

	since time.Time // when it was queued
}

// Lost counts what a slow viewer has lost since its last Lost entry.
type Lost struct {
	Frames  uint64 `json:"frames"`  // video packets
	GOPs    uint64 `json:"gops"`    // groups of pictures lost, completely or in part
	Results uint64 `json:"results"` // detector results
}

// Viewer is the queue of one live view. It holds at most 4,096 entries and 16 MiB. A
// slow reader loses the packets up to the next key frame and gets a Lost entry before
// it, so each packet either follows the previous one or is a key frame. It is safe for
// concurrent use.
type Viewer struct {
	ready chan struct{}
	depth atomic.Int32

	mu       sync.Mutex // guards the fields below; held briefly
	queue    []Entry
	bytes    int
	skipping bool // dropping packets up to the next key frame
	lost     Lost // not reported yet
	over     bool
}

// NewViewer returns an empty queue.
func NewViewer() *Viewer { return &Viewer{ready: make(chan struct{}, 1)} }

// Watch subscribes to the results of a camera and, with packets, to its packets from
// the last key frame on. A viewer takes packets of only one camera. It returns false if
// the camera has ended.
func (v *Viewer) Watch(h *Hub, packets bool) bool { return h.add(viewing{v, packets}) }

// Leave ends a subscription.
func (v *Viewer) Leave(h *Hub) { h.remove(v) }

// Ready returns a channel that receives a value when Next may have an entry.
func (v *Viewer) Ready() <-chan struct{} { return v.ready }

// Next removes the next entry. ok is false if the queue is empty; ended is true once a
// camera has ended and the queue is empty.
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

// packet queues a packet and returns how many packets were dropped.
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

// skip drops all queued packets and returns how many there were. Lost entries become part
// of the next one. The caller holds mu.
func (v *Viewer) skip() (lost uint64) {
	v.queue = slices.DeleteFunc(v.queue, func(e Entry) bool {
		if l := e.Lost; l != nil {
			v.lost.Frames, v.lost.GOPs, v.lost.Results = v.lost.Frames+l.Frames, v.lost.GOPs+l.GOPs, v.lost.Results+l.Results
			return true
		}
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

// result queues a detector result.
func (v *Viewer) result(camera string, r *Result) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.queue) >= Limit {
		v.lost.Results++
		return
	}
	v.put(Entry{Camera: camera, Result: r})
}

// put queues an entry, preceded by a Lost entry if anything was lost. The caller holds
// mu.
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
