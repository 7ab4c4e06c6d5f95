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

// active is a running camera.
type active struct {
	*pipeline
	cfg    capture.Config
	setup  Setup // last applied to it; owned by Run's goroutine
	cancel context.CancelFunc
	done   chan struct{} // closed when the camera and the pipeline have ended
}

// change is a command that adds or removes cameras. Other commands are served while the
// removed cameras end. The rest of the change is done once they have ended and their
// names and sources are free. There is one change at a time, owned by Run's goroutine.
type change struct {
	reply chan<- error
	going []*active // ending, and no longer listed
	rest  func() error
}

// begin does the part of a change that does not wait.
func (r *Runtime) begin(ctx context.Context, req request) *change {
	c := &change{reply: req.reply, rest: func() error { return nil }}
	refuse := func(err error) *change {
		c.rest = func() error { return err }
		return c
	}
	cmd := req.cmd
	if err := req.ctx.Err(); err != nil {
		return refuse(err) // the caller no longer waits
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
		r.stopCamera(c, a)
	case Reload:
		if cmd.Setup == nil {
			return refuse(errors.New("no configuration was given"))
		}
		if cmd.Setup.Runs {
			r.configure(*cmd.Setup)
			for _, a := range r.list() {
				a.setup = *cmd.Setup
			}
			return c
		}
		r.reload(ctx, req.ctx, c, *cmd.Setup)
	}
	return c
}

// ending returns a channel that is closed when the first of the ending cameras has
// ended; nil: none is ending.
func (c *change) ending() <-chan struct{} {
	if c == nil || len(c.going) == 0 {
		return nil
	}
	return c.going[0].done
}

// ended reports whether all cameras of the change have ended.
func (c *change) ended() bool {
	for len(c.going) > 0 {
		select {
		case <-c.going[0].done:
			c.going = c.going[1:]
		default:
			return false
		}
	}
	return true
}

// stopCamera stops a camera and passes it to a change, which waits for it.
func (r *Runtime) stopCamera(c *change, a *active) {
	a.cancel()
	c.going = append(c.going, a)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cameras = slices.DeleteFunc(r.cameras, func(o *active) bool { return o == a })
}

