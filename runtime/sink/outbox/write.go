package outbox

import (
	"errors"
	"math"
	"slices"
	"time"

	"rvo-tui/internal/fileio"
	"rvo-tui/rules"
	"rvo-tui/runtime"
)

// write takes a group of events, stores it with all other changes, and passes it on. It
// returns whether more events are waiting, or may be too old. It is called by the writer.
func (o *Outbox) write(now time.Time) (more bool) {
	done := fileio.Watch(o.hangs)
	err := o.blocked
	if err == nil || !now.Before(o.retryAt) {
		err = o.open(now)
	}
	o.wrote = now
	items := o.in.take(o.room())
	expired := o.expired(now)

	o.mu.Lock()
	fresh := o.enter(items)
	for i := range expired {
		o.lose(&expired[i].Record, expired[i].count)
		o.skip(expired[i].Seq)
	}
	o.clean()
	s, c, flushed := o.store, o.pending, o.flushed
	c.records = slices.Clone(o.tail)
	o.pending, o.flushed = change{}, make(chan struct{})
	o.mu.Unlock()

	var sizes map[uint64]int64
	switch {
	case err != nil:
	case s == nil:
		err = errReopen
	case !c.empty():
		sizes, err = s.commit(&c)
	}
	done()
	if err == nil {
		o.blocked = nil
		o.waits.Reset()
		o.committed(&c, sizes)
	} else {
		if o.blocked == nil || !now.Before(o.retryAt) {
			o.retryAt = now.Add(o.waits.Next())
		}
		o.blocked = err
		o.failed(&c, err)
	}
	close(flushed)
	for i := range fresh {
		for _, b := range o.behind {
			b.Offer(fresh[i]) // it counts what it drops
		}
	}
	for _, w := range o.workers {
		poke(w.wake)
	}
	depth, _ := o.in.state()
	return depth > 0 || err == nil && len(expired) == pageSize
}

// errReopen is why nothing is stored right after a worker could not read the store.
var errReopen = errors.New("the outbox could not be read and is being reopened")

// room returns how many events the sinks behind the outbox can take now, at most a
// group. It waits briefly for a sink that is only behind.
func (o *Outbox) room() int {
	for range 50 {
		n := groupMax
		for _, b := range o.behind {
			if v := b.View(); v.State == runtime.SinkOK && v.Capacity > 0 {
				n = min(n, v.Capacity-v.Depth)
			}
		}
		if n > 0 {
			return n
		}
		time.Sleep(2 * time.Millisecond)
	}
	return groupMax // it makes no progress, so let it drop and count
}

// enter creates records for items and returns the events among them. The caller holds
// the mutex.
func (o *Outbox) enter(items []item) (fresh []rules.Event) {
	for _, it := range items {
		if e := it.event; math.IsNaN(e.Confidence) || math.IsInf(e.Confidence, 0) {
			o.failures++ // it cannot be encoded as JSON
			continue
		}
		r := Record{Event: it.event, Clip: it.clip, Saves: it.saves || it.event.Clip, For: it.only}
		switch {
		case it.only != "":
			// It leaves its place with the same write that stores it again.
			if a, ok := o.aside[it.aside]; !ok || a.Output != it.only || a.Record.ID() != r.ID() {
				continue // it was resent or discarded already
			}
			o.setAside(it.aside, nil)
		case it.clip == nil:
			fresh = append(fresh, it.event)
			if r.Saves && o.wantsClips() && len(o.expected) < clipsMax {
				o.expect(it.event.ID, &r)
			}
		default:
			o.remember(it.event.ID, *it.clip)
			if _, ok := o.expected[it.event.ID]; ok {
				o.expect(it.event.ID, nil)
			}
			if !o.wantsClips() {
				continue
			}
		}
		o.last++
		r.Seq = o.last
		o.tail = append(o.tail, r)
	}
	for len(o.tail) > tailMax {
		o.lose(&o.tail[0], func(d *drops) { d.memory++ })
		o.tail = o.tail[1:]
		o.shown = max(0, o.shown-1)
	}
	return fresh
}

func (o *Outbox) wantsClips() bool {
	return slices.ContainsFunc(o.workers, func(w *worker) bool { return w.out.Clips })
}

// expect records that the clip of an event is being saved; nil: it no longer is. The
// caller holds the mutex.
func (o *Outbox) expect(id string, r *Record) {
	if r == nil {
		delete(o.expected, id)
	} else {
		o.expected[id] = *r
	}
	if o.pending.expected == nil {
		o.pending.expected = map[string]*Record{}
	}
	o.pending.expected[id] = r
}

// remember stores the result of a clip for outputs that wait for it. The caller holds
// the mutex.
func (o *Outbox) remember(id string, c Clip) {
	if _, ok := o.clipOf[id]; !ok {
		o.clipIDs = append(o.clipIDs, id)
	}
	o.clipOf[id] = c
	if len(o.clipIDs) > clipsMax {
		delete(o.clipOf, o.clipIDs[0])
		o.clipIDs = o.clipIDs[1:]
	}
}

// show counts a record for outputs that want it and can now read it. The caller holds
// the mutex.
func (o *Outbox) show(r *Record) {
	for _, w := range o.workers {
		if r.Seq > w.pos.Seq && w.wants(r) {
			w.view.Backlog++
		}
	}
}

