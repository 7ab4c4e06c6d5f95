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
	aStart              // a worker started on a frame
	aDone               // a detector has finished: captured, seen, started, done
	anEvent             // a rule has confirmed an event: ages
)

// sample is one observation of a probe. Times are since the epoch.
type sample struct {
	what   what
	failed bool   // aDone: the run failed
	void   bool   // aDone: the result was discarded
	task   uint32 // aStart, aDone: index of the detector
	frame  uint64 // ID
	at     time.Duration
	// times depends on what. aTick: duration. aFrame: capture and arrival. aDone: capture of the
	// frame, when the engine saw it, start and end of the run. anEvent: stages of its age.
	times [engine.StageCount]time.Duration
}

// probe records what the engine of one camera does. A sample costs the live path a few stores; another
// goroutine collects and evaluates the samples. If the ring is full, the sample is dropped and
// counted, and the run fails.
type probe struct {
	ring []sample // its length is a power of two

	// Owned by the pipeline's goroutine.
	next uint64 // index of the next sample
	free uint64 // index at which the ring is full, as last read

	written atomic.Uint64 // samples published to the collector, in whole ticks
	read    atomic.Uint64 // samples it has read
	dropped atomic.Uint64
}

// ringTime is how much time of a workload fits into a probe's ring.
const ringTime = time.Second

// newProbe returns a probe for a rate of samples a second.
func newProbe(rate float64) *probe {
	size := 1 << 12
	for float64(size) < rate*ringTime.Seconds() {
		size *= 2
	}
	p := &probe{ring: make([]sample, size), free: uint64(size)}
	for i := range p.ring {
		p.ring[i].what = anEvent // avoid page faults during the run
	}
	return p
}

// slot returns the next sample to fill, or nil if the ring is full.
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

// collect calls each with every published sample, in order. Only one goroutine may call it.
func (p *probe) collect(each func(*sample)) {
	r, w := p.read.Load(), p.written.Load()
	for ; r < w; r++ {
		each(&p.ring[r&uint64(len(p.ring)-1)])
	}
	p.read.Store(r)
}
