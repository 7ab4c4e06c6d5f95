package clips

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rvo-tui/capture"
	"rvo-tui/rules"
)

// lostLimit is how many refused jobs may wait for the log.
const lostLimit = 256

// JobLimit is how many clips may wait or be built at a time.
const JobLimit = 16

const (
	clipSlack   = 2 * time.Second        // how long past its end a clip waits for late frames
	clipTimeout = time.Minute            // how long building one clip may take
	sweepEvery  = time.Minute            // between scans of the directory
	retryEvery  = 5 * time.Second        // the same after an error
	stuckAfter  = 30 * time.Second       // how long a task of the builder may take before evidence is degraded
	lostHold    = 30 * time.Second       // how long evidence is degraded after a clip was lost
	growEvery   = time.Second            // between two pieces of a clip that is growing
	abandonTime = 500 * time.Millisecond // how long an encoder past its deadline, and then a worker, is waited for at shutdown
	mergeLimit  = 64                     // events in one clip
)

// Options are the settings of a Recorder.
type Options struct {
	Config Config
	// Epoch is the start of the process's time: what Job.At counts from. It needs
	// its monotonic clock reading.
	Epoch time.Time
	// Muxer writes the movies; nil means AVI.
	Muxer Muxer
	// Redraw draws the boxes of thumbnails; nil means capture.RedrawJPEG.
	Redraw capture.Redrawer
	// Grace is how long clips under way may take to be finished when Run is told
	// to end. What is not finished by then is counted, and finished at the next
	// start as far as it is on disk.
	Grace time.Duration
	// Nice is the priority of the threads that encode and write, 0 (as the rest of
	// the program) to 19 (after everything else).
	Nice int
	// Done tells what became of the clip of an event: its entry, or why it is lost
	// (a reason of Status.Dropped). It must return at once. Nil: nobody is told.
	Done func(event rules.Event, entry *Entry, lost string)
	// Log takes what people should know; nil means slog.Default.
	Log *slog.Logger

	stuck time.Duration // of tests that cannot wait; 0: stuckAfter
}

// Recorder saves clips. It owns the rings, a worker for each ring that encodes
// frames, and the builder, the only goroutine that touches the disk. Save, Status
// and the rings may be used from any goroutine. Until the first call of Ring there
// are no workers and no directory.
type Recorder struct {
	cfg   Config
	epoch time.Time
	grace time.Duration
	nice  int
	stuck time.Duration // after which a task of the builder counts as stuck
	told  func(rules.Event, *Entry, string)
	log   *slog.Logger
	store *store // of the builder, once Run has begun

	rings atomic.Pointer[map[string]*Ring] // replaced, never written to

	lost     chan lost     // refused jobs that are still to be told
	needed   chan struct{} // closed with the first ring
	jobs     chan asked    // has room for as many as waiting lets in
	wake     chan struct{}
	drains   chan chan struct{}
	finished chan struct{}

	untold  atomic.Uint64 // refused jobs for which there was no room in lost
	waiting atomic.Int32  // jobs that have been taken and not yet become clips or been dropped
	dropped map[string]*atomic.Uint64
	merged  atomic.Uint64
	unheld  atomic.Uint64
	shown   atomic.Pointer[progress] // published by the dispatcher

	gate   sync.RWMutex // Save only tries its read side; written once, at shutdown
	closed bool         // guarded by gate

	done atomic.Bool // frames are no longer needed

	mu      sync.Mutex // guards what follows and the replacement of rings
	running bool
	ended   bool
	workers sync.WaitGroup
}

// New returns a recorder, which does nothing until Run, but already accepts rings
// and jobs.
func New(o Options) *Recorder {
	if o.Muxer == nil {
		o.Muxer = AVI{}
	}
	if o.Redraw == nil {
		o.Redraw = capture.RedrawJPEG
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Done == nil {
		o.Done = func(rules.Event, *Entry, string) {}
	}
	r := &Recorder{
		cfg: o.Config, epoch: o.Epoch, grace: o.Grace, nice: o.Nice, stuck: cmp.Or(o.stuck, stuckAfter), told: o.Done, log: o.Log,
		store:    &store{cfg: o.Config, epoch: o.Epoch, muxer: o.Muxer, redraw: o.Redraw, log: o.Log, warned: make(map[string]bool), films: make(map[*clip]*building), spaceOf: spaceOf},
		lost:     make(chan lost, lostLimit),
		needed:   make(chan struct{}),
		jobs:     make(chan asked, JobLimit),
		wake:     make(chan struct{}, 1),
		drains:   make(chan chan struct{}),
		finished: make(chan struct{}),
		dropped:  make(map[string]*atomic.Uint64),
	}
	for _, reason := range dropReasons {
		r.dropped[reason] = new(atomic.Uint64)
	}
	r.rings.Store(&map[string]*Ring{})
	r.shown.Store(&progress{since: time.Now(), encoder: o.Muxer.Ext()})
	return r
}

// Ring returns the ring of a camera, made on first use, which keeps at least before
// and 2 s. After the end of Run it returns a closed ring.
func (r *Recorder) Ring(camera string, before time.Duration) *Ring {
	keep := int64(min(before, MaxRoll) + ringSlack)
	r.mu.Lock()
	defer r.mu.Unlock()
	old := *r.rings.Load()
	g := old[camera]
	if g == nil {
		g = newRing(camera, r)
		if r.ended {
			g.closed = true
			return g
		}
		if !r.Active() {
			close(r.needed)
		}
		rings := maps.Clone(old)
		rings[camera] = g
		r.rings.Store(&rings)
		if r.running {
			r.workers.Go(g.run)
		}
	}
	g.keep.Store(max(g.keep.Load(), keep))
	return g
}

// Active reports whether anybody has asked for evidence so far.
func (r *Recorder) Active() bool {
	select {
	case <-r.needed:
		return true
	default:
		return false
	}
}

// forget takes a closed ring out of the list.
func (r *Recorder) forget(g *Ring) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old := *r.rings.Load(); old[g.camera] == g {
		rings := maps.Clone(old)
		delete(rings, g.camera)
		r.rings.Store(&rings)
		if !r.running {
			r.workers.Go(g.run) // only to give back what is queued
		}
	}
}

