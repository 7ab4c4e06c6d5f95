package outbox

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"rvo-tui/internal/backoff"
	"rvo-tui/internal/fileio"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

const (
	retryFirst = time.Second
	retryAfter = time.Hour // maximum delay that a receiver can request
	// clipWait is how long an event waits for its clip. findWait is the same for a clip
	// of an earlier run, which the recorder may be finishing.
	clipWait  = 6 * time.Minute
	findWait  = 30 * time.Second
	findEvery = 2 * time.Second
)

// worker delivers the records of one output.
type worker struct {
	o       *Outbox
	out     Output
	wake    chan struct{} // capacity 1: there may be something to deliver
	hurry   chan struct{} // capacity 1: retry now
	finish  chan struct{} // closed: end when nothing is left
	cancel  func()        // ends run; nil: not started; owned by the writer
	ended   chan struct{} // closed after run
	testing atomic.Bool

	// of run
	page     []Record // read ahead: all records after from, up to the last one
	from     uint64
	gen      int // generation of page and fold
	waits    backoff.Backoff
	retrying bool // the last attempt failed
	fold     folding
	tries    int
	tried    uint64      // the record that tries counts
	disk     fileio.Disk // of clips
	awaited  uint64      // the record whose clip is waited for since
	since    time.Time
	warned   bool // a failure was logged
	refusals refusals

	// guarded by the outbox's mutex
	pos   position
	view  runtime.OutputView
	drops drops
}

func newWorker(o *Outbox, out Output) *worker {
	w := &worker{
		o: o, out: out, wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), finish: make(chan struct{}), ended: make(chan struct{}),
		waits: backoff.Backoff{First: min(retryFirst, out.RetryMax), Last: out.RetryMax, Jitter: 0.3},
		view:  runtime.OutputView{Name: out.Name, To: out.To, State: runtime.SinkOK, Latency: new(engine.Histogram)},
	}
	w.pos.Tokens, w.pos.At = burst(out.PerHour), o.started
	return w
}

// wants reports whether the output delivers a record.
func (w *worker) wants(r *Record) bool {
	if r.For != "" {
		return r.For == w.out.Name
	}
	return w.out.Wants(r)
}

// run delivers until ctx ends, or until nothing is left once finish is closed.
func (w *worker) run(ctx context.Context) {
	if w.out.Close != nil {
		defer w.out.Close()
	}
	if w.out.Open != nil {
		if err := w.out.Open(); err != nil {
			w.o.log.Warn("an output cannot be opened", "output", w.out.Name, "error", err)
		}
	}
	for ctx.Err() == nil {
		wait, ok := w.step(ctx)
		if ok {
			continue
		}
		if w.finishing() {
			return // the remaining events cannot be delivered yet
		}
		w.sleep(ctx, wait)
	}
}

func (w *worker) finishing() bool {
	select {
	case <-w.finish:
		return true
	default:
		return false
	}
}

// step performs one step. It returns false if there is nothing to do before a time has
// passed, or a wake-up; 0: only a wake-up.
func (w *worker) step(ctx context.Context) (wait time.Duration, ok bool) {
	w.retrying = false
	r, ok := w.next(w.position().Seq)
	if !ok {
		w.drained()
		return 0, false
	}
	if !w.wants(&r) {
		w.settle(r.Seq, 0)
		return 0, true
	}
	w.oldest(&r)
	if w.out.PerHour > 0 && r.For == "" {
		d, until, wait := w.limit(time.Now())
		switch {
		case wait > 0:
			return wait, false
		case d != nil && d.Fold.Count == 0: // only clips of events that were already reported
			w.settle(until, w.fold.n)
			return 0, true
		case d != nil:
			return w.deliver(ctx, *d, until, w.fold.n)
		}
	}
	d := Delivery{ID: r.ID(), Record: r}
	if w.out.Attach != AttachNone && r.Clip == nil {
		if w.awaited != r.Seq {
			w.awaited, w.since = r.Seq, time.Now()
		}
		clip, wait := w.awaitClip(ctx, &r, time.Since(w.since))
		if wait > 0 {
			return wait, false
		}
		d.Clip = clip
	}
	return w.deliver(ctx, d, r.Seq, 1)
}

