// Package runtime schedules detectors under latency budgets. Each camera has a
// pure engine, a driver that steps it live, and workers that run the detectors.
// Nothing between a camera and a rule waits for a detector, a disk, a network or a
// reader of snapshots.
package runtime

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/internal/logging"
	"rvo-tui/rules"
	"rvo-tui/runtime/engine"
)

// Options configures a Runtime. Configurations in it must be valid.
type Options struct {
	Config    Config
	Cameras   []capture.Config
	Detectors []detectors.Config
	Zones     []detectors.Zone
	Lines     []detectors.Line
	Rules     []rules.Config
	Drivers   capture.Drivers
	Kinds     detectors.Kinds
	JPEG      capture.Encoder       // nil: the standard library's
	Convert   capture.Converter     // of drawn frames; nil: in Go
	Decoders  capture.DecoderOpener // nil: no source may give packets
	Sinks     []Sink
	Outbox    Outbox          // among Sinks, too; nil: there are no outputs
	Clips     *clips.Recorder // saves clips, once a rule or a command asks for one; nil: never
	Roll      Roll            // of rules that set none
	LogRing   *logging.Ring   // whose state snapshots show; may be nil
	Reloads   *Reloads        // whose counts snapshots show; may be nil
	Log       *slog.Logger
	// Redact removes secrets from the sources and errors in snapshots. Nil: they are
	// shown unchanged.
	Redact func(text string) string
	// Probe returns the probe of a camera, or nil for none. It is called once for each
	// camera, when it is added. Probe may be nil.
	Probe func(camera string) Probe
	// ExitWhenEnded makes Run return when every camera has ended.
	ExitWhenEnded bool
}

// Probe observes the engine of one camera, for measuring: every input and output, where
// snapshots have counters and histograms. Its methods are called on the live path, in
// the goroutine of the pipeline; they must neither block nor keep their arguments.
// Times are since the epoch of the Runtime.
type Probe interface {
	// Stepped is called after a step of the engine at the time now, before its actions
	// are carried out.
	Stepped(now time.Duration, in *engine.Inputs, out *engine.Actions)
	// Ticked is called after a tick of the pipeline, with its start and duration. A tick
	// is one step of the engine, or several where inline detectors run in it.
	Ticked(begun, took time.Duration)
}

// Roll is how much a clip shows before and after its event.
type Roll struct{ Before, After time.Duration }

// Runtime runs cameras, detectors and rules. All methods are safe for
// concurrent use.
type Runtime struct {
	opts     Options
	epoch    time.Time
	slots    *Slots
	requests chan request
	changes  chan request  // that add or remove cameras
	current  *change       // under way; owned by Run's goroutine
	ended    chan *active  // cameras whose source has ended
	stopped  chan struct{} // closed when Run returns
	wg       sync.WaitGroup
	loop     *loop      // of Run's goroutine
	encoding sync.Mutex // held while a still is encoded
	watchers Broadcast
	troubles *alerts                 // owned by Run's goroutine
	alerts   atomic.Pointer[[]Alert] // that there are
	modified atomic.Int64            // things that are not as they are configured

	mu        sync.Mutex // guards what follows; held for a few instructions
	cameras   []*active  // as configured, then in order of addition; only Run's goroutine changes it
	reloading bool       // cameras may be missing that a reload brings back
}

// settleTime is how long Run waits for running detectors when all cameras have
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
		changes:  make(chan request, commandBacklog),
		ended:    make(chan *active, 64),
		stopped:  make(chan struct{}),
		loop:     newLoop(),
		troubles: newAlerts(),
	}
}

// Run starts everything. It returns when the context ends or, with ExitWhenEnded,
// when all cameras have ended, after everything that it started has ended. Detectors
// and sources that hang are logged and abandoned after 2 s. It is called once.
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
		ended := ctx.Err() == nil // by itself: there is time
		stopWork()
		going := r.list()
		if r.current != nil {
			going = append(going, r.current.going...)
		}
		for _, c := range going {
			<-c.halted
		}
		if !ended {
			capture.EndLowPriority()
			stopSinks() // there are no more events: sinks deliver theirs while detectors end
		}
		r.wg.Wait()
		if ended && r.opts.Clips != nil {
			// No camera gives more frames: it waits for the encoder alone.
			_ = r.opts.Clips.Drain(ctx)
		}
		stopSinks()
		sinkWG.Wait()
		r.broadcast()
		r.watchers.Close()
	}()
	for _, cfg := range r.opts.Cameras {
		if err := r.addCamera(work, cfg); err != nil {
			return err
		}
	}
	return r.serve(work)
}

