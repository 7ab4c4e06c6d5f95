package runtime

import (
	"slices"
	"sync"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/zone"
)

// recording is the second stream of a camera, which is recorded for evidence and never
// decoded. It is connected while the camera has an evidence ring and is not paused.
type recording struct {
	camera *capture.Camera
	ring   func() capture.PacketSink // nil: nothing is recorded now

	mu     sync.Mutex // guards paused, and the order of calls to the camera
	paused bool       // by command
}

// RecordingView is the state of the second stream of a camera.
type RecordingView struct {
	Source   string        `json:"source"` // without passwords
	State    capture.State `json:"state"`
	Reason   string        `json:"reason"`
	Since    time.Time     `json:"since"`
	SentFPS  float64       `json:"sent_fps"` // frame rate of the camera; 0: unknown
	Packets  uint64        `json:"packets"`  // video packets
	Connects uint64        `json:"connects"`
	Failures uint64        `json:"failures"`
	Stalls   uint64        `json:"stalls"`
}

// newRecording returns the second stream of a camera, which runs with its Camera's Run.
// It stays paused until adjust finds that something must be recorded.
func newRecording(cfg capture.Config, open capture.Drivers, pool *capture.Pool, ring func() capture.PacketSink, log capture.Logger) *recording {
	r := &recording{ring: ring}
	r.camera = capture.NewCamera(cfg.Evidence(), open.Open, pool, (*capture.Frame).Release, log)
	r.camera.DecodeWith(nil, r)
	r.camera.Want(capture.Demand{})
	return r
}

// OfferPacket implements capture.PacketSink.
func (r *recording) OfferPacket(p *capture.Packet) {
	if ring := r.ring(); ring != nil {
		ring.OfferPacket(p)
	}
}

// pause records a command, and applies it together with the state of the ring.
func (r *recording) pause(paused bool) {
	if r == nil {
		return
	}
	r.mu.Lock()
	r.paused = paused
	r.mu.Unlock()
	r.adjust()
}

func (r *recording) adjust() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.paused || r.ring() == nil {
		r.camera.Pause()
	} else {
		r.camera.Resume()
	}
}

// view returns the state of the stream, or nil if there is none.
func (r *recording) view() *RecordingView {
	if r == nil {
		return nil
	}
	s := r.camera.Status()
	return &RecordingView{s.Source, s.State, s.Reason, s.Since, s.SentFPS, s.Packets, s.Connects, s.Failures, s.Stalls}
}

// privacy are the privacy zones of a camera. It is immutable; nil: none.
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

// conceal blacks out the privacy zones in all frames from the next one on, and
// withholds the camera's packets from evidence and viewers. Earlier evidence is
// dropped. It runs in the pipeline's goroutine, or before that starts. Call updateRing
// afterwards.
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
	p.concealed = p.clock()
	for _, slot := range []*frameSlot{&p.newest, &p.seen} {
		if f := slot.take().frame; f != nil {
			f.Release()
		}
	}
	if ring := p.ring.Swap(nil); ring != nil {
		ring.Close()
	}
}
