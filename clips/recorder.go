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

// lostLimit is the number of refused jobs that can be queued for logging.
const lostLimit = 256

// JobLimit is the number of clips that can be waiting or in progress.
const JobLimit = 16

const (
	clipSlack   = 2 * time.Second        // how long after its end a clip waits for late frames
	clipTimeout = time.Minute            // limit for building one clip
	sweepEvery  = time.Minute            // interval between scans of the directory
	retryEvery  = 5 * time.Second        // interval after an error
	stuckAfter  = 30 * time.Second       // duration of a builder task after which evidence is degraded
	drainLimit  = 2 * clipTimeout        // duration of a builder task after which Drain gives up
	lostHold    = 30 * time.Second       // how long evidence stays degraded after a clip was lost
	growEvery   = time.Second            // interval between two parts of a growing clip
	abandonTime = 500 * time.Millisecond // how long to wait at shutdown for a hanging encoder, and then for a worker
	mergeLimit  = 64                     // maximum number of events in one clip
)

// Options are the settings of a Recorder.
type Options struct {
	Config Config
	// Epoch is the start of the process, from which Job.At counts. It must have a
	// monotonic clock reading.
	Epoch time.Time
	// Muxer writes the movies; nil means AVI.
	Muxer Muxer
	// Redraw draws the boxes of thumbnails; nil means capture.RedrawJPEG.
	Redraw capture.Redrawer
	// Grace is how long Run may take to finish clips after its context ended. Clips not
	// finished by then are counted, and the next start completes them as far as they
	// are on disk.
	Grace time.Duration
	// Nice is the priority of the threads that encode and write, from 0 (like the rest
	// of the program) to 19 (lowest).
	Nice int
	// Done is called with the result for each event: its entry, or why its clip was
	// lost (a reason of Status.Dropped). It must return at once. It may be nil.
	Done func(event rules.Event, entry *Entry, lost string)
	// Log receives messages for the user; nil means slog.Default.
	Log *slog.Logger

	stuck time.Duration // for tests; 0: stuckAfter
}

// Recorder saves clips. It owns the rings, one encoding worker per ring, and the
// builder, which is the only goroutine that touches the disk. Save, Status and the
// rings are safe for concurrent use. Until the first call of Ring there are no workers
// and no directory.
type Recorder struct {
	cfg   Config
	epoch time.Time
	grace time.Duration
	nice  int
	stuck time.Duration // duration after which a builder task counts as stuck
	told  func(rules.Event, *Entry, string)
	log   *slog.Logger
	store *store // belongs to the builder once Run has started

	rings atomic.Pointer[map[string]*Ring] // replaced, never modified

	lost     chan lost     // refused jobs that are not logged yet
	needed   chan struct{} // closed when the first ring is made
	jobs     chan asked    // has room for all jobs that waiting admits
	wake     chan struct{}
	drains   chan chan struct{}
	finished chan struct{}

	untold  atomic.Uint64 // refused jobs that did not fit into lost
	waiting atomic.Int32  // accepted jobs that are not yet clips or dropped
	dropped map[string]*atomic.Uint64
	merged  atomic.Uint64
	unheld  atomic.Uint64
	shown   atomic.Pointer[progress] // published by the dispatcher

	gate   sync.RWMutex // Save only uses TryRLock; locked for writing once, at shutdown
	closed bool         // guarded by gate

	done atomic.Bool // frames are no longer needed

	mu      sync.Mutex // guards the fields below and the replacement of rings
	running bool
	ended   bool
	workers sync.WaitGroup
}

// New returns a recorder. It accepts rings and jobs at once, but does nothing until
// Run.
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
		store:    &store{cfg: o.Config, epoch: o.Epoch, muxer: o.Muxer, redraw: o.Redraw, log: o.Log, own: make(map[string]bool), warned: make(map[string]bool), films: make(map[*clip]*building), spaceOf: spaceOf},
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

// Ring returns the ring of a camera, which is made on first use and keeps at least
// before plus 2 s. After Run has ended it returns a closed ring.
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

// Active reports whether a ring has been requested yet.
func (r *Recorder) Active() bool {
	select {
	case <-r.needed:
		return true
	default:
		return false
	}
}

// forget removes a closed ring from the list.
func (r *Recorder) forget(g *Ring) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old := *r.rings.Load(); old[g.camera] == g {
		rings := maps.Clone(old)
		delete(rings, g.camera)
		r.rings.Store(&rings)
		if !r.running {
			r.workers.Go(g.run) // only releases queued frames
		}
	}
}

// Save queues a clip. It is meant for the live path and never blocks. A refused job is
// counted and gives ErrFull, ErrCamera or ErrClosed. Save owns the reference of
// job.Confirming in every case.
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

// lost is a refused job, for the log.
type lost struct{ event, camera, reason string }

// tell logs a refused job, and the number of others that did not fit into the queue.
func (r *Recorder) tell(l lost) {
	r.noClip(l.event, l.camera, l.reason, nil)
	if n := r.untold.Swap(0); n > 0 {
		r.log.Warn("more events have no clip, too many to list", "events", n)
	}
}

// noClip logs that an event has no clip. err may be nil.
func (r *Recorder) noClip(event, camera, reason string, err error) {
	args := []any{"event", event, "camera", camera, "reason", reason}
	if err != nil {
		args = append(args, "error", err)
	}
	r.log.Warn("an event has no clip", args...)
}

// tellAll logs what is left at shutdown.
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
	r.jobs <- asked{job, ring} // never blocks
	return "", nil
}

// Drain waits until every queued clip is saved or dropped, including post-rolls, but not
// for a disk that hangs. If the context ends first, it returns the context's error. First
// close the rings of cameras that deliver no more frames.
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

// nudge makes the dispatcher check for work.
func (r *Recorder) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run saves clips until the context ends. It then refuses jobs, closes the rings,
// finishes the clips in progress within Grace using the frames it has, and returns when
// its goroutines have ended. Call it once. It fails only if an encoder hangs, which is
// then abandoned. A worker that does not finish its frame within abandonTime is
// abandoned too.
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

// dismiss waits for the workers, whose output is no longer needed. One that is in the
// middle of a frame may take long because of its low priority, so the wait is limited
// to abandonTime. The worker then ends by itself.
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
		r.log.Warn("clip encoder threads did not end in time and were abandoned: the CPU is overloaded", "after", abandonTime)
	}
}

// idle returns true once the first ring exists, and false if the context ends before;
// no ring can be made after that.
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

// shut refuses further jobs and closes all rings.
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

// errGrace ends a clip at shutdown.
var errGrace = errors.New("the program is shutting down; the next start finishes the part on disk")

// errHang is returned by Run if the encoder hangs or reacts too slowly to cancellation.
var errHang = errors.New("stop evidence: the current clip takes too long; the next start finishes the part on disk")
