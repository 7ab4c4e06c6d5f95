package runtime

import (
	"context"
	"errors"
	"log/slog"
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
	// Offer passes an event to the sink and never blocks. It returns false if the sink
	// is full or has ended; the event is then dropped and counted. It is safe for
	// concurrent use.
	Offer(event rules.Event) bool
	// View returns the state of the sink.
	View() SinkView
	// Run delivers events until ctx ends. Then it accepts no more, delivers the queued
	// ones for a bounded time, and returns an error if some are left. It is called
	// once.
	Run(ctx context.Context) error
}

// outletTime is how long sinks and evidence may take to end. Evidence needs up to 7 s.
const outletTime = 7500 * time.Millisecond

// outlets run the sinks and the recorder of clips. It belongs to one goroutine.
type outlets struct {
	ctx    context.Context
	cancel context.CancelFunc
	late   chan struct{} // closed outletTime after stop
	limit  *time.Timer   // closes late; nil: not stopped
	log    *slog.Logger
	all    []outlet
}

// outlet is a sink or the recorder.
type outlet struct {
	name  string
	ended chan struct{}
}

func newOutlets(ctx context.Context, log *slog.Logger) *outlets {
	o := &outlets{late: make(chan struct{}), log: log}
	o.ctx, o.cancel = context.WithCancel(context.WithoutCancel(ctx))
	return o
}

// run starts an outlet. lost is logged if it fails.
func (o *outlets) run(name string, run func(context.Context) error, lost string) {
	ended := make(chan struct{})
	o.all = append(o.all, outlet{name, ended})
	go func() {
		defer close(ended)
		if err := run(o.ctx); err != nil {
			o.log.Error(lost, "sink", name, "error", err)
		}
	}()
}

// stop makes all of them end. Further calls do nothing.
func (o *outlets) stop() {
	if o.limit == nil {
		o.cancel()
		o.limit = time.AfterFunc(outletTime, func() { close(o.late) })
	}
}

// wait waits until all have ended. One that writes to a disk that hangs is abandoned, because it
// ends only when the disk answers.
func (o *outlets) wait() {
	defer o.limit.Stop()
	for _, s := range o.all {
		select {
		case <-s.ended:
			continue
		case <-o.late:
		}
		select {
		case <-s.ended:
		default:
			o.log.Error("a sink has not ended and was abandoned: its disk does not respond; check the disk", "sink", s.name)
		}
	}
}

// The states of a sink.
const (
	SinkOK       = "ok"
	SinkDegraded = "degraded" // cannot deliver its events; retries automatically
)

// RecentEvents is the number of events that a Recent keeps.
const RecentEvents = 256

// RecentEvent is an event with its sequence number.
type RecentEvent struct {
	Seq   uint64      `json:"seq"` // ascending from 1, without gaps
	Event rules.Event `json:"event"`
}

// Recent is a Sink that keeps the newest RecentEvents events in memory, for dashboards.
// It never drops a new event. It is safe for concurrent use.
type Recent struct {
	mu   sync.Mutex // guards the fields below; not held during calls
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

// Events returns the stored events after the one numbered seq, oldest first; 0 means
// all.
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
	// Outputs returns the state of the outbox and its outputs. It does not block.
	Outputs() OutboxView
	// Do carries out a Notify, Resend or Discard command. Notify takes as long as a
	// delivery.
	Do(ctx context.Context, cmd Command) error
}

// Errors of a command for an unknown output, or for a message that is not set aside.
var (
	ErrNoOutput  = errors.New("no such output")
	ErrNoMessage = errors.New("no such message was set aside")
)

// OutboxView is the state of an Outbox.
type OutboxView struct {
	File  string `json:"file"`
	State string `json:"state"` // "ok" or "degraded": nothing is stored
	// Reason is why it is degraded.
	Reason string `json:"reason"`
	// Moved is where a damaged store was moved since the start; empty: none was.
	Moved    string `json:"moved"`
	Records  int    `json:"records"` // number of stored records
	Bytes    int64  `json:"bytes"`   // size of the stored records
	MaxBytes int64  `json:"max_bytes"`
	// Stored counts stored events. NotDurable counts those that could not be stored,
	// and that outputs got from memory.
	Stored     uint64       `json:"stored"`
	NotDurable uint64       `json:"not_durable"`
	Outputs    []OutputView `json:"outputs"`
}

// OutputView is the state of one output of an Outbox.
type OutputView struct {
	Name  string `json:"name"`
	To    string `json:"to"`    // scheme and host only
	State string `json:"state"` // "ok" or "degraded": the last attempt failed, or there is no connection
	// Reason is why it is degraded or, in the state "ok", that messages are late.
	Reason string `json:"reason"`
	Remedy string `json:"remedy"` // what to do about it
	// Connection is OutputConnected or OutputConnecting; empty: no persistent
	// connection.
	Connection string `json:"connection"`
	// Backlog is the number of waiting messages, Oldest the time of the first one's
	// event; zero: none is waiting.
	Backlog int       `json:"backlog"`
	Oldest  time.Time `json:"oldest"`
	// NextTry is when a failed delivery is retried; zero: none failed.
	NextTry   time.Time `json:"next_try"`
	LastOK    time.Time `json:"last_ok"` // of the last delivery; zero: none yet
	Delivered uint64    `json:"delivered"`
	Retries   uint64    `json:"retries"` // failed attempts that are repeated
	Folded    uint64    `json:"folded"`  // events reported in a summary
	// Aside are messages that the receiver refused, newest first, at most
	// MaxAsideShown. AsideCount is their total number.
	AsideCount int            `json:"aside_count"`
	Aside      []AsideView    `json:"aside"`
	Drops      []engine.Count `json:"drops"` // by reason: "age", "bytes", "memory", "aside"
	// Traffic counts messages other than deliveries, sent and received, by type.
	Traffic []engine.Count `json:"traffic"`
	// Latency is the time from an event to its acceptance by the receiver.
	Latency *engine.Histogram `json:"latency"`
}

// The states of a persistent connection of an output.
const (
	OutputConnected  = "connected"
	OutputConnecting = "connecting"
)

// MaxAsideShown is the maximum number of refused messages in an OutputView.
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
