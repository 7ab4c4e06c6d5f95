package runtime

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"rvo-tui/rules"
)

// A Sink receives events and takes them out of the process.
type Sink interface {
	// Name tells sinks apart in logs, metrics and dashboards.
	Name() string
	// Offer hands an event over and never waits for anything. False: the sink is
	// full or has ended, and the event is dropped and counted. It is safe for
	// concurrent use.
	Offer(event rules.Event) bool
	// View returns how the sink stands.
	View() SinkView
	// Run delivers events until ctx ends. Then it takes no more of them, delivers
	// those that it holds, for SinkFlush at most, and returns an error when some
	// are left. It is called once.
	Run(ctx context.Context) error
}

// The states of a sink.
const (
	SinkOK       = "ok"
	SinkDegraded = "degraded" // does not get rid of its events; it tries again by itself
)

const (
	// SinkCapacity is how many events a sink holds, the one that it is busy with
	// included.
	SinkCapacity = 64
	// SinkFlush is how long a sink goes on delivering after its context has ended.
	SinkFlush = 2 * time.Second

	sinkRetryMin  = 500 * time.Millisecond
	sinkRetryMax  = 5 * time.Second
	sinkSyncEvery = time.Second
)

// output is where the lines of a sink go. One goroutine calls it.
type output interface {
	// open makes it ready, after the start, an error or a request to reopen.
	open() error
	// write takes a line with its line feed and returns how much of it is through
	// for good; what is left is tried again later.
	write(ctx context.Context, line []byte) (int, error)
	// sync makes what was written survive a power failure, where that means
	// something; so does close.
	sync() error
	close() error
}

// pump is the part that all sinks share: a bounded queue, and a goroutine that
// empties it into an output.
type pump struct {
	// settings
	name string
	log  *slog.Logger

	out    output
	wake   chan struct{} // 1: the queue is no longer empty
	reopen chan struct{} // 1: open the output anew

	// owned by Run
	ready  bool   // out is open
	line   []byte // the oldest event as text; empty: not made yet
	sent   int    // how much of line is through
	dirty  bool   // written and not synced
	synced time.Time

	mu     sync.Mutex // guards what follows; nothing is called while it is held
	queue  [SinkCapacity]rules.Event
	first  int
	closed bool
	view   SinkView
}

func newPump(name string, out output, log *slog.Logger) *pump {
	return &pump{
		name: name, log: log, out: out,
		wake: make(chan struct{}, 1), reopen: make(chan struct{}, 1),
		view: SinkView{Name: name, State: SinkOK, Capacity: SinkCapacity},
	}
}

// Name implements Sink.
func (p *pump) Name() string { return p.name }

// View implements Sink.
func (p *pump) View() SinkView {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.view
}

// Offer implements Sink. It costs the copy of the event: text is made of it by
// the goroutine of the sink.
func (p *pump) Offer(event rules.Event) bool {
	p.mu.Lock()
	ok := !p.closed && p.view.Depth < SinkCapacity
	if ok {
		p.queue[(p.first+p.view.Depth)%SinkCapacity] = event
		p.view.Depth++
	} else {
		p.view.Dropped++
	}
	p.mu.Unlock()
	if ok {
		poke(p.wake)
	}
	return ok
}

// poke leaves a note in a channel of one; a note that lies there already will do.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run implements Sink.
func (p *pump) Run(ctx context.Context) error {
	p.serve(ctx, false)
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), SinkFlush)
	defer cancel()
	p.serve(flush, true)

	p.mu.Lock()
	lost, reason := p.view.Depth, p.view.Reason
	p.view.Dropped += uint64(lost)
	p.view.Depth = 0
	clear(p.queue[:])
	p.mu.Unlock()
	var err error
	if p.ready {
		err = p.out.close()
	}
	if lost > 0 {
		return fmt.Errorf("end sink %q: %d events not delivered: %s", p.name, lost, reason)
	}
	return err
}

// serve delivers until ctx ends or, when it is the last round, until nothing is
// left.
func (p *pump) serve(ctx context.Context, last bool) {
	retry := sinkRetryMin
	for ctx.Err() == nil {
		event, pending := p.head()
		if !pending && last {
			return
		}
		if err := p.step(ctx, event, pending); err != nil {
			if ctx.Err() != nil && !last {
				return
			}
			p.degrade(err)
			p.wait(ctx, retry)
			retry = min(2*retry, sinkRetryMax)
			continue
		}
		retry = sinkRetryMin
		if pending {
			continue
		}
		p.recovered()
		select {
		case <-ctx.Done():
		case <-p.wake:
		case <-p.reopen:
			p.shut()
		case <-p.syncDue():
		}
	}
}

// step does one thing: opens the output, writes one line or syncs.
func (p *pump) step(ctx context.Context, event rules.Event, pending bool) error {
	if pending {
		select {
		case <-p.reopen:
			p.shut()
		default:
		}
	}
	if !p.ready {
		if err := p.out.open(); err != nil {
			return err
		}
		p.ready = true
	}
	switch {
	case pending:
		return p.put(ctx, event)
	case p.dirty && time.Since(p.synced) >= sinkSyncEvery:
		p.dirty, p.synced = false, time.Now()
		if err := p.out.sync(); err != nil {
			p.shut()
			return err
		}
	}
	return nil
}

// put writes the oldest event, or what is left of it, and takes it off the queue.
func (p *pump) put(ctx context.Context, event rules.Event) error {
	if len(p.line) == 0 {
		line, err := event.AppendLine(nil)
		if err != nil {
			p.pop(func(v *SinkView) { v.Failures++; v.Dropped++ })
			p.log.Error("event not written", "sink", p.name, "event", event.ID, "error", err)
			return nil
		}
		p.line, p.sent = line, 0
	}
	n, err := p.out.write(ctx, p.line[p.sent:])
	p.sent += n
	if err != nil {
		p.shut()
		return err
	}
	p.line, p.dirty = nil, true
	p.pop(func(v *SinkView) { v.Written++ })
	p.recovered()
	return nil
}

func (p *pump) head() (rules.Event, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.queue[p.first], p.view.Depth > 0
}

func (p *pump) pop(count func(*SinkView)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue[p.first] = rules.Event{}
	p.first = (p.first + 1) % SinkCapacity
	p.view.Depth--
	count(&p.view)
}

// shut closes the output, so that the next step opens it.
func (p *pump) shut() {
	if p.ready {
		p.ready = false
		// What closing reports was reported by the write or sync before it, or is
		// found when the file is opened again.
		_ = p.out.close()
	}
}

// syncDue returns a channel that fires when what was written is to be synced.
func (p *pump) syncDue() <-chan time.Time {
	if !p.dirty {
		return nil
	}
	return time.After(max(0, sinkSyncEvery-time.Since(p.synced)))
}

// wait passes the time until the next attempt.
func (p *pump) wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-p.reopen:
	case <-timer.C:
	}
}

func (p *pump) degrade(err error) {
	p.mu.Lock()
	was := p.view.Reason
	p.view.State, p.view.Reason = SinkDegraded, err.Error()
	p.view.Failures++
	p.mu.Unlock()
	if was != err.Error() {
		p.log.Warn("events are not delivered; trying again", "sink", p.name, "error", err)
	}
}

func (p *pump) recovered() {
	p.mu.Lock()
	was := p.view.State
	p.view.State, p.view.Reason = SinkOK, ""
	dropped := p.view.Dropped
	p.mu.Unlock()
	if was != SinkOK {
		p.log.Info("events are delivered again", "sink", p.name, "dropped", dropped)
	}
}
