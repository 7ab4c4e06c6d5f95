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
	"rvo-tui/runtime/engine"
)

// worker runs one detector of one camera in a goroutine of its own, which for
// local detectors stays on a thread of low priority. Its driver asks with the
// request methods, which never wait, and collects reports: there are never more
// than its out channel holds, for it does nothing unasked.
type worker struct {
	task     engine.TaskID
	spec     detectors.Spec
	camera   string
	make     func() (detectors.Detector, error)
	frames   *frameSlot // of the newest frame that the engine has seen
	slots    *Slots
	nice     int
	clock    func() time.Duration // time since the epoch
	wake     chan<- struct{}      // of the driver, one slot
	asks     chan ask
	out      chan engine.Report
	finished chan struct{} // closed when the goroutine has ended
	overdue  time.Duration // detached: when it is held for stuck; the pipeline's

	det    detectors.Detector // written before a report Opened; an inline one is read by the pipeline after it
	answer engine.Answer
	frame  frameSlot // of the last answer, kept for evidence until the next one

	mu     sync.Mutex // guards what follows; held for a few instructions
	lease  *lease     // claim or slot of the run under way
	seized *capture.Frame
	cancel context.CancelFunc // ends the run or the wait under way
	off    bool               // withdrawn since it was last asked to run
	quit   bool
}

// The reasons of failure that the worker finds itself.
const (
	ReasonOpen   detectors.Reason = "open"           // the detector could not be loaded
	ReasonPanic  detectors.Reason = "panic"          // it panicked
	ReasonSignal detectors.Reason = "unknown_signal" // it answered with a signal that it does not provide
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
		shut(w.det)
	}()
	for a := range w.asks {
		switch a.kind {
		case askOpen:
			shut(w.det)
			err := w.open()
			w.report(engine.Report{What: engine.Opened, At: w.clock(), Err: err, Reason: ReasonOpen})
		case askRun:
			w.report(w.once(a.due))
		}
	}
}

// open makes the detector, or leaves it nil.
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
	return nil
}

func shut(det detectors.Detector) {
	if det == nil {
		return
	}
	// What fails to close cannot be helped any more, and must not take the
	// worker with it.
	defer func() { _ = recover() }()
	_ = det.Close()
}

// once takes a slot, then the newest frame, and runs the detector on it.
func (w *worker) once(due time.Duration) engine.Report {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var l *lease
	if !w.spec.Remote {
		l = w.slots.claim(Waiter{Camera: w.camera, Detector: w.spec.Name, Cost: w.spec.Cost, Due: due, Since: w.clock()})
		defer l.end()
	}
	if !w.enter(l, cancel) || l != nil && !l.wait(ctx) {
		return engine.Report{What: engine.Withdrawn, At: w.clock()}
	}
	frame, ref := w.frames.share()
	if frame == nil {
		return engine.Report{What: engine.Withdrawn, At: w.clock()}
	}
	defer w.leave(frame)
	if !w.seize(frame) {
		return engine.Report{What: engine.Withdrawn, At: w.clock()}
	}
	started := w.clock()
	w.report(engine.Report{What: engine.Started, Frame: ref, Started: started, At: started})
	if w.spec.Timeout > 0 {
		var done context.CancelFunc
		ctx, done = context.WithTimeout(ctx, w.spec.Timeout)
		defer done()
	}
	return w.look(ctx, frame, ref, started)
}

// inline runs the detector in the caller's goroutine, which is the pipeline's.
func (w *worker) inline() engine.Report {
	started := w.clock()
	frame, ref := w.frames.share()
	if frame == nil {
		return engine.Report{Task: w.task, What: engine.Done, Started: started, At: started, Err: errors.New("the frame is gone"), Reason: detectors.ReasonOther}
	}
	defer frame.Release()
	rep := w.look(context.Background(), frame, ref, started)
	rep.Task = w.task
	return rep
}

// look calls the detector and makes its answer a report.
func (w *worker) look(ctx context.Context, frame *capture.Frame, ref engine.FrameRef, started time.Duration) engine.Report {
	readings, err := detect(ctx, w.det, frame)
	rep := engine.Report{What: engine.Done, Frame: ref, Started: started, At: w.clock()}
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
	if frame.TryRetain() {
		w.frame.put(frame, ref)
	}
	return rep
}

// enter makes a run stoppable. It returns false when the run is withdrawn already
// or the worker is to end.
func (w *worker) enter(l *lease, cancel context.CancelFunc) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lease, w.cancel = l, cancel
	return !w.quit && !w.off
}

// seize makes f the frame of the run. It returns false as enter does, for a slot
// may have been granted long before the thread got on.
func (w *worker) seize(f *capture.Frame) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seized = f
	return !w.quit && !w.off
}

func (w *worker) leave(f *capture.Frame) {
	w.mu.Lock()
	w.lease, w.cancel, w.seized = nil, nil, nil
	w.mu.Unlock()
	f.Release()
}

// report hands a report to the driver. There is always room: see worker.
func (w *worker) report(r engine.Report) {
	r.Task = w.task
	w.out <- r
	select {
	case w.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// collect maps readings to the signals that the detector provides.
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
				Err:    fmt.Errorf("it answered with the signal %q, which it is not configured to provide", detectors.Clean(r.Signal)),
			}
		}
		a.Values[i], a.Detections[i], a.TTLs[i] = r.Value, r.Detections, r.TTL
	}
	return nil
}

// detect calls a detector, and makes a panic an error.
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

// start asks for a run, load for the detector to be opened, afresh if it was
// open. The mailbox has room whenever the engine asks, for it asks the next thing
// only when the last one is reported back.
func (w *worker) start(due time.Duration) {
	w.mu.Lock()
	w.off = false
	w.mu.Unlock()
	w.asks <- ask{askRun, due}
}

func (w *worker) load() { w.asks <- ask{kind: askOpen} }

// withdraw ends a wait for a slot, also one that is yet to begin.
func (w *worker) withdraw() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off = true
	if w.cancel != nil && w.seized == nil {
		w.cancel()
	}
}

// revoke gives the slot of a stuck run to the next in line, and tells the pool
// not to wait for its frame.
func (w *worker) revoke() {
	w.mu.Lock()
	l, f := w.lease, w.seized
	w.mu.Unlock()
	if l != nil {
		l.revoke()
	}
	if f != nil {
		f.Retire()
	}
}

// stop ends the worker: a wait at once, a run by its context. It does not wait
// for it; finished tells. It is called once, and nothing else after it.
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