// deliver makes one attempt. It covers the records up to until, n of which were waiting.
func (w *worker) deliver(ctx context.Context, d Delivery, until uint64, n int) (wait time.Duration, ok bool) {
	if w.tried != until {
		w.tries, w.tried = 0, until
	}
	w.tries++
	err := w.out.Send(ctx, d)
	if err == nil {
		w.accepted(&d)
		w.settle(until, n)
		w.waits.Reset()
		return 0, true
	}
	if ctx.Err() != nil {
		return 0, false // cancelled: not the receiver's fault
	}
	var bad *Error
	if !errors.As(err, &bad) {
		bad = &Error{Reason: text.Clean(err.Error())}
	}
	if bad.Refused && w.tries >= w.out.MaxTries {
		w.refuse(&d, bad)
		w.settle(until, n)
		w.waits.Reset() // it responds: the next message need not wait longer
		return 0, true
	}
	w.retrying = true
	wait = max(w.waits.Next(), min(bad.After, retryAfter))
	w.failed(bad, wait)
	return wait, false
}

// sleep waits for a time, and for a wake-up unless an attempt has failed.
func (w *worker) sleep(ctx context.Context, d time.Duration) {
	if d == 0 {
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-w.finish:
		}
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	wake := w.wake
	if w.retrying {
		wake = nil
	}
	select {
	case <-ctx.Done():
	case <-wake:
	case <-w.hurry:
	case <-timer.C:
	case <-w.finish: // one more attempt
	}
}

// next returns the first readable record after a sequence number.
func (w *worker) next(after uint64) (r Record, ok bool) {
	o := w.o
	o.mu.Lock()
	s, gen := o.store, o.gen
	o.mu.Unlock()
	if gen != w.gen {
		w.page, w.gen, w.fold = nil, gen, folding{}
	}
	if i := slices.IndexFunc(w.page, func(r Record) bool { return r.Seq > after }); i >= 0 && after >= w.from {
		w.page, w.from = w.page[i:], after
		return w.page[0], true
	}
	w.page, w.from = nil, after
	if s != nil {
		list, err := s.after(after, pageSize)
		if err != nil {
			o.unreadable(s, err)
		}
		w.page = list
	}
	if len(w.page) == 0 {
		o.mu.Lock()
		for i := range o.tail[:o.shown] {
			if r := &o.tail[i]; r.Seq > after && len(w.page) < pageSize && o.gen == gen {
				w.page = append(w.page, *r)
			}
		}
		o.mu.Unlock()
	}
	if len(w.page) == 0 {
		return r, false
	}
	return w.page[0], true
}

func (w *worker) position() position {
	w.o.mu.Lock()
	defer w.o.mu.Unlock()
	return w.pos
}

// settle marks the records up to a sequence number as finished, n of which were
// waiting.
func (w *worker) settle(until uint64, n int) {
	o := w.o
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.gen != w.gen || until <= w.pos.Seq {
		return
	}
	w.pos.Seq = until
	if w.pos.Until <= until {
		w.pos.Until = 0
	}
	w.view.Backlog = max(0, w.view.Backlog-n)
	o.moved(w)
	poke(o.in.wake)
}

// accepted counts a delivery.
func (w *worker) accepted(d *Delivery) {
	now := time.Now()
	w.o.mu.Lock()
	w.view.State, w.view.Reason, w.view.Remedy, w.view.NextTry = runtime.SinkOK, "", "", time.Time{}
	w.view.LastOK = now
	w.view.Delivered++
	if d.Fold != nil {
		w.view.Folded += uint64(d.Fold.Count)
	}
	if w.out.PerHour > 0 && d.Record.For == "" {
		w.pos.Tokens--
	}
	w.o.mu.Unlock()
	w.view.Latency.Record(max(0, now.Sub(d.Record.Event.Time)))
	if w.warned {
		w.warned = false
		w.o.log.Info("events are delivered again", "output", w.out.Name)
	}
	if n := w.refusals.accepted(now); n > 0 {
		w.o.log.Info("the receiver accepts messages again", "output", w.out.Name, "refused", n)
	}
}

// failed records that an attempt failed, and when the next one is due.
func (w *worker) failed(bad *Error, wait time.Duration) {
	w.o.mu.Lock()
	was := w.view.Reason
	w.view.State, w.view.Reason, w.view.Remedy = runtime.SinkDegraded, bad.Reason, bad.Remedy
	w.view.NextTry = time.Now().Add(wait)
	w.view.Retries++
	w.o.mu.Unlock()
	if was != bad.Reason && !bad.Refused { // a refused message is logged when it is set aside
		w.warned = true
		w.o.log.Warn("an event could not be delivered; retrying", "output", w.out.Name, "to", w.out.To, "error", bad)
	}
}

// oldest records the first waiting record.
func (w *worker) oldest(r *Record) {
	w.o.mu.Lock()
	defer w.o.mu.Unlock()
	w.view.Oldest = r.Event.Time
}

// drained records that nothing is waiting.
func (w *worker) drained() {
	w.o.mu.Lock()
	defer w.o.mu.Unlock()
	w.view.Oldest = time.Time{}
}
