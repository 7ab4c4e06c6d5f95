package runtime

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime/engine"
	"rvo-tui/runtime/live"
)

// pipeline drives the engine of one camera: it steps the engine on frames, reports,
// commands and deadlines, and carries out the actions. Its goroutine owns the engine,
// and waits for nothing else.
type pipeline struct {
	camera    *capture.Camera
	recording *recording // nil: packets of camera are recorded
	pool      *capture.Pool
	ring      atomic.Pointer[clips.Ring] // for evidence; nil: no rule saves clips
	roll      Roll                       // default of rules without their own
	live      *live.Hub
	name      string
	epoch     time.Time
	engine    *engine.Engine
	slots     *Slots
	nice      int
	emit      func(camera string, f *engine.Fired, by evidence) // never blocks; takes over the frame reference
	period    time.Duration                                     // between published views
	probe     Probe                                             // nil: none
	log       *slog.Logger
	newest    frameSlot // from the camera
	seen      frameSlot // seen by the engine; workers take it
	wake      chan struct{}
	commands  chan func(*engine.Engine, time.Duration)
	workers   []*worker // in order of attachment; owned by the goroutine
	nextTask  engine.TaskID
	ticks     atomic.Uint64 // only written by the goroutine
	tick      *engine.Histogram
	seenN     uint64
	in        engine.Inputs
	ending    <-chan struct{}        // closed when the pipeline must end; set before it is listed
	stopped   atomic.Bool            // no more events
	halted    chan struct{}          // closed when stopped
	inline    atomic.Pointer[worker] // inline detector running in the goroutine now; nil: none

	wanted capture.Demand // last demand passed to the camera; owned by the goroutine
	looked atomic.Pointer[preview]

	private   atomic.Pointer[privacy]
	concealed time.Duration // when privacy zones were last set; owned by the goroutine

	superseded atomic.Uint64
	view       atomic.Pointer[CameraView]
	published  time.Duration

	retired []*worker // detached, maybe still running; owned by the goroutine
}

// pipelineBacklog is the maximum number of queued commands of one camera.
const pipelineBacklog = 16

// abandonAfter is how long a stopping pipeline waits for its detectors.
const abandonAfter = 2 * time.Second

func newPipeline(name string, epoch time.Time, slots *Slots, cfg Config, log *slog.Logger) *pipeline {
	return &pipeline{
		name: name, live: live.NewHub(name), epoch: epoch, slots: slots, nice: cfg.Nice, log: log,
		engine:   engine.New(engine.Options{MaxErrors: cfg.MaxErrors, Seed: uint64(len(name)) + hashName(name)}),
		period:   time.Duration(float64(time.Second) / cfg.SnapshotRate),
		wake:     make(chan struct{}, 1),
		commands: make(chan func(*engine.Engine, time.Duration), pipelineBacklog),
		tick:     new(engine.Histogram),
		halted:   make(chan struct{}),
	}
}

func hashName(name string) uint64 { // FNV-1a
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return h
}

// offer takes a frame from the camera, with its reference.
func (p *pipeline) offer(f *capture.Frame) {
	if ring := p.ring.Load(); ring != nil && (p.recording == nil || p.private.Load() != nil) {
		ring.Offer(f)
	}
	if p.newest.put(framed{frame: f}) {
		p.superseded.Add(1)
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *pipeline) clock() time.Duration { return time.Since(p.epoch) }

// run steps the engine until the context ends, then stops the workers. It waits up to
// abandonAfter for an inline detector, which blocks the engine's goroutine, and for
// workers. What hangs is logged and abandoned.
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
			p.log.Error("abandoned an inline detector that does not return; use execution = \"worker\", or run it in a process of its own", "detector", name)
			p.live.Close()
			return
		}
	}
	<-driven
}

// halt stops events and clips of the camera; clips end with what is there. It returns
// false if this has already been done.
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

// drive is the goroutine of the pipeline.
func (p *pipeline) drive(ctx context.Context) {
	p.step() // to load attached detectors
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		p.in.Commands = p.in.Commands[:0]
		select {
		case <-ctx.Done():
			p.halt()
			p.shutdown()
			return
		case <-p.wake:
		case <-timer.C:
		case command := <-p.commands:
			p.in.Commands = append(p.in.Commands, command)
		}
		next := p.step()
		if next == engine.Never {
			timer.Stop()
		} else {
			timer.Reset(next - p.clock())
		}
	}
}

