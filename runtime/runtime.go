// Package runtime schedules detectors with latency budgets. Each camera has an engine,
// a pipeline that drives it, and a worker for each detector. Nothing between a camera
// and a rule waits for a detector, a disk, a network or a reader of snapshots.
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

// Options configures a Runtime. All configurations in it must be valid.
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
	Convert   capture.Converter     // for drawn frames; nil: in Go
	Decoders  capture.DecoderOpener // nil: packets cannot be decoded
	Sinks     []Sink
	Outbox    Outbox          // also one of Sinks; nil: there are no outputs
	Clips     *clips.Recorder // saves clips when a rule or a command requests them; nil: never
	Roll      Roll            // default of rules without their own
	LogRing   *logging.Ring   // for snapshots; may be nil
	Reloads   *Reloads        // for snapshots; may be nil
	Log       *slog.Logger
	// Redact removes secrets from sources and errors in snapshots. Nil: they are
	// unchanged.
	Redact func(text string) string
	// Probe returns the probe of a camera, or nil. It is called once for each camera,
	// when it is added. Probe may be nil.
	Probe func(camera string) Probe
	// ExitWhenEnded makes Run return when every camera has ended.
	ExitWhenEnded bool
}

// Probe observes the engine of one camera for measurements: it sees every input and
// output, while snapshots only have counters and histograms. Its methods are called on
// the live path, in the pipeline's goroutine. They must not block or keep their
// arguments. Times are since the Runtime's epoch.
type Probe interface {
	// Stepped is called after a step of the engine at time now, before its actions are
	// carried out.
	Stepped(now time.Duration, in *engine.Inputs, out *engine.Actions)
	// Ticked is called after a tick of the pipeline, with its start and duration. A
	// tick is one step of the engine, or several if inline detectors run in it.
	Ticked(begun, took time.Duration)
}

// Roll is how much time a clip shows before and after its event.
type Roll struct{ Before, After time.Duration }

// Runtime runs cameras, detectors and rules. All methods are safe for concurrent use.
type Runtime struct {
	opts     Options
	epoch    time.Time
	slots    *Slots
	requests chan request
	changes  chan request  // commands that add or remove cameras
	current  *change       // in progress; owned by Run's goroutine
	ended    chan *active  // cameras whose source has ended
	stopped  chan struct{} // closed when Run returns
	wg       sync.WaitGroup
	loop     *loop      // state of Run's loop
	encoding sync.Mutex // held while a still is encoded
	watchers Broadcast
	troubles *alerts                 // owned by Run's goroutine
	alerts   atomic.Pointer[[]Alert] // current alerts
	modified atomic.Int64            // number of differences from the configuration

	mu        sync.Mutex // guards the fields below; held for a few instructions
	cameras   []*active  // in configured order, then in order of addition; only changed by Run's goroutine
	reloading bool       // cameras may be missing until the reload has restarted them
}

// settleTime is how long Run waits for running detectors after all cameras have ended.
const settleTime = 2 * time.Second

// New returns a Runtime that is ready to Run. epoch is the zero of event_ts_ns.
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

// Run starts everything. It returns when the context ends or, with ExitWhenEnded, when
// all cameras have ended, after everything it started has ended. Detectors and sources
// that hang are logged and abandoned after 2 s, and sinks and evidence on a disk that hangs
// after 7.5 s. Call it once.
func (r *Runtime) Run(ctx context.Context) error {
	defer close(r.stopped)
	work, stopWork := context.WithCancel(ctx)
	sinks := newOutlets(ctx, r.opts.Log)
	for _, s := range r.opts.Sinks {
		sinks.run(s.Name(), s.Run, "events were lost at shutdown")
	}
	if r.opts.Clips != nil {
		sinks.run("evidence", r.opts.Clips.Run, "evidence was lost at shutdown")
	}
	defer func() {
		ended := ctx.Err() == nil // ended by itself, so there is time
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
			sinks.stop() // no more events: sinks deliver theirs while detectors end
		}
		r.wg.Wait()
		if ended && r.opts.Clips != nil {
			// No camera delivers more frames, so this only waits for the encoder.
			_ = r.opts.Clips.Drain(ctx)
		}
		sinks.stop()
		sinks.wait()
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

// serve carries out commands and publishes snapshots. It does not wait for cameras:
// removing one may take seconds.
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
			r.loop.begin(time.Since(r.epoch))
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
			r.loop.begin(time.Since(r.epoch))
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

// allEnded reports whether there are cameras and all have ended. Without cameras it is
// false, because one may be added.
func (r *Runtime) allEnded(ended map[*active]bool) bool {
	all := r.list()
	return len(all) > 0 && !slices.ContainsFunc(all, func(c *active) bool { return !ended[c] })
}

// quiet reports whether every frame has been seen and no detector is running or about
// to run.
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

// emit completes an event, offers it to every sink, and requests its clip. It never
// blocks.
func (r *Runtime) emit(camera string, f *engine.Fired, by evidence) {
	ev := f.Event
	ev.Camera = camera
	ev.ID = eventID()
	now := time.Now()
	ev.Time = now.Add(ev.At - now.Sub(r.epoch)).UTC() // by the current wall clock rather than that of the start
	ev.Clip = ev.Phase == rules.PhaseConfirmed && f.Rule.Clip && r.opts.Clips != nil
	for _, s := range r.opts.Sinks {
		s.Offer(ev)
	}
	if !ev.Clip {
		return
	}
	roll := r.opts.Roll.of(f.Rule)
	// The recorder counts refused jobs.
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

// eventID returns a UUID version 7 (RFC 9562): unique, and ordered by time.
func eventID() string {
	id, err := uuid.NewV7()
	if err != nil {
		panic(err) // the system's random source failed
	}
	return id.String()
}
