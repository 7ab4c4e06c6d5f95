// Package runtime schedules detectors under latency budgets: a pure engine for
// each camera, the driver that steps it live, the workers that run detectors,
// and the Runtime that holds all of it together and shows how it stands.
//
// Nothing on the way from a camera to a rule waits for a detector, a disk, a
// network or a reader of snapshots.
package runtime

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/rules"
)

// Options is what a Runtime works on. Its configurations must be valid.
type Options struct {
	Config    Config
	Cameras   []capture.Config
	Detectors []detectors.Config
	Rules     []rules.Config
	Drivers   capture.Drivers
	Kinds     detectors.Kinds
	JPEG      capture.Encoder // nil: the standard library's
	Sinks     []Sink
	Clips     *clips.Recorder // saves evidence; nil: none is saved
	Roll      Roll            // of rules that do not say otherwise
	LogRing   *LogRing        // whose state snapshots show; may be nil
	Log       *slog.Logger
	// ExitWhenEnded makes Run return when every camera has ended.
	ExitWhenEnded bool
}

// Roll is how much a clip shows ahead of its event and behind it.
type Roll struct{ Before, After time.Duration }

// Runtime runs cameras, detectors and rules. All methods are safe for
// concurrent use.
type Runtime struct {
	opts     Options
	epoch    time.Time
	slots    *Slots
	requests chan request
	ended    chan *active  // cameras whose source has come to its end
	stopped  chan struct{} // closed when Run returns
	wg       sync.WaitGroup

	mu       sync.Mutex // guards what follows; held for a few instructions
	cameras  []*active  // in order of addition; only Run's goroutine changes it
	watchers []chan *Snapshot
	over     bool // no more snapshots
}

// active is a camera at work.
type active struct {
	*pipeline
	cancel context.CancelFunc
	done   chan struct{} // closed when the camera and the pipeline have ended
}

// settleTime is how long Run gives detectors under way when all cameras have
// ended.
const settleTime = 2 * time.Second

// New returns a Runtime that is ready to Run. Epoch is the zero of event_ts_ns.
func New(opts Options, epoch time.Time) *Runtime {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return &Runtime{
		opts:     opts,
		epoch:    epoch,
		slots:    NewSlots(opts.Config.slots(), opts.Config.Policy),
		requests: make(chan request, commandBacklog),
		ended:    make(chan *active, 64),
		stopped:  make(chan struct{}),
	}
}

// Run starts everything and returns when the context ends or, where asked for,
// when all cameras have ended; everything that it started has ended then, but
// for detectors and sources that hang, which it names and abandons after 2 s.
// It is called once.
func (r *Runtime) Run(ctx context.Context) error {
	defer close(r.stopped)
	work, stopWork := context.WithCancel(ctx)
	sinks, stopSinks := context.WithCancel(context.WithoutCancel(ctx))
	var sinkWG sync.WaitGroup
	for _, s := range r.opts.Sinks {
		sinkWG.Go(func() {
			if err := s.Run(sinks); err != nil {
				r.opts.Log.Error("events are lost at the end", "sink", s.Name(), "error", err)
			}
		})
	}
	if r.opts.Clips != nil {
		sinkWG.Go(func() {
			if err := r.opts.Clips.Run(sinks); err != nil {
				r.opts.Log.Error("evidence is lost at the end", "error", err)
			}
		})
	}
	defer func() {
		ended := ctx.Err() == nil // by itself: nobody is in a hurry
		stopWork()
		r.wg.Wait()
		if ended && r.opts.Clips != nil {
			// It waits for the encoder alone: no camera gives more frames.
			_ = r.opts.Clips.Drain(ctx)
		}
		stopSinks()
		sinkWG.Wait()
		r.broadcast()
		r.closeWatchers()
	}()
	for _, cfg := range r.opts.Cameras {
		if err := r.addCamera(work, cfg); err != nil {
			return err
		}
	}
	return r.serve(work)
}

// serve carries commands out and feeds the watchers.
func (r *Runtime) serve(ctx context.Context) error {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / r.opts.Config.SnapshotRate))
	defer ticker.Stop()
	ended := map[*active]bool{}
	var settled <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case req := <-r.requests:
			req.reply <- r.perform(ctx, req)
			maps.DeleteFunc(ended, func(c *active, _ bool) bool { return r.camera(c.name) != c })
			if !r.allEnded(ended) {
				settled = nil // one was added meanwhile
			}
		case c := <-r.ended:
			ended[c] = true
			if r.opts.ExitWhenEnded && r.allEnded(ended) {
				r.opts.Log.Info("all cameras have ended")
				settled = time.After(settleTime)
			}
		case <-settled:
			return nil
		case <-ticker.C:
			r.broadcast()
			if settled != nil && r.quiet() {
				return nil
			}
		}
	}
}

func (r *Runtime) allEnded(ended map[*active]bool) bool {
	for _, c := range r.list() {
		if !ended[c] {
			return false
		}
	}
	return true
}