// step steps the engine with what has happened and returns the next deadline.
func (p *pipeline) step() time.Duration {
	p.in.Wall = time.Now()
	now := p.in.Wall.Sub(p.epoch)
	begun := now
	p.in.Reports = p.in.Reports[:0]
	for _, w := range p.workers {
		for len(w.out) > 0 {
			p.in.Reports = append(p.in.Reports, <-w.out)
		}
	}
	p.in.Frame = engine.FrameRef{}
	if f := p.newest.take().frame; f != nil {
		p.seenN++
		p.in.Frame = engine.FrameRef{ID: f.ID, Captured: f.Captured.Sub(p.epoch), Arrived: f.Arrived.Sub(p.epoch), Seen: now}
		p.seen.put(framed{frame: f, ref: p.in.Frame})
	}
	commanded := len(p.in.Commands) > 0
	acts := p.advance(now)
	for p.carryOut(acts) {
		// An inline detector has run: process its result before other input.
		p.in.Frame, p.in.Commands = engine.FrameRef{}, p.in.Commands[:0]
		now = p.clock()
		acts = p.advance(now)
	}
	p.ticks.Store(p.ticks.Load() + 1) // only this goroutine writes it
	end := p.clock()
	p.tick.Record(end - begun)
	if p.probe != nil {
		p.probe.Ticked(begun, end-begun)
	}
	next := min(acts.Next, p.reap(now), p.want(end))
	if commanded || end-p.published >= p.period { // callers of commands expect to see the result
		p.publish(end)
	} else {
		next = min(next, p.published+p.period)
	}
	return next
}

// preview is a demand for frames for previews.
type preview struct {
	fps   float64
	until time.Duration
}

// previewFor is how long a preview's demand lasts after its last request.
const previewFor = 3 * time.Second

// want tells the camera the frame rate that detectors and previews need. It returns
// when to call it again.
func (p *pipeline) want(now time.Duration) time.Duration {
	look := p.looked.Load()
	looked := look != nil && now < look.until
	live := p.live.Watched()
	p.engine.Watch(looked || live)
	e := p.engine.Demand(now)
	d := capture.Demand{FPS: e.FPS, Soon: e.Soon, Live: live, Why: "detector " + e.Detector}
	next := engine.Never
	if looked {
		if d.FPS < look.fps {
			d.FPS, d.Why = look.fps, "preview"
		}
		next = look.until
	}
	if ring := p.ring.Load(); ring != nil && p.private.Load() != nil && d.FPS < ring.Rate() {
		d.FPS, d.Why = ring.Rate(), "clips with private zones"
	}
	if d != p.wanted {
		p.wanted = d
		p.camera.Want(d)
	}
	return next
}

