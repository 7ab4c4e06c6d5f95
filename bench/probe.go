package bench

import (
	"sync/atomic"
	"time"

	"rvo-tui/rules"
	"rvo-tui/runtime/engine"
)

// what is the kind of a sample.
type what uint8

const (
	aTick   what = iota // a tick of the pipeline: at, took
	aFrame              // the engine saw a frame: captured, arrived
	aStart              // a worker began with a frame
	aDone               // a detector has answered: captured, seen, started, done
	anEvent             // a rule has confirmed: ages
)

// sample is one observation of a probe. Times are since the epoch.
type sample struct {
	what   what
	failed bool   // aDone: with an error
	void   bool   // aDone: the answer was thrown away
	task   uint32 // aStart, aDone: from 0
	frame  uint64 // ID
	at     time.Duration
	// times depends on what: of aTick how long it took; of aFrame
	// when it was captured and when it arrived; of aDone when the frame was
	// captured and seen, and when the run began and ended; of anEvent the stages
	// of its age.
	times [engine.StageCount]time.Duration
}

// probe records what the engine of one camera does. It costs the live path a few stores
// for each sample; another goroutine collects and evaluates the samples. A full ring
// drops the sample and counts it, and the run then fails.
type probe struct {
	ring []sample // its length is a power of two

	// The pipeline's goroutine owns these.
	next uint64 // sample to be written
	free uint64 // sample up to which there is room, as far as is known

	written atomic.Uint64 // samples shown to the collector: whole ticks
	read    atomic.Uint64 // samples that it has taken
	dropped atomic.Uint64
}

// ringTime is how much of a workload a probe holds until it is collected.
const ringTime = time.Second

// newProbe returns a probe for so many samples a second.
func newProbe(rate float64) *probe {
	size := 1 << 12
	for float64(size) < rate*ringTime.Seconds() {
		size *= 2
	}
	p := &probe{ring: make([]sample, size), free: uint64(size)}
	for i := range p.ring {
		p.ring[i].what = anEvent // so that the first write of a run meets no page fault
	}
	return p
}

// slot returns where the next sample goes, or nil where there is no room.
func (p *probe) slot(w what, frame uint64, at time.Duration) *sample {
	if p.next == p.free {
		if p.free = p.read.Load() + uint64(len(p.ring)); p.next == p.free {
			p.dropped.Add(1)
			return nil
		}
	}
	s := &p.ring[p.next&uint64(len(p.ring)-1)]
	p.next++
	s.what, s.frame, s.at = w, frame, at
	return s
}

// Stepped implements runtime.Probe.
func (p *probe) Stepped(now time.Duration, in *engine.Inputs, out *engine.Actions) {
	if f := &in.Frame; f.ID != 0 {
		if s := p.slot(aFrame, f.ID, now); s != nil {
			s.times[0], s.times[1] = f.Captured, f.Arrived
		}
	}
	for i := range in.Reports {
		r := &in.Reports[i]
		switch r.Kind {
		case engine.Started:
			if s := p.slot(aStart, r.Frame.ID, now); s != nil {
				s.task = uint32(r.Task) - 1
			}
		case engine.Done:
			if s := p.slot(aDone, r.Frame.ID, now); s != nil {
				s.task, s.failed, s.void = uint32(r.Task)-1, r.Err != nil, r.Void
				s.times[0], s.times[1], s.times[2], s.times[3] = r.Frame.Captured, r.Frame.Seen, r.Started, r.At
			}
		case engine.Opened, engine.Withdrawn:
		}
	}
	for i := range out.Fired {
		ev := &out.Fired[i].Event
		if ev.Phase != rules.PhaseConfirmed {
			continue
		}
		if s := p.slot(anEvent, ev.Frame, now); s != nil {
			a := &ev.Age
			s.times = [...]time.Duration{a.Capture, a.Queue, a.Schedule, a.Inference, a.Publish, a.Event}
		}
	}
}

// Ticked implements runtime.Probe.
func (p *probe) Ticked(begun, took time.Duration) {
	if s := p.slot(aTick, 0, begun); s != nil {
		s.times[0] = took
	}
	p.written.Store(p.next)
}

// collect hands every sample of finished ticks to each, in order. One goroutine
// at a time may do so.
func (p *probe) collect(each func(*sample)) {
	r, w := p.read.Load(), p.written.Load()
	for ; r < w; r++ {
		each(&p.ring[r&uint64(len(p.ring)-1)])
	}
	p.read.Store(r)
}
