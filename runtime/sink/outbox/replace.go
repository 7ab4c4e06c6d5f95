package outbox

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"slices"
)

// errEnded is the error of replacing outputs during shutdown.
var errEnded = errors.New("replace outputs: the program is shutting down")

// Replace changes the outputs while Run is running. An output with the same name and
// settings continues undisturbed. A changed one continues at its position, and repeats
// the current attempt. A new one starts with the next event. Messages waiting for a
// removed one are deleted, which is logged. Replace waits for Run to start, and for
// outputs that end. Calls must not overlap.
func (o *Outbox) Replace(ctx context.Context, outputs []Output) error {
	var leaving []*worker
	if err := o.ask(ctx, func() { leaving = o.leave(outputs) }); err != nil {
		return err
	}
	for _, w := range leaving { // the writer keeps working, because one may wait for it
		<-w.ended
	}
	return o.ask(context.WithoutCancel(ctx), func() { o.swap(outputs) })
}

// ask makes the writer call f, and waits for it.
func (o *Outbox) ask(ctx context.Context, f func()) error {
	done := make(chan struct{})
	select {
	case o.asked <- func() { f(); close(done) }:
		<-done
		return nil
	case <-o.written:
		return errEnded
	case <-ctx.Done():
		return ctx.Err()
	}
}

// start starts a worker, which runs until ctx ends or it is cancelled.
func (o *Outbox) start(ctx context.Context, w *worker) {
	ctx, w.cancel = context.WithCancel(ctx)
	o.running.Go(func() {
		defer close(w.ended)
		w.run(ctx)
	})
}

// stays reports whether the worker's output is among outputs, unchanged.
func (w *worker) stays(outputs []Output) bool {
	return slices.ContainsFunc(outputs, func(out Output) bool {
		return out.Name == w.out.Name && reflect.DeepEqual(out.Settings, w.out.Settings)
	})
}

// leave cancels the workers of changed and removed outputs, and returns them. It is
// called by the writer.
func (o *Outbox) leave(outputs []Output) (leaving []*worker) {
	for _, w := range o.workers {
		if !w.stays(outputs) {
			w.cancel()
			leaving = append(leaving, w)
		}
	}
	return leaving
}

// swap switches to the new outputs after the leaving ones have ended, and starts the
// new ones. It is called by the writer.
func (o *Outbox) swap(outputs []Output) {
	old := map[string]*worker{}
	for _, w := range o.workers {
		old[w.out.Name] = w
	}
	var workers, fresh []*worker
	for _, out := range outputs {
		w := old[out.Name]
		if w == nil || !w.stays(outputs) {
			w = o.succeed(w, out)
			fresh = append(fresh, w)
		}
		delete(old, out.Name)
		workers = append(workers, w)
	}
	o.mu.Lock()
	o.workers = workers
	for _, w := range fresh {
		o.pending.gone = slices.DeleteFunc(o.pending.gone, func(name string) bool { return name == w.out.Name })
		o.moved(w)
	}
	o.mu.Unlock()
	for _, w := range old {
		o.forget(w)
	}
	for _, w := range fresh {
		o.start(o.deliver, w)
	}
	poke(o.in.wake)
}

// succeed returns a worker for a new or changed output.
func (o *Outbox) succeed(before *worker, out Output) *worker {
	w := newWorker(o, out)
	o.mu.Lock()
	w.pos.Seq = o.last
	if before != nil {
		w.pos.Seq, w.pos.Until, w.drops = before.pos.Seq, before.pos.Until, before.drops
		if out.PerHour == before.out.PerHour {
			w.pos = before.pos
		}
		was := &before.view
		w.view.Delivered, w.view.Retries, w.view.Folded, w.view.LastOK, w.view.Latency = was.Delivered, was.Retries, was.Folded, was.LastOK, was.Latency
	}
	o.mu.Unlock()
	if before == nil {
		o.log.Info("output added; it starts with the next event", "output", out.Name, "to", out.To)
		return w
	}
	w.view.Backlog = o.waiting(w)
	o.log.Info("output changed", "output", out.Name, "to", out.To, "waiting", w.view.Backlog)
	return w
}

// waiting counts the records waiting for a worker. It is called by the writer.
func (o *Outbox) waiting(w *worker) (n int) {
	count := func(list []Record) {
		for i := range list {
			if list[i].Seq > w.pos.Seq && w.wants(&list[i]) {
				n++
			}
		}
	}
	count(o.tail[:o.shown])
	s := o.current()
	for after := w.pos.Seq; s != nil; {
		list, err := s.after(after, pageSize)
		if err != nil || len(list) == 0 {
			return n // the worker will report the error too
		}
		count(list)
		after = list[len(list)-1].Seq
	}
	return n
}

// forget deletes everything stored for a removed output.
func (o *Outbox) forget(w *worker) {
	name, aside := w.out.Name, 0
	o.mu.Lock()
	for seq, a := range o.aside {
		if a.Output == name {
			o.setAside(seq, nil)
			aside++
		}
	}
	delete(o.pending.positions, name)
	o.pending.gone = append(o.pending.gone, name)
	o.mu.Unlock()
	level := slog.LevelInfo
	if w.view.Backlog+aside > 0 {
		level = slog.LevelWarn
	}
	o.log.Log(context.Background(), level, "output removed; its waiting messages were deleted", "output", name, "to", w.out.To, "waiting", w.view.Backlog, "aside", aside)
}
