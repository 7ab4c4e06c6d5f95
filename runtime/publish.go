package runtime

import (
	"maps"
	"slices"
	"sync"
	"time"

	"rvo-tui/runtime/engine"
)

// Subscribe returns a channel that holds the newest Snapshot, renewed at
// Config.SnapshotRate. A slow reader misses snapshots and delays nothing. The channel
// is closed after the last snapshot, when the Runtime has stopped. cancel ends the
// subscription and may be called more than once.
func (r *Runtime) Subscribe() (snapshots <-chan *Snapshot, cancel func()) {
	return r.watchers.Subscribe(nil)
}

// Snapshot returns the current state. It does not delay the live path.
func (r *Runtime) Snapshot() *Snapshot {
	now := time.Now()
	s := &Snapshot{At: now, Started: r.epoch, Uptime: now.Sub(r.epoch), Slots: r.slots.View(), Loop: r.loop.view(now.Sub(r.epoch)), Modified: int(r.modified.Load())}
	// Must come after the state of the loop: a snapshot with a running loop has all
	// cameras.
	cameras, reloading := r.listed()
	s.Loop.Reloading = reloading
	for _, c := range cameras {
		s.Cameras = append(s.Cameras, c.state())
	}
	for _, sink := range r.opts.Sinks {
		v := sink.View()
		s.Sinks = append(s.Sinks, v)
		s.Queues = append(s.Queues, QueueView{
			Name: "sink:" + v.Name, Depth: v.Depth, Capacity: v.Capacity, Drops: []engine.Count{{Reason: "full", N: v.Dropped}},
		})
	}
	if r.opts.Outbox != nil {
		v := r.opts.Outbox.Outputs()
		s.Outbox = &v
	}
	if l := r.opts.LogRing; l != nil {
		s.Log = l.View()
		depth, capacity, dropped := l.Queue()
		s.Queues = append(s.Queues, QueueView{Name: "log", Depth: depth, Capacity: capacity, Drops: []engine.Count{{Reason: "full", N: dropped}}})
	}
	if n := r.opts.Reloads; n != nil {
		s.Reload = n.View()
	}
	if c := r.opts.Clips; c != nil && c.Active() {
		st := c.Status()
		s.Clips = &st
		s.Queues = append(s.Queues, QueueView{Name: "clips", Depth: st.Waiting, Capacity: st.WaitingCap, Drops: counts(st.Dropped)})
	}
	s.Queues = append(s.Queues, QueueView{Name: "commands", Depth: len(r.requests), Capacity: cap(r.requests)})
	s.Queues = append(s.Queues, QueueView{Name: "changes", Depth: len(r.changes), Capacity: cap(r.changes)})
	if list := r.alerts.Load(); list != nil {
		s.Alerts = *list
	}
	s.followWall()
	if r.opts.Redact != nil {
		s.redact(r.opts.Redact)
	}
	return s
}

// broadcast publishes a new snapshot if there are subscribers.
func (r *Runtime) broadcast() {
	if r.watchers.Watched() {
		r.watchers.Publish(r.Snapshot())
	}
}

// counts converts a map of counters to a list.
func counts(m map[string]uint64) []engine.Count {
	out := make([]engine.Count, 0, len(m))
	for _, reason := range slices.Sorted(maps.Keys(m)) {
		out = append(out, engine.Count{Reason: reason, N: m[reason]})
	}
	return out
}

// Broadcast passes the newest Snapshot to any number of subscribers. One that does not
// read in time misses snapshots and delays nothing. The zero value is ready to use. It
// is safe for concurrent use.
type Broadcast struct {
	mu          sync.Mutex // guards the fields below
	subscribers []chan *Snapshot
	closed      bool
}

// Subscribe returns a channel that holds the newest Snapshot; at first that is first,
// unless it is nil. Close closes the channel. cancel ends the subscription and may be
// called more than once.
func (b *Broadcast) Subscribe(first *Snapshot) (snapshots <-chan *Snapshot, cancel func()) {
	ch := make(chan *Snapshot, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		close(ch)
		return ch, func() {}
	}
	if first != nil {
		ch <- first
	}
	b.subscribers = append(b.subscribers, ch)
	return ch, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.subscribers = slices.DeleteFunc(b.subscribers, func(o chan *Snapshot) bool { return o == ch })
	}
}

// Watched reports whether there are subscribers.
func (b *Broadcast) Watched() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.subscribers) > 0
}

// Publish replaces the waiting snapshot of every subscriber by s.
func (b *Broadcast) Publish(s *Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ch := range b.subscribers {
		select {
		case <-ch: // the last one was not read
		default:
		}
		ch <- s // never blocks: only the holder of the mutex sends
	}
}

// Close ends all current and future subscriptions.
func (b *Broadcast) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ch := range b.subscribers {
		close(ch)
	}
	b.subscribers, b.closed = nil, true
}
