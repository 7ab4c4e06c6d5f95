package outbox

import (
	"errors"
	"time"

	"rvo-tui/runtime/engine"
)

// open opens the store if necessary. A damaged store is moved aside and a new one
// created. It is called by the writer.
func (o *Outbox) open(now time.Time) error {
	if o.current() != nil {
		return nil
	}
	o.mu.Lock()
	err := o.damaged
	o.mu.Unlock()
	var s *store
	var c contents
	var x listing
	if err == nil {
		s, c, x, err = o.read()
	}
	if errors.Is(err, errDamaged) {
		cause := err
		moved, err := moveAside(o.cfg.File, now)
		if err != nil {
			return err
		}
		o.log.Error("the outbox is damaged: it was moved aside and a new one was created; undelivered messages are in the old one",
			"file", o.cfg.File, "moved", moved, "error", cause)
		o.mu.Lock()
		o.state.Moved, o.damaged = moved, nil
		o.mu.Unlock()
		s, c, x, err = o.read()
		if err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	o.adopt(s, c, x)
	return nil
}

// current returns the open store, or nil. A worker that cannot read it closes it.
func (o *Outbox) current() *store {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.store
}

// read opens the store and lists its records.
func (o *Outbox) read() (*store, contents, listing, error) {
	x := listing{backlog: make([]int, len(o.workers))}
	s, c, err := openStore(o.cfg.File, func(r *Record, size int64, positions map[string]position) {
		x.index.add(r.Seq, size, r.Event.Time)
		for i, w := range o.workers {
			if p, known := positions[w.out.Name]; known && r.Seq > p.Seq && w.wants(r) {
				x.backlog[i]++
			}
		}
	})
	return s, c, x, err
}

// listing is the content of a store: its records, and how many of them each worker has
// waiting.
type listing struct {
	index   index
	backlog []int
}

// adopt takes over an opened store. Records in the tail and messages set aside before get
// new numbers after those of the store. An output without a position starts with the next event.
func (o *Outbox) adopt(s *store, c contents, x listing) {
	o.mu.Lock()
	defer o.mu.Unlock()
	first := !o.opened
	o.opened = true
	o.store, o.stored = s, x.index
	if !first {
		// Write the known positions and set-aside events to the new file.
		for _, w := range o.workers {
			o.moved(w)
		}
		for seq, a := range o.aside {
			o.setAside(seq, &a)
		}
		for id, r := range o.expected {
			o.expect(id, &r)
		}
		return
	}
	o.gen++
	shift := c.last
	o.earlier = shift
	for i := range o.tail {
		o.tail[i].Seq += shift
	}
	o.last += shift
	refused := o.aside
	o.aside, o.pending.aside = map[uint64]aside{}, nil
	for seq, a := range refused {
		o.setAside(seq+shift, &a)
	}
	names := map[string]bool{}
	for i, w := range o.workers {
		names[w.out.Name] = true
		p, known := c.positions[w.out.Name]
		if !known {
			p = position{Seq: shift + w.pos.Seq, Tokens: w.pos.Tokens, At: w.pos.At}
		}
		w.pos = p
		w.view.Backlog += x.backlog[i]
		o.moved(w)
	}
	for name := range c.positions {
		if !names[name] {
			o.pending.gone = append(o.pending.gone, name)
		}
	}
	for seq, a := range c.aside {
		if names[a.Output] {
			o.aside[seq] = a
		} else {
			o.setAside(seq, nil)
		}
	}
	for id, r := range c.expected {
		o.expected[id] = r
		o.unfinished = append(o.unfinished, id)
	}
}

// moved records that the position of an output has changed. The caller holds the mutex.
func (o *Outbox) moved(w *worker) {
	if o.pending.positions == nil {
		o.pending.positions = map[string]position{}
	}
	o.pending.positions[w.out.Name] = w.pos
}

// setAside records that a message was set aside; nil: it no longer is. The caller holds
// the mutex.
func (o *Outbox) setAside(seq uint64, a *aside) {
	if a == nil {
		delete(o.aside, seq)
	} else {
		o.aside[seq] = *a
	}
	if o.pending.aside == nil {
		o.pending.aside = map[uint64]*aside{}
	}
	o.pending.aside[seq] = a
}

// drops counts messages that an output did not deliver, by reason.
type drops struct{ age, bytes, memory, aside uint64 }

func (d drops) counts() []engine.Count {
	return []engine.Count{{Reason: "age", N: d.age}, {Reason: "aside", N: d.aside}, {Reason: "bytes", N: d.bytes}, {Reason: "memory", N: d.memory}}
}

// unreadable records that the store cannot be read and must be reopened.
func (o *Outbox) unreadable(s *store, err error) {
	o.mu.Lock()
	known := o.store != s
	if !known {
		o.store = nil
		if errors.Is(err, errDamaged) {
			o.damaged = err
		}
	}
	o.mu.Unlock()
	if !known {
		s.abandon()
		o.log.Warn("stored events cannot be read", "sink", o.Name(), "error", err)
		poke(o.in.wake)
	}
}
