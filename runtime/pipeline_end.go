package runtime

import (
	"context"
	"slices"
	"time"

	"rvo-tui/runtime/engine"
)

// run steps the engine until the context ends, then stops the workers. An inline
// detector, which holds the goroutine that steps the engine, is waited for up to
// abandonAfter, and workers likewise. What hangs is logged and abandoned.
func (p *pipeline) run(ctx context.Context) {
	driven := make(chan struct{})
	go func() { // waited for below, unless it hangs
		defer close(driven)
		p.drive(ctx)
	}()
	<-ctx.Done()
	select {
	case <-p.halted:
	case <-time.After(abandonAfter):
		if p.halt() {
			name := ""
			if w := p.inline.Load(); w != nil {
				name = w.spec.Name
			}
			p.log.Error("inline detector does not return and is abandoned; use execution = \"worker\", or run it in a process of its own", "detector", name)
			p.live.Close()
			return
		}
	}
	<-driven
}

// halt ends the events and the clips of the camera, which end with what there is. It
// returns false when somebody else has done it.
func (p *pipeline) halt() bool {
	if !p.stopped.CompareAndSwap(false, true) {
		return false
	}
	if ring := p.ring.Load(); ring != nil {
		ring.Close()
	}
	close(p.halted)
	return true
}

// retire stops a worker without waiting for it: see reap.
func (p *pipeline) retire(w *worker) {
	w.stop()
	w.overdue = engine.Never
	if w.spec.Timeout > 0 {
		w.overdue = p.clock() + w.spec.Timeout
	}
	p.retired = append(p.retired, w)
	p.log.Debug("detector detached", "detector", w.spec.Name)
}

// reap drops retired workers that have ended, and takes slot and frame from those
// that hang, which the engine no longer knows. It returns when it is to be called
// again.
func (p *pipeline) reap(now time.Duration) time.Duration {
	next := engine.Never
	p.retired = slices.DeleteFunc(p.retired, func(w *worker) bool {
		select {
		case <-w.finished:
			return true
		default:
		}
		if now >= w.overdue {
			w.overdue = engine.Never
			w.revoke()
			p.log.Warn("detached detector is stuck: its slot goes to others", "detector", w.spec.Name, "timeout", w.spec.Timeout)
		}
		next = min(next, w.overdue)
		return false
	})
	return next
}

// abort frees a pipeline that was not started.
func (p *pipeline) abort() {
	p.shutdown()
	if ring := p.ring.Load(); ring != nil {
		ring.Close()
	}
	p.pool.Close()
}

// shutdown stops all workers and waits up to abandonAfter for them.
func (p *pipeline) shutdown() {
	for _, w := range p.workers {
		w.stop()
	}
	limit := time.NewTimer(abandonAfter)
	defer limit.Stop()
	late := false
	for _, w := range append(p.workers, p.retired...) {
		if !late {
			select {
			case <-w.finished:
				continue
			case <-limit.C:
				late = true
			}
		}
		select {
		case <-w.finished:
		default:
			w.revoke()
			p.log.Error("detector does not return and is abandoned; if this repeats, run it in a process of its own or as a remote service", "detector", w.spec.Name)
		}
	}
	p.live.Close()
	p.newest.close()
	p.seen.close()
	p.publish(p.clock())
}
