package bench

import (
	"sync/atomic"
	"time"

	"rvo-tui/rules"
	"rvo-tui/runtime"
)

// what a sample tells.
type what uint8

const (
	aTick   what = iota // a turn of the pipeline: at, took
	aFrame              // the engine saw a frame: captured, arrived
	aStart              // a worker began with a frame
	aDone               // a detector has answered: captured, seen, started, done
	anEvent             // a rule has confirmed: ages
)

// sample is one thing that a probe was told. Times are since the epoch.
type sample struct {
	what   what
	failed bool   // aDone
	task   uint32 // of aStart and aDone, from 0
	frame  uint64 // ID
	at     time.Duration

	took              time.Duration // aTick
	captured, arrived time.Duration // aFrame, aDone
	seen              time.Duration // aDone
	started, done     time.Duration // aDone
	ages              rules.Age     // anEvent
}

// probe takes down what the engine of one camera does, and nothing else: it costs
// the live path a few stores for each sample. What is made of the samples is the
// collector's work, in another goroutine. A full ring drops the sample and counts
// it, and the run then fails: its figures would have a hole.
type probe struct {
	ring    []sample // its length is a power of two
	written atomic.Uint64
	read    atomic.Uint64
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
	return &probe{ring: make([]sample, size)}
}

// slot returns where the next sample goes, or nil.
func (p *probe) slot() *sample {
	w := p.written.Load()
	if w-p.read.Load() == uint64(len(p.ring)) {
		p.dropped.Add(1)
		return nil
	}
	return &p.ring[w&uint64(len(p.ring)-1)]
}

func (p *probe) push() { p.written.Store(p.written.Load() + 1) }

// Stepped implements runtime.Probe.
func (p *probe) Stepped(now time.Duration, in *runtime.Inputs, out *runtime.Actions) {
	if in.Frame.ID != 0 {
		if s := p.slot(); s != nil {
			s.what, s.frame, s.at, s.captured, s.arrived = aFrame, in.Frame.ID, now, in.Frame.Captured, in.Frame.Arrived
			p.push()
		}
	}
	for i := range in.Reports {
		r := &in.Reports[i]
		if r.What != runtime.Started && r.What != runtime.Done {
			continue
		}
		s := p.slot()
		if s == nil {
			continue
		}
		s.what, s.task, s.frame, s.at = aStart, uint32(r.Task)-1, r.Frame.ID, now
		if r.What == runtime.Done {
			s.what, s.failed = aDone, r.Err != nil
			s.captured, s.seen, s.started, s.done = r.Frame.Captured, r.Frame.Seen, r.Started, r.At
		}
		p.push()
	}
	for i := range out.Fired {
		ev := &out.Fired[i].Event
		if ev.Phase != rules.PhaseConfirmed {
			continue
		}
		if s := p.slot(); s != nil {
			s.what, s.frame, s.at, s.ages = anEvent, ev.Frame, now, ev.Age
			p.push()
		}
	}
}

// Ticked implements runtime.Probe.
func (p *probe) Ticked(begun, took time.Duration) {
	if s := p.slot(); s != nil {
		s.what, s.at, s.took = aTick, begun, took
		p.push()
	}
}

// collect hands every sample that is there to each, in their order. One goroutine
// at a time may do so.
func (p *probe) collect(each func(*sample)) {
	r, w := p.read.Load(), p.written.Load()
	for ; r < w; r++ {
		each(&p.ring[r&uint64(len(p.ring)-1)])
	}
	p.read.Store(r)
}
