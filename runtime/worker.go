package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/runtime/engine"
)

// worker runs one detector of one camera in its own goroutine, which for a local
// detector is locked to a low-priority thread. The pipeline calls its request methods,
// which never block, and collects its reports. out always has room, because the worker
// does nothing without a request.
type worker struct {
	task     engine.TaskID
	spec     detectors.Spec
	cfg      detectors.Config // configuration as it applies to its camera
	camera   string
	make     func() (detectors.Detector, error)
	frames   *frameSlot // newest frame seen by the engine
	boxes    frameSlot  // newest frame with boxes, for a detector of crops
	slots    *Slots
	nice     int
	clock    func() time.Duration // time since the epoch
	wake     chan<- struct{}      // wakes the driver; capacity 1
	asks     chan ask
	out      chan engine.Report
	finished chan struct{} // closed when the goroutine has ended
	overdue  time.Duration // detached: when it counts as stuck; owned by the pipeline

	det    detectors.Detector // written before the report Opened; then the pipeline reads it for inline detectors
	answer engine.Answer
	frame  frameSlot // frame of the last result, held for evidence until the next one

	mu     sync.Mutex // guards the fields below; held for a few instructions
	lease  *lease     // claim or slot of the current run
	held   *capture.Frame
	cancel context.CancelFunc // ends the current run or wait
	off    bool               // withdrawn since the last request to run
	quit   bool

	restarter detectors.Restarter // the open detector if it has a process, else nil
	restarted uint64              // restarts of earlier detectors' processes
}

// Reasons of errors detected by the worker.
const (
	ReasonOpen   detectors.Reason = "open"           // the detector could not be loaded
	ReasonPanic  detectors.Reason = "panic"          // it panicked
	ReasonSignal detectors.Reason = "unknown_signal" // it returned a signal that it does not provide
)

type askKind uint8

const (
	askOpen askKind = iota
	askRun
)

type ask struct {
	kind askKind
	due  time.Duration
}

// run serves requests until stop.
func (w *worker) run() {
	defer close(w.finished)
	if !w.spec.Remote {
		capture.LowPriority(w.nice)
	}
	defer func() {
		w.frame.close()
		w.boxes.close()
		shut(w.det)
	}()
	for a := range w.asks {
		switch a.kind {
		case askOpen:
			shut(w.det)
			err := w.open()
			w.report(engine.Report{Kind: engine.Opened, At: w.clock(), Err: err, Reason: ReasonOpen})
		case askRun:
			w.report(w.once(a.due))
		}
	}
}

// open opens the detector, or leaves it nil.
func (w *worker) open() (err error) {
	w.det = nil
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("open detector %q: panic: %v", w.spec.Name, p)
		}
	}()
	det, err := w.make()
	if err != nil {
		return fmt.Errorf("open detector %q: %w", w.spec.Name, err)
	}
	w.det = det
	w.follow(det)
	return nil
}

// follow includes the process restarts of det in the count from now on.
func (w *worker) follow(det detectors.Detector) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.restarter != nil {
		w.restarted += w.restarter.Restarts()
	}
	w.restarter, _ = det.(detectors.Restarter)
}

// restarts returns how often the processes of its detectors were restarted.
func (w *worker) restarts() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.restarter == nil {
		return w.restarted
	}
	return w.restarted + w.restarter.Restarts()
}

func shut(det detectors.Detector) {
	if det == nil {
		return
	}
	// An error of Close has no remedy, and must not end the worker.
	defer func() { _ = recover() }()
	_ = det.Close()
}

// once takes a slot, then the newest frame, and runs the detector on it.
func (w *worker) once(due time.Duration) engine.Report {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var l *lease
	if !w.spec.Remote {
		l = w.slots.claim(Waiter{Camera: w.camera, Detector: w.spec.Name, Cost: w.spec.Cost, Batch: w.spec.Batch, Due: due, Since: w.clock()})
		defer l.end()
	}
	if !w.enter(l, cancel) || l != nil && !l.wait(ctx) {
		return engine.Report{Kind: engine.Withdrawn, At: w.clock()}
	}
	b := w.newest()
	if b.frame == nil {
		return engine.Report{Kind: engine.Withdrawn, At: w.clock()}
	}
	defer w.leave(b.frame)
	if !w.hold(b.frame) {
		return engine.Report{Kind: engine.Withdrawn, At: w.clock()}
	}
	started := w.clock()
	w.report(engine.Report{Kind: engine.Started, Frame: b.ref, Started: started, At: started})
	if w.spec.Timeout > 0 {
		var done context.CancelFunc
		ctx, done = context.WithTimeout(ctx, w.spec.Timeout)
		defer done()
	}
	return w.look(ctx, b, started)
}

// newest returns the newest frame to process, with a reference, or none.
func (w *worker) newest() framed {
	if w.spec.CropsOf != "" {
		return w.boxes.take()
	}
	frame, ref := w.frames.share()
	return framed{frame: frame, ref: ref}
}

// inline runs the detector in the caller's goroutine, which is the pipeline's.
func (w *worker) inline() engine.Report {
	started := w.clock()
	b := w.newest()
	if b.frame == nil {
		return engine.Report{Task: w.task, Kind: engine.Done, Started: started, At: started, Err: errors.New("the frame is gone"), Reason: detectors.ReasonOther}
	}
	defer b.frame.Release()
	rep := w.look(context.Background(), b, started)
	rep.Task = w.task
	return rep
}

