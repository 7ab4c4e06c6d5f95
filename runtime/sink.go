package runtime

import (
	"context"
	"errors"
	"sync"
	"time"

	"rvo-tui/internal/ring"
	"rvo-tui/rules"
	"rvo-tui/runtime/engine"
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

// An Outbox stores events until its outputs have delivered them. It is safe for
// concurrent use.
type Outbox interface {
	// Outputs returns the state of the outbox and of its outputs. It does not wait.
	Outputs() OutboxView
	// Do carries out a Notify, Resend or Discard command. Notify takes as long as a
	// delivery.
	Do(ctx context.Context, cmd Command) error
}

// ErrNoOutput is the error of a command for an output that there is not.
var ErrNoOutput = errors.New("there is no such output")

// OutboxView is the state of an Outbox.
type OutboxView struct {
	File  string `json:"file"`
	State string `json:"state"` // "ok" or "degraded": nothing is stored
	// Reason is why it is degraded.
	Reason string `json:"reason"`
	// Moved is where a damaged store was moved to since the start; empty: none was.
	Moved    string `json:"moved"`
	Records  int    `json:"records"` // stored
	Bytes    int64  `json:"bytes"`   // of these
	MaxBytes int64  `json:"max_bytes"`
	// Stored counts the events that were stored, NotDurable those that outputs got
	// from memory because they could not be.
	Stored     uint64       `json:"stored"`
	NotDurable uint64       `json:"not_durable"`
	Outputs    []OutputView `json:"outputs"`
}

// OutputView is the state of one output of an Outbox.
type OutputView struct {
	Name   string `json:"name"`
	To     string `json:"to"`    // scheme and host, nothing else of the address
	State  string `json:"state"` // "ok" or "degraded": the last attempt failed, or there is no connection
	Reason string `json:"reason"`
	Remedy string `json:"remedy"` // what to do about it
	// Connection is OutputConnected or OutputConnecting; empty: none is kept.
	Connection string `json:"connection"`
	// Backlog is how many messages wait, Oldest the time of the first one's event;
	// zero: none waits.
	Backlog int       `json:"backlog"`
	Oldest  time.Time `json:"oldest"`
	// NextTry is when a failed delivery is tried again; zero: none failed.
	NextTry   time.Time `json:"next_try"`
	LastOK    time.Time `json:"last_ok"` // of the last delivery; zero: there was none
	Delivered uint64    `json:"delivered"`
	Retries   uint64    `json:"retries"` // attempts that failed and are made again
	Folded    uint64    `json:"folded"`  // events that were reported by a summary
	// Aside are messages that the receiver refused, newest first, at most
	// MaxAsideShown; AsideCount is how many there are.
	AsideCount int            `json:"aside_count"`
	Aside      []AsideView    `json:"aside"`
	Drops      []engine.Count `json:"drops"` // by reason: "age", "bytes", "memory", "aside"
	// Traffic counts what was sent and received besides deliveries, by what it is.
	Traffic []engine.Count `json:"traffic"`
	// Latency is the time from an event to its acceptance.
	Latency *engine.Histogram `json:"latency"`
}

// The states of the connection of an output that keeps one.
const (
	OutputConnected  = "connected"
	OutputConnecting = "connecting"
)

// MaxAsideShown is how many refused messages an OutputView lists.
const MaxAsideShown = 20

// AsideView is a message that was set aside.
type AsideView struct {
	ID     string    `json:"id"`    // of the delivery
	Event  string    `json:"event"` // type
	Camera string    `json:"camera"`
	Time   time.Time `json:"time"` // of the event
	Reason string    `json:"reason"`
	Tries  int       `json:"tries"`
}
