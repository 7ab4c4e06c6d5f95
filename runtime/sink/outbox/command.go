package outbox

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"

	"github.com/google/uuid"
)

// Do implements runtime.Outbox.
func (o *Outbox) Do(ctx context.Context, cmd runtime.Command) error {
	o.mu.Lock()
	w := o.output(cmd.Output)
	o.mu.Unlock()
	if w == nil {
		return o.noOutput(cmd.Output)
	}
	switch cmd.Do {
	case runtime.Notify:
		return w.test(ctx)
	case runtime.Resend:
		return w.resend(cmd.Message)
	case runtime.Discard:
		return w.discard(cmd.Message)
	}
	return fmt.Errorf("unknown command %q", cmd.Do)
}

// output returns the worker of an output, or nil. The caller holds the mutex.
func (o *Outbox) output(name string) *worker {
	for _, w := range o.workers {
		if w.out.Name == name {
			return w
		}
	}
	return nil
}

func (o *Outbox) noOutput(name string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	names := make([]string, len(o.workers))
	for i, w := range o.workers {
		names[i] = w.out.Name
	}
	return fmt.Errorf("%w %q; existing outputs: %s", runtime.ErrNoOutput, name, strings.Join(names, ", "))
}

// test sends a message at once, ahead of the queue. If it succeeds, queued messages are
// retried too.
func (w *worker) test(ctx context.Context) error {
	if !w.testing.CompareAndSwap(false, true) {
		return fmt.Errorf("output %q: a test is already running; wait for it", w.out.Name)
	}
	defer w.testing.Store(false)
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	now := time.Now()
	err = w.out.Send(ctx, Delivery{ID: id.String(), Test: true, Record: Record{Event: rules.Event{
		ID: id.String(), Type: "test", Camera: "test", Time: now.UTC(), Phase: rules.PhaseConfirmed, Confidence: 1, Clauses: []rules.Clause{},
	}}})
	if err != nil {
		return fmt.Errorf("output %q: %w", w.out.Name, err)
	}
	poke(w.hurry)
	return nil
}

// refuse sets aside a message that the receiver refused.
func (w *worker) refuse(d *Delivery, bad *Error) {
	o := w.o
	o.mu.Lock()
	if len(o.aside) >= asideMax {
		oldest := slices.Min(keys(o.aside))
		if x := o.output(o.aside[oldest].Output); x != nil {
			x.drops.aside++
		}
		o.setAside(oldest, nil)
	}
	o.last++
	o.setAside(o.last, &aside{w.out.Name, d.Record, bad.Reason, w.tries})
	w.view.State, w.view.Reason, w.view.Remedy, w.view.NextTry = runtime.SinkOK, "", "", time.Time{} // it responds
	if d.Fold != nil {
		w.drops.aside += uint64(max(0, d.Fold.Count-1))
	}
	o.mu.Unlock()
	if n := w.refusals.refused(time.Now()); n > 0 {
		o.log.Error("the receiver refuses messages; they are set aside, see ctl outbox", "output", w.out.Name, "refused", n, "event", d.Record.Event.ID, "error", bad)
	}
}

func keys(m map[uint64]aside) []uint64 {
	list := make([]uint64, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	return list
}

// resend queues messages that were set aside: the one with a delivery ID, or all.
func (w *worker) resend(id string) error {
	return w.each(id, func(seq uint64, a *aside) bool {
		r := a.Record
		return w.o.in.put(item{event: r.Event, clip: r.Clip, only: w.out.Name, saves: r.Saves, aside: seq})
	})
}

// discard deletes messages that were set aside: the one with a delivery ID, or all.
func (w *worker) discard(id string) error {
	return w.each(id, func(seq uint64, _ *aside) bool {
		w.o.setAside(seq, nil)
		return true
	})
}

// each calls do for messages that were set aside: the one with a delivery ID, or all. do
// returns false if the queue is full.
func (w *worker) each(id string, do func(seq uint64, a *aside) bool) error {
	o := w.o
	o.mu.Lock()
	defer o.mu.Unlock()
	n, found := 0, 0
	order := keys(o.aside)
	slices.Sort(order)
	for _, seq := range order {
		a := o.aside[seq]
		if a.Output != w.out.Name || id != "" && a.Record.ID() != id {
			continue
		}
		found++
		if do(seq, &a) {
			n++
		}
	}
	poke(o.in.wake)
	switch {
	case found == 0 && id != "":
		return fmt.Errorf("output %q: message %q: %w; list them with ctl outbox", w.out.Name, id, runtime.ErrNoMessage)
	case n < found:
		return fmt.Errorf("output %q: %d of %d messages: the queue is full; try again", w.out.Name, n, found)
	}
	return nil
}

// View implements runtime.Sink.
func (o *Outbox) View() runtime.SinkView {
	depth, dropped := o.in.state()
	o.mu.Lock()
	defer o.mu.Unlock()
	return runtime.SinkView{
		Name: o.Name(), State: o.state.State, Reason: o.state.Reason, Written: o.state.Stored, Dropped: dropped,
		Failures: o.failures, Depth: depth, Capacity: Capacity,
	}
}

// live adds the state and the traffic of the connection. A failed delivery is more
// informative than the state of the connection.
func (w *worker) live(v *runtime.OutputView) {
	v.Traffic = []engine.Count{}
	if w.out.Traffic != nil {
		v.Traffic = w.out.Traffic()
	}
	if w.out.Connection == nil {
		return
	}
	var bad *Error
	if v.Connection, bad = w.out.Connection(); bad != nil && v.State == runtime.SinkOK {
		v.State, v.Reason, v.Remedy = runtime.SinkDegraded, bad.Reason, bad.Remedy
	}
}

// lateAfter is how long a message may wait for an output that delivers. It is longer than
// the wait for a clip.
const lateAfter = 10 * time.Minute

// late says that messages are delivered slower than they come. A rate limit delays them
// by intention.
func (w *worker) late(v *runtime.OutputView, now time.Time) {
	if v.State == runtime.SinkOK && w.out.PerHour == 0 && now.Sub(w.o.started) > lateAfter && !v.Oldest.IsZero() && now.Sub(v.Oldest) > lateAfter {
		v.Reason = fmt.Sprintf("%d messages wait, the first for %v", v.Backlog, now.Sub(v.Oldest).Truncate(time.Minute))
		v.Remedy = "send fewer with events, when or max_per_hour, or use a faster receiver"
	}
}

// Outputs implements runtime.Outbox.
func (o *Outbox) Outputs() runtime.OutboxView {
	o.mu.Lock()
	defer o.mu.Unlock()
	v := o.state
	v.Outputs = make([]runtime.OutputView, 0, len(o.workers))
	order := keys(o.aside)
	slices.SortFunc(order, func(a, b uint64) int { return cmp.Compare(b, a) })
	for _, w := range o.workers {
		out := w.view
		out.Drops, out.Aside = w.drops.counts(), []runtime.AsideView{}
		w.live(&out)
		w.late(&out, time.Now())
		for _, seq := range order {
			a := o.aside[seq]
			if a.Output != out.Name {
				continue
			}
			if out.AsideCount++; len(out.Aside) < runtime.MaxAsideShown {
				e := &a.Record.Event
				out.Aside = append(out.Aside, runtime.AsideView{
					ID: a.Record.ID(), Event: e.Type, Camera: e.Camera, Time: e.Time, Reason: a.Reason, Tries: a.Tries,
				})
			}
		}
		v.Outputs = append(v.Outputs, out)
	}
	return v
}