// addCamera starts a camera with all detectors and rules that apply to it.
func (r *Runtime) addCamera(ctx context.Context, cfg capture.Config) error {
	if r.camera(cfg.Name) != nil {
		return fmt.Errorf("camera %q: the name is in use; remove that camera first or choose another name", cfg.Name)
	}
	configured := cfg
	if cfg.EvidenceSource != "" {
		cfg.Clock = new(capture.Clock)
	}
	log := r.opts.Log.With("camera", cfg.Name)
	p := newPipeline(cfg.Name, r.epoch, r.slots, r.opts.Config, log)
	p.emit, p.roll = r.emit, r.opts.Roll
	if r.opts.Probe != nil {
		p.probe = r.opts.Probe(cfg.Name)
	}
	pool := capture.NewPool(poolSize(), r.opts.JPEG)
	pool.ConvertWith(r.opts.Convert)
	p.pool = pool
	p.camera = capture.NewCamera(cfg, r.opts.Drivers.Open, pool, p.offer, r.opts.Log.With("camera", cfg.Name))
	if cfg.EvidenceSource != "" {
		p.recording = newRecording(cfg, r.opts.Drivers, pool, p.sink, log.With("stream", "evidence"))
	}
	p.camera.DecodeWith(r.opts.Decoders, p)
	zones := detectors.ZonesOf(r.opts.Zones, cfg.Name)
	p.engine.SetPlaces(zones, detectors.LinesOf(r.opts.Lines, cfg.Name))
	p.conceal(zones)
	for _, d := range r.opts.Detectors {
		if appliesTo(d.Cameras, cfg.Name) {
			if err := p.attach(r.prepare(d, cfg.Name)); err != nil {
				p.abort()
				return fmt.Errorf("camera %q: %w", cfg.Name, err)
			}
		}
	}
	for _, c := range r.opts.Rules {
		if !appliesTo(c.Cameras, cfg.Name) {
			continue
		}
		if err := p.engine.AddRule(c.On(cfg.Name)); err != nil {
			p.abort()
			return fmt.Errorf("camera %q: %w", cfg.Name, err)
		}
	}
	r.updateRing(p)
	p.publish(p.clock())
	ctx, cancel := context.WithCancel(ctx)
	p.ending = ctx.Done()
	c := &active{pipeline: p, cfg: configured, setup: r.setup(), cancel: cancel, done: make(chan struct{})}
	r.mu.Lock()
	r.cameras = append(r.cameras, c)
	r.mu.Unlock()
	r.wg.Go(func() {
		defer close(c.done)
		defer pool.Close()
		var both sync.WaitGroup
		both.Go(func() { p.run(ctx) })
		if p.recording != nil {
			both.Go(func() {
				if err := p.recording.camera.Run(ctx); err != nil && ctx.Err() == nil {
					log.Error("the evidence stream has ended", "error", err)
				}
			})
		}
		if err := p.camera.Run(ctx); err != nil && ctx.Err() == nil {
			log.Error("the camera has ended", "error", err)
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

// updateRing creates the evidence ring required by a camera's rules, or removes it when
// no rule saves clips. It runs in the pipeline's goroutine, or before that starts.
func (r *Runtime) updateRing(p *pipeline) {
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
	p.recording.adjust()
}

// prepare returns what the pipeline of a camera needs to attach a detector.
func (r *Runtime) prepare(cfg detectors.Config, camera string) (own detectors.Config, spec detectors.Spec, open func() (detectors.Detector, error)) {
	kind := r.opts.Kinds[cfg.Kind]
	own = r.setup().on(cfg, camera)
	filled := own.Fill(kind)
	spec = own.Spec(kind)
	spec.Settings = own.Settings(kind)
	for i := range spec.Settings {
		if s := &spec.Settings[i]; r.opts.Redact != nil {
			s.Value = r.opts.Redact(s.Value)
		}
	}
	if spec.Sieve != nil { // so that cameras can share a detector's process
		filled.Masked, filled.Within = nil, nil
	}
	return own, spec, func() (detectors.Detector, error) { return kind.New(filled) }
}

// addRequested validates and adds a camera at run time.
func (r *Runtime) addRequested(ctx context.Context, cfg capture.Config) error {
	var problems []string
	cfg.Validate(func(key, problem string) { problems = append(problems, key+": "+problem) })
	if len(problems) > 0 {
		return fmt.Errorf("camera %q: %s", cfg.Name, strings.Join(problems, "; "))
	}
	return r.addCamera(ctx, cfg)
}

// list returns the running cameras.
func (r *Runtime) list() []*active {
	all, _ := r.listed()
	return all
}

// listed returns the running cameras, and whether a reload is in progress, during which
// cameras may be missing.
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

// noCamera returns the error for a camera that is not running. It is called in Run's
// goroutine.
func (r *Runtime) noCamera(name string) error {
	if r.current != nil && slices.ContainsFunc(r.current.going, func(a *active) bool { return a.name == name }) {
		return fmt.Errorf("camera %q is being closed; try again in a moment", name)
	}
	var names []string
	for _, p := range r.list() {
		names = append(names, p.name)
	}
	if len(names) == 0 {
		return fmt.Errorf("no such camera %q; there are no cameras, add one first", name)
	}
	slices.Sort(names)
	return fmt.Errorf("no such camera %q; existing cameras: %s", name, strings.Join(names, ", "))
}

// poolSize is the number of frames that may be in use with these detectors. Each needs
// one for its current run, one for its last result and, for crops, one for a box. Eight
// more are for the frame being read, the newest one, the one seen by the engine, and
// the queue of the evidence encoder.
func poolSize(workers ...*worker) int {
	n := 8 + 2*len(workers)
	for _, w := range workers {
		if w.spec.CropsOf != "" {
			n++
		}
	}
	return n
}
