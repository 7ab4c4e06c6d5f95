// Package sink delivers events to files, pipes and terminals.
package sink

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"rvo-tui/internal/backoff"
	"rvo-tui/internal/fileio"
	"rvo-tui/rules"
	"rvo-tui/runtime"
)

const (
	// Capacity is the number of events that a sink queues, including the one being
	// written.
	Capacity = 64
	// Flush is how long a sink keeps delivering after its context has ended.
	Flush = 2 * time.Second

	retryFirst = 500 * time.Millisecond
	retryLast  = 5 * time.Second
	syncEvery  = time.Second
)

// output is the target of a sink. It is called by one goroutine.
type output interface {
	// open is called at the start, and after an error or a request to reopen.
	open() error
	// write writes a line with its line feed. It returns how much was written; the rest
	// is retried later.
	write(ctx context.Context, line []byte) (int, error)
	// sync makes written data survive a power failure, if possible. close does the
	// same.
	sync() error
	close() error
}

// queue is the common part of all sinks: a bounded queue, and a goroutine that writes
// its events to an output.
type queue struct {
	name string
	log  *slog.Logger

	out    output
	wake   chan struct{} // capacity 1: the queue is no longer empty
	reopen chan struct{} // capacity 1: reopen the output

	// owned by Run
	ready  bool   // out is open
	line   []byte // the oldest event as text; empty: not encoded yet
	sent   int    // number of bytes of line already written
	dirty  bool   // written but not synced
	synced time.Time

	mu     sync.Mutex // guards the fields below; not held during calls
	events [Capacity]rules.Event
	first  int
	closed bool
	view   runtime.SinkView
}

func newQueue(name string, out output, log *slog.Logger) *queue {
	return &queue{
		name: name, log: log, out: out,
		wake: make(chan struct{}, 1), reopen: make(chan struct{}, 1),
		view: runtime.SinkView{Name: name, State: runtime.SinkOK, Capacity: Capacity},
	}
}

// Name implements Sink.
func (q *queue) Name() string { return q.name }

// View implements Sink.
func (q *queue) View() runtime.SinkView {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.view
}

// Offer implements Sink. It copies the event; the sink's goroutine encodes it.
func (q *queue) Offer(event rules.Event) bool {
	q.mu.Lock()
	ok := !q.closed && q.view.Depth < Capacity
	if ok {
		q.events[(q.first+q.view.Depth)%Capacity] = event
		q.view.Depth++
	} else {
		q.view.Dropped++
	}
	q.mu.Unlock()
	if ok {
		poke(q.wake)
	}
	return ok
}

// poke sends to a channel of capacity 1 without blocking.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run implements Sink.
func (q *queue) Run(ctx context.Context) error {
	q.serve(ctx, false)
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), Flush)
	defer cancel()
	q.serve(flush, true)

	q.mu.Lock()
	lost, reason := q.view.Depth, q.view.Reason
	q.view.Dropped += uint64(lost)
	q.view.Depth = 0
	clear(q.events[:])
	q.mu.Unlock()
	var err error
	if q.ready {
		err = q.out.close()
	}
	if lost > 0 {
		return fmt.Errorf("end sink %q: %d events not delivered: %s", q.name, lost, reason)
	}
	return err
}

// serve delivers until ctx ends or, in the last round, until no event is left.
func (q *queue) serve(ctx context.Context, last bool) {
	waits := backoff.Backoff{First: retryFirst, Last: retryLast}
	for ctx.Err() == nil {
		event, pending := q.head()
		if !pending && last {
			return
		}
		done := fileio.Watch(q.degrade)
		err := q.step(ctx, event, pending)
		done()
		if err != nil {
			if ctx.Err() != nil && !last {
				return
			}
			q.degrade(err)
			q.wait(ctx, waits.Next())
			continue
		}
		waits.Reset()
		if pending {
			continue
		}
		q.recovered()
		select {
		case <-ctx.Done():
		case <-q.wake:
		case <-q.reopen:
			q.shut()
		case <-q.syncDue():
		}
	}
}

// step performs one step: it opens the output, writes one line or syncs.
func (q *queue) step(ctx context.Context, event rules.Event, pending bool) error {
	if pending {
		select {
		case <-q.reopen:
			q.shut()
		default:
		}
	}
	if !q.ready {
		if err := q.out.open(); err != nil {
			return err
		}
		q.ready = true
	}
	switch {
	case pending:
		return q.put(ctx, event)
	case q.dirty && time.Since(q.synced) >= syncEvery:
		q.dirty, q.synced = false, time.Now()
		if err := q.out.sync(); err != nil {
			q.shut()
			return err
		}
	}
	return nil
}

// put writes the oldest event, or the rest of it, and removes it from the queue.
func (q *queue) put(ctx context.Context, event rules.Event) error {
	if len(q.line) == 0 {
		line, err := event.AppendLine(nil)
		if err != nil {
			q.pop(func(v *runtime.SinkView) { v.Failures++; v.Dropped++ })
			q.log.Error("event not written", "sink", q.name, "event", event.ID, "error", err)
			return nil
		}
		q.line, q.sent = line, 0
	}
	n, err := q.out.write(ctx, q.line[q.sent:])
	q.sent += n
	if err != nil {
		q.shut()
		return err
	}
	q.line, q.dirty = nil, true
	q.pop(func(v *runtime.SinkView) { v.Written++ })
	q.recovered()
	return nil
}

func (q *queue) head() (rules.Event, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.events[q.first], q.view.Depth > 0
}

func (q *queue) pop(count func(*runtime.SinkView)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.events[q.first] = rules.Event{}
	q.first = (q.first + 1) % Capacity
	q.view.Depth--
	count(&q.view)
}

// shut closes the output. The next step reopens it.
func (q *queue) shut() {
	if q.ready {
		q.ready = false
		// A previous write or sync has already reported an error of the file, or
		// opening it will.
		_ = q.out.close()
	}
}

// syncDue returns a channel that fires when a sync is due.
func (q *queue) syncDue() <-chan time.Time {
	if !q.dirty {
		return nil
	}
	return time.After(max(0, syncEvery-time.Since(q.synced)))
}

// wait waits until the next attempt.
func (q *queue) wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-q.reopen:
	case <-timer.C:
	}
}

func (q *queue) degrade(err error) {
	q.mu.Lock()
	was := q.view.Reason
	q.view.State, q.view.Reason = runtime.SinkDegraded, err.Error()
	q.view.Failures++
	q.mu.Unlock()
	if was != err.Error() {
		q.log.Warn("events are not delivered; trying again", "sink", q.name, "error", err)
	}
}

func (q *queue) recovered() {
	q.mu.Lock()
	was := q.view.State
	q.view.State, q.view.Reason = runtime.SinkOK, ""
	dropped := q.view.Dropped
	q.mu.Unlock()
	if was != runtime.SinkOK {
		q.log.Info("events are delivered again", "sink", q.name, "dropped", dropped)
	}
}