// look returns the newest frame for a preview, or nil, and demands frames at a rate.
// The highest current demand applies.
func (p *pipeline) look(fps float64) *capture.Frame {
	now := p.clock()
	was := p.looked.Load()
	if was == nil || fps >= was.fps || now >= was.until {
		hold := max(previewFor, time.Duration(2*float64(time.Second)/fps))
		p.looked.CompareAndSwap(was, &preview{fps, now + hold}) // on failure, another request has just changed it
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
	f, _ := p.seen.share()
	return f
}

// sink returns the current receiver of packets; nil: none.
func (p *pipeline) sink() capture.PacketSink {
	if ring := p.ring.Load(); ring != nil && p.private.Load() == nil {
		return ring
	}
	return nil
}

// OfferPacket implements capture.PacketSink. If there is a recording, evidence uses
// that stream instead. Packets of a camera with privacy zones are not passed on.
func (p *pipeline) OfferPacket(packet *capture.Packet) {
	if p.private.Load() != nil {
		return
	}
	if ring := p.ring.Load(); ring != nil && p.recording == nil {
		ring.OfferPacket(packet)
	}
	p.live.OfferPacket(packet)
}

// advance steps the engine with the collected inputs.
func (p *pipeline) advance(now time.Duration) *engine.Actions {
	acts := p.engine.Step(now, &p.in)
	p.note()
	p.handBoxes()
	if p.probe != nil {
		p.probe.Stepped(now, &p.in, acts)
	}
	return acts
}

// note passes the results accepted by the engine, with their tracks, to viewers and to
// the evidence ring.
func (p *pipeline) note() {
	ring := p.ring.Load()
	for i := range p.in.Reports {
		r := &p.in.Reports[i]
		w := p.worker(r.Task)
		if r.Kind != engine.Done || r.Err != nil || r.Void || w == nil {
			continue
		}
		p.live.OfferResult(w.spec.Name, w.spec.Provides, r.Frame, p.epoch, &r.Answer)
		if ring == nil {
			continue
		}
		for k, signal := range w.spec.Provides {
			ring.Note(clips.Note{
				Frame: r.Frame.ID, Captured: p.epoch.Add(r.Frame.Captured), Signal: signal,
				Value: r.Answer.Values[k], Detections: r.Answer.Detections[k],
			})
		}
	}
}

// carryOut carries out actions. It returns whether inline detectors have run, whose
// reports are the next inputs.
func (p *pipeline) carryOut(acts *engine.Actions) (again bool) {
	p.in.Reports = p.in.Reports[:0]
	for _, a := range acts.Do {
		w := p.worker(a.Task)
		if w == nil {
			continue
		}
		switch a.Kind {
		case engine.DoStart:
			w.start(a.Due)
		case engine.DoOpen:
			w.load()
		case engine.DoWithdraw:
			w.withdraw()
		case engine.DoRevoke:
			w.revoke()
			p.log.Warn("detector is stuck; its slot was freed and its signals are unknown", "detector", w.spec.Name, "timeout", w.spec.Timeout)
		case engine.LogError:
			p.log.Warn("detector error: its signals are unknown", "detector", w.spec.Name, "error", a.Text)
		case engine.LogFailed:
			p.log.Error("detector has failed", "detector", w.spec.Name, "error", a.Text, "retry", w.spec.Retry)
		case engine.LogRecovered:
			p.log.Info("detector works again", "detector", w.spec.Name)
		case engine.LogShortTTL:
			p.log.Warn("results expire before the next run, and the signal is unknown until then: "+shortTTLRemedy, "detector", w.spec.Name, "ttl", a.Text)
		case engine.DoInline:
			p.inline.Store(w)
			p.in.Reports = append(p.in.Reports, w.inline())
			p.inline.Store(nil)
			again = true
		}
	}
	if p.stopped.Load() {
		return false // it was abandoned in the meantime
	}
	for i := range acts.Fired {
		f, by := &acts.Fired[i], evidence{}
		if f.Event.Phase == rules.PhaseConfirmed && f.Rule.Clip && p.ring.Load() != nil {
			by = p.evidence(f.Event.Frame)
		}
		p.emit(p.name, f, by)
	}
	return again
}

// evidence is what a clip shows of its event.
type evidence struct {
	frame      *capture.Frame // confirming frame, with a reference for the receiver; nil: already released
	detections []detectors.Detection
	private    []string // privacy zones, which are black
}

// evidence returns the frame with an ID, if a worker still holds it and it was seen with
// the current privacy zones, and all detections in it.
func (p *pipeline) evidence(id uint64) evidence {
	by := evidence{detections: p.engine.Detections(id), private: p.private.Load().zones()}
	for _, w := range p.workers {
		f, ref := w.frame.share()
		switch {
		case f == nil:
		case ref.ID != id || by.frame != nil || ref.Seen < p.concealed:
			f.Release()
		default:
			by.frame = f
		}
	}
	return by
}

func (p *pipeline) worker(id engine.TaskID) *worker {
	for _, w := range p.workers {
		if w.task == id {
			return w
		}
	}
	return nil
}

// do runs a command in the pipeline's goroutine and returns its error. It fails if too
// many commands are queued. A command that has not started when the context ends or the
// camera is stopping is dropped.
func (p *pipeline) do(ctx context.Context, command func(e *engine.Engine, now time.Duration) error) error {
	reply := make(chan error, 1)
	var claimed atomic.Bool // set by the pipeline when it runs the command, or by the caller when it drops it
	select {
	case p.commands <- func(e *engine.Engine, now time.Duration) {
		if claimed.CompareAndSwap(false, true) {
			reply <- command(e, now)
		}
	}:
	default:
		return errBusy
	}
	dropped := errors.New("the camera was removed in the meantime")
	select {
	case err := <-reply:
		return err
	case <-p.ending:
	case <-ctx.Done():
		dropped = ctx.Err()
	}
	if claimed.CompareAndSwap(false, true) {
		return dropped
	}
	return <-reply // already running, and commands do not block
}

// attach adds a detector and its worker. It runs in the pipeline's goroutine.
func (p *pipeline) attach(cfg detectors.Config, spec detectors.Spec, open func() (detectors.Detector, error)) error {
	p.nextTask++
	w := newWorker(p.nextTask, spec, p, open)
	w.cfg = cfg
	p.workers = append(p.workers, w) // before the engine requests anything from it
	if err := p.engine.Attach(w.task, spec); err != nil {
		p.workers = p.workers[:len(p.workers)-1]
		return err
	}
	p.pool.Resize(poolSize(p.workers...))
	go w.run() // waited for by shutdown
	return nil
}

// detach removes a detector. It does not wait for the worker.
func (p *pipeline) detach(name string) error {
	id, err := p.engine.Detach(name)
	if err != nil {
		return err
	}
	for i, w := range p.workers {
		if w.task == id {
			p.workers = append(p.workers[:i], p.workers[i+1:]...)
			p.pool.Resize(poolSize(p.workers...))
			p.retire(w)
			break
		}
	}
	return nil
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
			p.log.Error("abandoned a detector that does not return; if this repeats, run it in a process of its own or as a remote service", "detector", w.spec.Name)
		}
	}
	p.live.Close()
	p.newest.close()
	p.seen.close()
	p.publish(p.clock())
}