// look calls the detector and converts its result to a report.
func (w *worker) look(ctx context.Context, b framed, started time.Duration) engine.Report {
	rep := engine.Report{Kind: engine.Done, Frame: b.ref, Started: started}
	var readings []detectors.Reading
	var err error
	if w.spec.CropsOf != "" {
		readings, rep.Looked, err = w.crops(ctx, b)
	} else {
		readings, err = detect(ctx, w.det, b.frame)
	}
	rep.At = w.clock()
	if err == nil {
		err = w.collect(readings)
	}
	if err != nil {
		rep.Err, rep.Reason = err, detectors.ReasonOf(err)
		return rep
	}
	rep.Answer = w.answer
	if m, ok := w.det.(detectors.Modeler); ok {
		rep.Model = m.Model()
	}
	if b.frame.TryRetain() {
		w.frame.put(framed{frame: b.frame, ref: b.ref})
	}
	return rep
}

// enter makes a run stoppable. It returns false if the run was withdrawn or the worker
// must end.
func (w *worker) enter(l *lease, cancel context.CancelFunc) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lease, w.cancel = l, cancel
	return !w.quit && !w.off
}

// hold makes f the frame of the run. It returns false like enter: the slot may have
// been granted long before this thread runs.
func (w *worker) hold(f *capture.Frame) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = f
	return !w.quit && !w.off
}

func (w *worker) leave(f *capture.Frame) {
	w.mu.Lock()
	w.lease, w.cancel, w.held = nil, nil, nil
	w.mu.Unlock()
	f.Release()
}

// report sends a report to the pipeline. out always has room, see worker.
func (w *worker) report(r engine.Report) {
	r.Task = w.task
	w.out <- r
	select {
	case w.wake <- struct{}{}:
	default: // a wake-up is pending
	}
}

// collect assigns readings to the signals that the detector provides.
func (w *worker) collect(readings []detectors.Reading) error {
	a := &w.answer
	for i := range w.spec.Provides {
		a.Values[i], a.Detections[i], a.TTLs[i] = 0, nil, 0
	}
	for _, r := range readings {
		i := slices.Index(w.spec.Provides, r.Signal)
		if i < 0 {
			return &detectors.Error{
				Reason: ReasonSignal,
				Err:    fmt.Errorf("it returned the signal %q, which it is not configured to provide", text.Clean(r.Signal)),
			}
		}
		if w.spec.Sieve != nil {
			r = w.spec.Sieve.Pass(r)
		}
		a.Values[i], a.Detections[i], a.TTLs[i] = r.Value, r.Detections, r.TTL
	}
	return nil
}

// detect calls a detector and converts a panic to an error.
func detect(ctx context.Context, det detectors.Detector, frame *capture.Frame) (readings []detectors.Reading, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &detectors.Error{Reason: ReasonPanic, Err: fmt.Errorf("panic: %v", p)}
		}
	}()
	if det == nil {
		return nil, errors.New("it is not loaded")
	}
	return det.Detect(ctx, frame)
}

// start requests a run; load requests that the detector be opened or reopened. asks has
// room: the engine requests the next thing only after the report on the last one.
func (w *worker) start(due time.Duration) {
	w.mu.Lock()
	w.off = false
	w.mu.Unlock()
	w.asks <- ask{askRun, due}
}

func (w *worker) load() { w.asks <- ask{kind: askOpen} }

// withdraw ends a wait for a slot, including one that has not started.
func (w *worker) withdraw() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off = true
	if w.cancel != nil && w.held == nil {
		w.cancel()
	}
}

// revoke frees the slot of a stuck run for the next waiter and retires its frame.
func (w *worker) revoke() {
	w.mu.Lock()
	l, f := w.lease, w.held
	w.mu.Unlock()
	if l != nil {
		l.revoke()
	}
	if f != nil {
		f.Retire()
	}
}

// stop ends the worker: a wait at once, a run through its context. It does not block;
// see finished. It is called once, as the last method.
func (w *worker) stop() {
	w.mu.Lock()
	w.quit = true
	cancel := w.cancel
	w.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	close(w.asks)
}

func newWorker(id engine.TaskID, spec detectors.Spec, p *pipeline, open func() (detectors.Detector, error)) *worker {
	n := len(spec.Provides)
	return &worker{
		task: id, spec: spec, camera: p.name, make: open,
		frames: &p.seen, slots: p.slots, nice: p.nice, clock: p.clock, wake: p.wake,
		asks: make(chan ask, 1), out: make(chan engine.Report, 4), finished: make(chan struct{}),
		answer: engine.Answer{Values: make([]float64, n), Detections: make([][]detectors.Detection, n), TTLs: make([]time.Duration, n)},
	}
}

// retire stops a worker without waiting for it; see reap.
func (p *pipeline) retire(w *worker) {
	w.stop()
	w.overdue = engine.Never
	if w.spec.Timeout > 0 {
		w.overdue = p.clock() + w.spec.Timeout
	}
	p.retired = append(p.retired, w)
	p.log.Debug("detector detached", "detector", w.spec.Name)
}

// reap drops retired workers that have ended, and takes slot and frame from those that
// hang, which the engine no longer knows. It returns when to call it again.
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
			p.log.Warn("a detached detector is stuck; its slot was freed", "detector", w.spec.Name, "timeout", w.spec.Timeout)
		}
		next = min(next, w.overdue)
		return false
	})
	return next
}