// lose counts a record for outputs that did not deliver it. The caller holds the mutex.
func (o *Outbox) lose(r *Record, count func(d *drops)) {
	for _, w := range o.workers {
		if r.Seq > w.pos.Seq && w.wants(r) {
			count(&w.drops)
			w.view.Backlog = max(0, w.view.Backlog-1)
		}
	}
}

// expiry is a stored record that must be removed.
type expiry struct {
	Record
	count func(d *drops)
}

// expired returns the oldest records if there are too many or they are too old, at most
// a page of them. It is called by the writer.
func (o *Outbox) expired(now time.Time) (list []expiry) {
	s := o.current()
	if s == nil || len(o.stored.entries) == 0 {
		return nil
	}
	bytes := o.stored.bytes
	var counts []func(d *drops)
	for _, e := range o.stored.entries[:min(pageSize, len(o.stored.entries))] {
		switch {
		case o.cfg.MaxAge > 0 && now.Sub(e.at) > time.Duration(o.cfg.MaxAge):
			counts = append(counts, func(d *drops) { d.age++ })
		case bytes > int64(o.cfg.MaxBytes):
			counts = append(counts, func(d *drops) { d.bytes++ })
		default:
			counts = append(counts, nil)
		}
		bytes -= e.size
	}
	if n := slices.IndexFunc(counts, func(f func(*drops)) bool { return f == nil }); n >= 0 {
		counts = counts[:n]
	}
	if len(counts) == 0 {
		return nil
	}
	records, err := s.after(o.stored.entries[0].seq-1, len(counts))
	if err != nil {
		return nil // the write will report it too
	}
	for i := range records {
		list = append(list, expiry{records[i], counts[i]})
	}
	return list
}

// skip removes the records up to a sequence number, even if they are still wanted. The
// caller holds the mutex.
func (o *Outbox) skip(until uint64) {
	o.pending.delete = max(o.pending.delete, until)
	for _, w := range o.workers {
		if w.pos.Seq < until {
			w.pos.Seq = until
			if w.pos.Until <= until {
				w.pos.Until = 0
			}
			o.moved(w)
		}
	}
}

// clean removes records that every output has finished. The caller holds the mutex.
func (o *Outbox) clean() {
	least := o.last
	for _, w := range o.workers {
		least = min(least, w.pos.Seq)
	}
	if len(o.stored.entries) > 0 && least >= o.stored.entries[0].seq {
		o.pending.delete = max(o.pending.delete, least)
	}
	settled := 0
	for settled < o.shown && o.tail[settled].Seq <= least {
		settled++
	}
	o.tail, o.shown = o.tail[settled:], o.shown-settled
}

// committed records what was stored.
func (o *Outbox) committed(c *change, sizes map[uint64]int64) {
	for i := range c.records {
		r := &c.records[i]
		o.stored.add(r.Seq, sizes[r.Seq], r.Event.Time)
	}
	o.stored.remove(c.delete)
	o.mu.Lock()
	was := o.degraded
	for i := range c.records {
		if i >= o.shown {
			o.show(&c.records[i])
		}
		if c.records[i].Clip == nil && c.records[i].For == "" {
			o.state.Stored++
		}
	}
	o.tail, o.shown = nil, 0
	o.state.Records, o.state.Bytes = len(o.stored.entries), o.stored.bytes
	o.degraded, o.state.State, o.state.Reason = false, runtime.SinkOK, ""
	n := o.state.NotDurable
	o.mu.Unlock()
	if was {
		o.log.Info("events are stored again", "sink", o.Name(), "not_durable", n)
	}
}

// failed records that nothing can be stored, and lets outputs read the tail.
func (o *Outbox) failed(c *change, err error) {
	o.mu.Lock()
	o.pending.merge(c)
	was := o.state.Reason
	o.degraded = true
	o.failures++
	o.state.State, o.state.Reason = runtime.SinkDegraded, err.Error()
	for ; o.shown < len(o.tail); o.shown++ {
		o.show(&o.tail[o.shown])
		o.state.NotDurable++
	}
	var damaged *store
	if errors.Is(err, errDamaged) {
		if o.store != nil {
			o.damaged = err
		}
		damaged, o.store = o.store, nil
	}
	o.mu.Unlock()
	if damaged != nil {
		damaged.abandon()
	}
	if was != err.Error() {
		o.log.Warn("events are not stored; outputs get them from memory", "sink", o.Name(), "error", err)
	}
}

// hangs records that the store does not respond, until a write has ended. Until then
// events wait in memory.
func (o *Outbox) hangs(err error) {
	o.mu.Lock()
	o.degraded = true
	o.failures++
	o.state.State, o.state.Reason = runtime.SinkDegraded, err.Error()
	o.mu.Unlock()
	o.log.Warn("events are not stored; they wait in memory", "sink", o.Name(), "error", err)
}

// index lists the stored records, oldest first.
type index struct {
	entries []sized
	bytes   int64
}

type sized struct {
	seq  uint64
	size int64
	at   time.Time // of the event
}

func (x *index) add(seq uint64, size int64, at time.Time) {
	x.entries = append(x.entries, sized{seq, size, at})
	x.bytes += size
}

// remove removes the records up to a sequence number.
func (x *index) remove(until uint64) {
	n := 0
	for n < len(x.entries) && x.entries[n].seq <= until {
		x.bytes -= x.entries[n].size
		n++
	}
	x.entries = slices.Delete(x.entries, 0, n)
}
