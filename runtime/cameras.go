package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
)

// active is a camera at work.
type active struct {
	*pipeline
	cancel context.CancelFunc
	done   chan struct{} // closed when the camera and the pipeline have ended
}

// change is a command that makes cameras come or go. Those that go wind down
// while everybody else is served; what is left to be done is done when they have
// ended and their names and sources are free. There is one change at a time, and
// it belongs to Run's goroutine.
type change struct {
	reply chan<- error
	going []*active // winding down, no longer listed
	rest  func() error
}

// begin does what of a change can be done now.
func (r *Runtime) begin(ctx context.Context, req request) *change {
	c := &change{reply: req.reply, rest: func() error { return nil }}
	refuse := func(err error) *change {
		c.rest = func() error { return err }
		return c
	}
	cmd := req.cmd
	if err := req.ctx.Err(); err != nil {
		return refuse(err) // nobody waits for it any more
	}
	switch cmd.Do {
	case AddCamera:
		if cmd.Added == nil {
			return refuse(errors.New("no camera was given"))
		}
		c.rest = func() error { return r.addRequested(ctx, *cmd.Added) }
	case RemoveCamera:
		a := r.camera(cmd.Camera)
		if a == nil {
			return refuse(r.noCamera(cmd.Camera))
		}
		r.dismiss(c, a)
	case Reload:
		if cmd.Setup == nil {
			return refuse(errors.New("no configuration was given"))
		}
		r.reload(ctx, req.ctx, c, *cmd.Setup)
	}
	return c
}

// ending returns a channel that is closed when the first of those that wind down
// has ended: nil when there is none.
func (c *change) ending() <-chan struct{} {
	if c == nil || len(c.going) == 0 {
		return nil
	}
	return c.going[0].done
}

// finish does the rest of a change whose cameras have ended, and answers. It
// reports whether it has: there may be more to wait for.
func (c *change) finish() bool {
	for len(c.going) > 0 {
		select {
		case <-c.going[0].done:
			c.going = c.going[1:]
		default:
			return false
		}
	}
	c.reply <- c.rest()
	return true
}

// dismiss stops a camera, which is nobody's from here on but the change's.
func (r *Runtime) dismiss(c *change, a *active) {
	a.cancel()
	c.going = append(c.going, a)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cameras = slices.DeleteFunc(r.cameras, func(o *active) bool { return o == a })
}

// addCamera starts a camera with all detectors and rules that are meant for it.
func (r *Runtime) addCamera(ctx context.Context, cfg capture.Config) error {
	if r.camera(cfg.Name) != nil {
		return fmt.Errorf("camera %q: the name is taken; remove that one first or choose another", cfg.Name)
	}
	log := r.opts.Log.With("camera", cfg.Name)
	p := newPipeline(cfg.Name, r.epoch, r.slots, r.opts.Config, log)
	p.emit = r.emit
	if r.opts.Probe != nil {
		p.probe = r.opts.Probe(cfg.Name)
	}
	pool := capture.NewPool(poolSize(0), r.opts.JPEG)
	p.pool = pool
	p.camera = capture.NewCamera(cfg, r.opts.Drivers.Open, pool, p.offer, r.opts.Log.With("camera", cfg.Name))
	for _, d := range r.opts.Detectors {
		if meant(d.Cameras, cfg.Name) {
			if err := p.attach(r.prepare(d)); err != nil {
				p.abort()
				return fmt.Errorf("camera %q: %w", cfg.Name, err)
			}
		}
	}
	for _, c := range r.opts.Rules {
		if !meant(c.Cameras, cfg.Name) {
			continue
		}
		if err := p.engine.AddRule(c); err != nil {
			p.abort()
			return fmt.Errorf("camera %q: %w", cfg.Name, err)
		}
	}
	r.remember(p)
	p.publish(p.clock())
	ctx, cancel := context.WithCancel(ctx)
	c := &active{pipeline: p, cancel: cancel, done: make(chan struct{})}
	r.mu.Lock()
	r.cameras = append(r.cameras, c)
	r.mu.Unlock()
	r.wg.Go(func() {
		defer close(c.done)
		defer pool.Close()
		var both sync.WaitGroup
		both.Go(func() { p.run(ctx) })
		if err := p.camera.Run(ctx); err != nil && ctx.Err() == nil {
			log.Error("camera has ended", "error", err)
		}
		if ctx.Err() == nil {
			select {
			case r.ended <- c:
			case <-ctx.Done():
			}
		}
		both.Wait()
	})
	return nil
}

// remember gives a camera a ring that keeps what its rules need for clips, and
// takes it away where none saves any. It runs in the pipeline's goroutine, or
// before there is one.
func (r *Runtime) remember(p *pipeline) {
	if r.opts.Clips == nil {
		return
	}
	wanted, before := false, time.Duration(0)
	for _, cfg := range p.engine.Rules() {
		if cfg.Clip {
			wanted, before = true, max(before, r.opts.Roll.of(cfg).Before)
		}
	}
	if wanted {
		p.ring.Store(r.opts.Clips.Ring(p.name, before))
	} else if ring := p.ring.Swap(nil); ring != nil {
		ring.Close()
	}
}

// prepare returns what a pipeline needs to attach a detector.
func (r *Runtime) prepare(cfg detectors.Config) (detectors.Spec, func() (detectors.Detector, error)) {
	kind := r.opts.Kinds[cfg.Kind]
	cfg = cfg.Fill(kind)
	return cfg.Spec(kind), func() (detectors.Detector, error) { return kind.New(cfg) }
}

// addRequested checks and adds a camera that was asked for at run time.
func (r *Runtime) addRequested(ctx context.Context, cfg capture.Config) error {
	var problems []string
	cfg.Validate(func(key, problem string) { problems = append(problems, key+": "+problem) })
	if len(problems) > 0 {
		return fmt.Errorf("camera %q: %s", cfg.Name, strings.Join(problems, "; "))
	}
	return r.addCamera(ctx, cfg)
}

// list returns the cameras at work.
func (r *Runtime) list() []*active {
	all, _ := r.listed()
	return all
}

// listed returns the cameras, and whether a reload under way may have taken some
// off the list that are to come back.
func (r *Runtime) listed() (all []*active, reloading bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.cameras), r.reloading
}

func (r *Runtime) camera(name string) *active {
	for _, c := range r.list() {
		if c.name == name {
			return c
		}
	}
	return nil
}

// noCamera says that no camera at work has a name. It is for Run's goroutine.
func (r *Runtime) noCamera(name string) error {
	if r.under != nil && slices.ContainsFunc(r.under.going, func(a *active) bool { return a.name == name }) {
		return fmt.Errorf("camera %q is being closed; try again in a moment", name)
	}
	var names []string
	for _, p := range r.list() {
		names = append(names, p.name)
	}
	if len(names) == 0 {
		return fmt.Errorf("no such camera %q; there is none, add one first", name)
	}
	slices.Sort(names)
	return fmt.Errorf("no such camera %q; there is %s", name, strings.Join(names, ", "))
}

// poolSize is how many pixel buffers a camera with so many detectors has: one
// for the run under way and one for the last answer of each, and eight for the
// frame being read, the newest one, the one that the engine saw and the
// evidence encoder's queue.
func poolSize(detectors int) int { return 8 + 2*detectors }