// quiet reports whether every frame has been seen and no detector has work under
// way.
func (r *Runtime) quiet() bool {
	for _, c := range r.list() {
		v := c.state()
		// A view from before the last frame knows nothing of what that has begun.
		if v.Seen+v.Superseded < v.Frames || v.waiting() > 0 || slices.ContainsFunc(v.Detectors, func(d DetectorView) bool { return d.State == DetectorRunning }) {
			return false
		}
	}
	return true
}

// addCamera starts a camera with all detectors and rules that are meant for it.
func (r *Runtime) addCamera(ctx context.Context, cfg capture.Config) error {
	if r.camera(cfg.Name) != nil {
		return fmt.Errorf("camera %q: the name is taken; remove that one first or choose another", cfg.Name)
	}
	log := r.opts.Log.With("camera", cfg.Name)
	p := newPipeline(cfg.Name, r.epoch, r.slots, r.opts.Config, log)
	p.emit = r.emit
	pool := capture.NewPool(poolSize(0), r.opts.JPEG)
	p.pool = pool
	p.camera = capture.NewCamera(cfg, r.opts.Drivers.Open, pool, p.offer, r.opts.Log)
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
		if err := r.addRule(p, c); err != nil {
			p.abort()
			return fmt.Errorf("camera %q: %w", cfg.Name, err)
		}
	}
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
		if ring := p.ring.Load(); ring != nil {
			ring.Close() // clips that wait for more of it are made of what there is
		}
	})
	return nil
}

// addRule adds a rule to a camera, and a ring where the rule saves evidence. It
// runs in the pipeline's goroutine, or before there is one.
func (r *Runtime) addRule(p *pipeline, cfg rules.Config) error {
	if err := p.engine.AddRule(cfg); err != nil {
		return err
	}
	if cfg.Clip && r.opts.Clips != nil {
		p.ring.Store(r.opts.Clips.Ring(p.name, r.opts.Roll.of(cfg).Before))
	}
	return nil
}

// prepare returns what a pipeline needs to attach a detector.
func (r *Runtime) prepare(cfg detectors.Config) (detectors.Spec, func() (detectors.Detector, error)) {
	kind := r.opts.Kinds[cfg.Kind]
	cfg = cfg.Fill(kind)
	return cfg.Spec(kind), func() (detectors.Detector, error) { return kind.New(cfg) }
}

// removeCamera stops a camera and waits for it.
func (r *Runtime) removeCamera(name string) error {
	c := r.camera(name)
	if c == nil {
		return r.noCamera(name)
	}
	c.cancel()
	<-c.done
	r.mu.Lock()
	r.cameras = slices.DeleteFunc(r.cameras, func(o *active) bool { return o == c })
	r.mu.Unlock()
	return nil
}

// emit completes an event, offers it to every sink, and asks for its clip. It
// never waits.
func (r *Runtime) emit(f *Fired, camera string) {
	ev := f.Event
	ev.Camera = camera
	ev.ID = eventID()
	now := time.Now()
	ev.Time = now.Add(ev.At - now.Sub(r.epoch)).UTC() // from the wall clock of today, not of the start
	for _, s := range r.opts.Sinks {
		s.Offer(ev)
	}
	if ev.Phase != rules.PhaseConfirmed || !f.Rule.Clip || r.opts.Clips == nil {
		return
	}
	roll := r.opts.Roll.of(f.Rule)
	// What is not taken is counted by the recorder, under its reason.
	_ = r.opts.Clips.Save(clips.Job{
		EventID: ev.ID, EventType: ev.Type, Camera: camera, Rule: f.Rule.Event,
		TS: ev.At, Time: ev.Time, Before: roll.Before, After: roll.After,
		Confidence: ev.Confidence, Clauses: ev.Clauses, Confirming: f.Frame, Detections: f.Detections,
	})
}

// of returns what applies to a rule.
func (r Roll) of(cfg rules.Config) Roll {
	if cfg.Before > 0 {
		r.Before = time.Duration(cfg.Before)
	}
	if cfg.After > 0 {
		r.After = time.Duration(cfg.After)
	}
	return r
}

// list returns the cameras at work.
func (r *Runtime) list() []*active {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.cameras)
}

func (r *Runtime) camera(name string) *active {
	for _, c := range r.list() {
		if c.name == name {
			return c
		}
	}
	return nil
}

// poolSize is how many pixel buffers a camera with so many detectors has: one
// for the run under way and one for the last answer of each, and eight for the
// frame being read, the newest one, the one that the engine saw and the
// evidence encoder's queue.
func poolSize(detectors int) int { return 8 + 2*detectors }

// eventID returns a UUID of version 7 (RFC 9562): unique, and ordered by time.
func eventID() string {
	id, err := uuid.NewV7()
	if err != nil {
		panic(err) // the system has no randomness
	}
	return id.String()
}
