// Package live distributes packets and detector results of cameras to viewers. The live
// path never waits for a viewer. A slow viewer loses whole groups of pictures, which
// are counted.
package live

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rvo-tui/capture"
	"rvo-tui/runtime/engine"
)

// Hub distributes the packets and results of one camera to its viewers. It keeps the
// packets since the last key frame, so that a new viewer can start decoding at once. It
// is safe for concurrent use.
type Hub struct {
	camera  string
	watched atomic.Bool
	lost    atomic.Uint64 // frames lost by slow viewers

	mu      sync.Mutex // guards the fields below; held briefly
	gop     capture.GOP
	track   *capture.Track // of the last key frame
	viewers []viewing
	ended   bool
	private bool
}

// NewHub returns the hub of a camera that has sent nothing yet.
func NewHub(camera string) *Hub { return &Hub{camera: camera} }

// viewing is a Viewer's subscription to one camera.
type viewing struct {
	*Viewer
	packets bool // false: only results
}

// staleGOP is the age of the newest packet beyond which a new viewer waits for the next
// key frame, because the camera is down.
const staleGOP = 5 * time.Second

// OfferPacket implements capture.PacketSink. It ignores sound, and packets before the
// first key frame of a connection.
func (h *Hub) OfferPacket(p *capture.Packet) {
	if !p.Track.Video {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.private {
		return
	}
	h.gop.Add(p)
	if p.Key {
		h.track = p.Track
	}
	if p.Track != h.track {
		return
	}
	for _, v := range h.viewers {
		if v.packets {
			h.lost.Add(v.packet(h.camera, p))
		}
	}
}

// OfferResult distributes the result of a detector. signals are in the order of the
// result; the caller may reuse both afterwards. Without viewers it does nothing.
func (h *Hub) OfferResult(detector string, signals []string, frame engine.FrameRef, epoch time.Time, a *engine.Answer) {
	if !h.watched.Load() {
		return
	}
	r := &Result{Detector: detector, Frame: frame.ID, Captured: epoch.Add(frame.Captured)}
	for i, name := range signals {
		r.Signals = append(r.Signals, ResultSignal{name, a.Values[i], a.Detections[i]})
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, v := range h.viewers {
		v.result(h.camera, r)
	}
}

// Conceal sets whether packets are withheld from viewers, because they show privacy
// zones. Results continue.
func (h *Hub) Conceal(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.private = on; on {
		h.gop.Reset()
		h.track = nil
	}
}

// Watched reports whether there are viewers.
func (h *Hub) Watched() bool { return h.watched.Load() }

// add subscribes a viewer, whose packets start at the last key frame. It returns false
// if the hub is closed.
func (h *Hub) add(v viewing) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return false
	}
	if kept := h.gop.Packets(); v.packets && len(kept) > 0 && time.Since(kept[len(kept)-1].Arrived) < staleGOP {
		for _, p := range kept {
			h.lost.Add(v.packet(h.camera, p))
		}
	}
	h.viewers = append(h.viewers, v)
	h.watched.Store(true)
	return true
}

func (h *Hub) remove(gone *Viewer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.viewers = slices.DeleteFunc(h.viewers, func(v viewing) bool { return v.Viewer == gone })
	h.watched.Store(len(h.viewers) > 0)
}

// Close ends all viewers. Later subscriptions fail.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, v := range h.viewers {
		v.end()
	}
	h.viewers, h.ended = nil, true
	h.watched.Store(false)
	h.gop.Reset()
}

// Depth returns the length of the longest viewer queue.
func (h *Hub) Depth() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	depth := 0
	for _, v := range h.viewers {
		depth = max(depth, int(v.depth.Load()))
	}
	return depth
}

// Lost returns how many frames slow viewers have lost since the start.
func (h *Hub) Lost() uint64 { return h.lost.Load() }