// serve carries out commands and publishes snapshots. It waits for no camera: one that
// is removed may take seconds.
func (r *Runtime) serve(ctx context.Context) error {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / r.opts.Config.SnapshotRate))
	defer ticker.Stop()
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	ended := map[*active]bool{}
	var settled <-chan time.Time
	for {
		r.loop.wait()
		changes := r.changes
		if r.current != nil {
			changes = nil
		}
		select {
		case <-ctx.Done():
			return nil
		case req := <-r.requests:
			r.loop.begin(time.Since(r.epoch))
			err := r.perform(req)
			r.count(ctx)
			req.reply <- err
			continue
		case <-beat.C:
			r.look()
			continue
		case req := <-changes:
			r.current = r.begin(ctx, req)
		case <-r.current.ending():
		case c := <-r.ended:
			ended[c] = true
		case <-settled:
			return nil
		case <-ticker.C:
			r.broadcast()
			if settled != nil && r.quiet() {
				return nil
			}
			continue
		}
		if r.current != nil && r.current.ended() {
			err := r.current.rest()
			r.count(ctx)
			r.current.reply <- err
			r.current = nil
		}
		maps.DeleteFunc(ended, func(c *active, _ bool) bool { return r.camera(c.name) != c })
		switch {
		case r.current != nil || !r.allEnded(ended):
			settled = nil
		case settled == nil && r.opts.ExitWhenEnded:
			r.opts.Log.Info("all cameras have ended")
			settled = time.After(settleTime)
		}
	}
}

// allEnded reports whether there are cameras and all have ended. Where there is none,
// one may be added.
func (r *Runtime) allEnded(ended map[*active]bool) bool {
	all := r.list()
	return len(all) > 0 && !slices.ContainsFunc(all, func(c *active) bool { return !ended[c] })
}

// quiet reports whether every frame has been seen and no detector is running or about
// to.
func (r *Runtime) quiet() bool {
	for _, c := range r.list() {
		v := c.state()
		// A view from before the last frame does not show the runs that it started.
		if v.Seen+v.Superseded < v.Frames || v.Waiting() > 0 || slices.ContainsFunc(v.Detectors, func(d engine.DetectorView) bool { return d.State == engine.DetectorRunning }) {
			return false
		}
	}
	return true
}

// emit completes an event, offers it to every sink, and asks for its clip. It
// never waits.
func (r *Runtime) emit(camera string, f *engine.Fired, by evidence) {
	ev := f.Event
	ev.Camera = camera
	ev.ID = eventID()
	now := time.Now()
	ev.Time = now.Add(ev.At - now.Sub(r.epoch)).UTC() // by the current wall clock, not that of the start
	ev.Clip = ev.Phase == rules.PhaseConfirmed && f.Rule.Clip && r.opts.Clips != nil
	for _, s := range r.opts.Sinks {
		s.Offer(ev)
	}
	if !ev.Clip {
		return
	}
	roll := r.opts.Roll.of(f.Rule)
	// The recorder counts jobs that it does not take.
	_ = r.opts.Clips.Save(clips.Job{
		Event: ev, Before: roll.Before, After: roll.After,
		Confirming: by.frame, Detections: by.detections, Private: by.private,
	})
}

// of returns the roll of a rule.
func (r Roll) of(cfg rules.Config) Roll {
	if cfg.Before > 0 {
		r.Before = time.Duration(cfg.Before)
	}
	if cfg.After > 0 {
		r.After = time.Duration(cfg.After)
	}
	return r
}

// eventID returns a UUID of version 7 (RFC 9562): unique, and ordered by time.
func eventID() string {
	id, err := uuid.NewV7()
	if err != nil {
		panic(err) // the system has no randomness
	}
	return id.String()
}