// Save queues a clip. It is for the live path and never waits. When it refuses the
// job it counts it and returns ErrFull, ErrCamera or ErrClosed. It owns the
// reference of job.Confirming in every case.
func (r *Recorder) Save(job Job) error {
	reason, err := r.try(job)
	if err != nil {
		r.dropped[reason].Add(1)
		r.told(job.Event, nil, reason)
		select {
		case r.lost <- lost{job.ID, job.Camera, reason}:
		default:
			r.untold.Add(1)
		}
		if job.Confirming != nil {
			job.Confirming.Release()
		}
	}
	return err
}

// lost is a job that was refused, for the log.
type lost struct{ event, camera, reason string }

// tell logs a refused job, and how many more there were for which there was no
// room.
func (r *Recorder) tell(l lost) {
	r.noClip(l.event, l.camera, l.reason, nil)
	if n := r.untold.Swap(0); n > 0 {
		r.log.Warn("more events have no clip, too many to name", "events", n)
	}
}

// noClip logs that an event has lost its clip. Err may be nil.
func (r *Recorder) noClip(event, camera, reason string, err error) {
	args := []any{"event", event, "camera", camera, "reason", reason}
	if err != nil {
		args = append(args, "error", err)
	}
	r.log.Warn("an event has no clip", args...)
}

// tellAll logs what is left at the end.
func (r *Recorder) tellAll() {
	for len(r.lost) > 0 {
		r.tell(<-r.lost)
	}
}

// asked is a job on its way to the dispatcher.
type asked struct {
	job  Job
	ring *Ring
}

func (r *Recorder) try(job Job) (string, error) {
	if !r.gate.TryRLock() {
		return DropClosed, ErrClosed
	}
	defer r.gate.RUnlock()
	if r.closed {
		return DropClosed, ErrClosed
	}
	ring := (*r.rings.Load())[job.Camera]
	if ring == nil {
		return DropCamera, ErrCamera
	}
	if r.waiting.Add(1) > JobLimit {
		r.waiting.Add(-1)
		return DropQueue, ErrFull
	}
	r.jobs <- asked{job, ring} // has room
	return "", nil
}

// Drain waits until every queued clip is saved or dropped, post-rolls included.
// When the context ends first, it returns the error of the context. Close the rings
// of cameras that give no more frames before.
func (r *Recorder) Drain(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case r.drains <- done:
	case <-r.finished:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-done:
		return nil
	case <-r.finished:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// nudge makes the dispatcher look at what is waiting.
func (r *Recorder) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run saves clips until the context ends. It then accepts no more jobs, closes the
// rings, finishes the clips under way with the frames it has, within Grace, and
// returns when its goroutines have ended. Call it once. Its only error is that of
// an encoder that hangs, which is abandoned; so is a worker that does not finish a
// frame within half a second.
func (r *Recorder) Run(ctx context.Context) error {
	defer close(r.finished)
	if !r.idle(ctx) {
		return nil
	}
	r.mu.Lock()
	r.running = true
	for _, g := range *r.rings.Load() {
		r.workers.Go(g.run)
	}
	r.mu.Unlock()

	d := newDispatcher(r)
	var builder sync.WaitGroup
	buildCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	builder.Go(func() { r.build(buildCtx, d.tasks, d.results) })
	err := d.run(ctx, cancel)
	r.tellAll()
	close(d.tasks)
	if err == nil {
		builder.Wait()
	}
	r.dismiss()
	return err
}

// dismiss waits for the workers, who have nothing left to do that anybody waits
// for. One that is still in the middle of a frame may take long, for it comes
// after everything else on the machine: it is not waited for longer than
// abandonTime, and ends by itself.
func (r *Recorder) dismiss() {
	r.done.Store(true)
	ended := make(chan struct{})
	go func() { // ends with the last worker
		r.workers.Wait()
		close(ended)
	}()
	limit := time.NewTimer(abandonTime)
	defer limit.Stop()
	select {
	case <-ended:
	case <-limit.C:
		r.log.Warn("abandon threads that encode frames of clips: the machine leaves them no time", "after", abandonTime)
	}
}

// idle returns true when the first ring is there, and false when the context ends
// before, after which there will be none.
func (r *Recorder) idle(ctx context.Context) bool {
	for {
		select {
		case <-r.needed:
			return true
		case done := <-r.drains:
			close(done)
		case l := <-r.lost:
			r.tell(l)
		case <-ctx.Done():
			r.tellAll()
			r.mu.Lock()
			r.ended = !r.Active()
			ended := r.ended
			r.mu.Unlock()
			return !ended
		}
	}
}

// shut refuses further jobs and closes every ring.
func (r *Recorder) shut() {
	r.gate.Lock()
	r.closed = true
	r.gate.Unlock()
	r.mu.Lock()
	r.ended = true
	rings := slices.Collect(maps.Values(*r.rings.Load()))
	r.mu.Unlock()
	for _, g := range rings {
		g.Close()
	}
}

// errGrace is why a clip was given up at the end.
var errGrace = errors.New("the program ends; what is on disk of it is finished at the next start")

// errHang is what Run returns when the encoder hangs, or is too slow to notice that
// it is to end.
var errHang = errors.New("stop evidence: the clip under way takes too long; the next start finishes what is on disk of it")
