package runtime

import (
	"context"
	"sync"

	"rvo-tui/internal/ring"
	"rvo-tui/rules"
)

// A Sink receives events and delivers them outside the process.
type Sink interface {
	// Name identifies the sink in logs, metrics and dashboards.
	Name() string
	// Offer hands an event over and never blocks. False: the sink is
	// full or has ended, and the event is dropped and counted. It is safe for
	// concurrent use.
	Offer(event rules.Event) bool
	// View returns the state of the sink.
	View() SinkView
	// Run delivers events until ctx ends. Then it accepts no more, delivers those
	// that it holds for a bounded time, and returns an error when some are left.
	// It is called once.
	Run(ctx context.Context) error
}

// The states of a sink.
const (
	SinkOK       = "ok"
	SinkDegraded = "degraded" // cannot deliver its events; it retries by itself
)

// RecentEvents is how many events a Recent keeps.
const RecentEvents = 256

// RecentEvent is an event with its number in the order of arrival.
type RecentEvent struct {
	Seq   uint64      `json:"seq"` // ascending from 1, without gaps
	Event rules.Event `json:"event"`
}

// Recent is a Sink that keeps the newest RecentEvents events in memory, for
// dashboards. It never drops a new event. It is safe for concurrent use.
type Recent struct {
	mu   sync.Mutex // guards what follows; nothing is called while it is held
	ring *ring.Ring[RecentEvent]
}

// NewRecent returns a Recent without events.
func NewRecent() *Recent { return &Recent{ring: ring.New[RecentEvent](RecentEvents)} }

// Name implements Sink.
func (r *Recent) Name() string { return "recent" }

// Offer implements Sink.
func (r *Recent) Offer(event rules.Event) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring.Add(RecentEvent{r.ring.Last() + 1, event})
	return true
}

// Events returns the kept events after the one numbered seq, oldest first; 0
// means all.
func (r *Recent) Events(seq uint64) []RecentEvent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ring.After(seq)
}

// View implements Sink.
func (r *Recent) View() SinkView {
	r.mu.Lock()
	defer r.mu.Unlock()
	return SinkView{Name: r.Name(), State: SinkOK, Written: r.ring.Last(), Capacity: RecentEvents}
}

// Run implements Sink. It has nothing to deliver.
func (r *Recent) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}
