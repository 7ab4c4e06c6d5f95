// Package engine decides, for one camera, which detector processes which frame and when
// a rule fires. It has no clock, goroutine, lock or I/O. A driver calls Step and
// carries out the actions that it returns.
package engine

import (
	"fmt"
	"math/rand/v2"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/rules"
)

// Engine schedules the detectors of one camera, holds its signals and steps its rules.
// The driver calls Step whenever something has happened, and at the latest at the
// deadline returned by the last Step. It carries out the returned actions and reports
// their results to the next Step.
//
// All times are durations since an epoch chosen by the driver and never decrease. An
// Engine belongs to one goroutine. Step allocates only the events that it returns, and
// detections that get attributes or tracks.
type Engine struct {
	table *detectors.Table
	tasks []*task
	rules []rule
	zones []ZoneView // immutable, shared with views
	lines []LineView // immutable, shared with views
	opts  Options
	now   time.Duration // time of the last step

	watched    bool          // a viewer watches the camera
	refollowed bool          // trackers may no longer be needed
	hoursNext  time.Duration // when to check the hours of rules; Never: there are none
	rng        *rand.Rand    // for the jitter of retries

	camera   feed
	frames   uint64
	ruleNext time.Duration
	stages   [StageCount]*Histogram
	spacing  *Histogram
	age      *Histogram
	batch    batch    // samples for the histograms
	asked    []Action // for the next Actions, including those of commands before the first step
	out      Actions
}

// rule is a rule with the settings shown in dashboards.
type rule struct {
	*rules.Rule
	event, when string
	hold        time.Duration // Config.For
	cooldown    time.Duration // Config.Cooldown
	clip        bool          // Config.Clip
	after       time.Duration // Config.After
	hours       *hours        // nil: always active
}

// Options are the settings of an Engine.
type Options struct {
	MaxErrors int    // consecutive errors after which a detector counts as failed; at least 1
	Seed      uint64 // for the jitter of retries
}

// Delays before a failed detector is retried.
const (
	retryFirst  = time.Second
	retryLast   = time.Minute
	retryJitter = 0.2
)

// logEvery is the minimum time between two logged errors of a detector. All errors are
// counted.
const logEvery = 10 * time.Second

// Never is the deadline of an Engine that waits only for input.
const Never = rules.Never

// New returns an engine without detectors and rules.
func New(opts Options) *Engine {
	e := &Engine{
		table:    detectors.NewTable(),
		opts:     opts,
		rng:      rand.New(rand.NewPCG(opts.Seed, 0x9e3779b97f4a7c15)),
		spacing:  new(Histogram),
		age:      new(Histogram),
		ruleNext: Never, hoursNext: Never,
	}
	for i := range e.stages {
		e.stages[i] = new(Histogram)
	}
	return e
}

// Step processes everything that has happened up to now and returns what to do.
func (e *Engine) Step(now time.Duration, in *Inputs) *Actions {
	e.now = now
	e.out.Fired = e.out.Fired[:0]
	changed := len(in.Commands) > 0
	for i := range in.Reports {
		if e.report(now, &in.Reports[i]) {
			changed = true
		}
	}
	arrived := in.Frame.ID != 0 && in.Frame.ID != e.camera.frame.ID
	if arrived {
		e.arrive(now, in.Frame)
	}
	for _, command := range in.Commands {
		command(e, now)
	}
	if e.refollowed {
		e.unfollow()
	}
	if now >= e.hoursNext && !in.Wall.IsZero() {
		changed = e.arm(now, in.Wall) || changed
	}
	next := Never
	if !in.Wall.IsZero() {
		next = e.hoursNext
	}
	for _, t := range e.tasks {
		if arrived && t.feed == &e.camera {
			t.countFrame()
		}
		if now >= t.deadline {
			changed = e.expire(now, t) || changed
		}
		if t.fresh {
			if t.verdict = e.gate(now, t); t.verdict == GateOpen {
				e.launch(now, t)
			}
		}
		next = min(next, t.deadline)
	}
	if changed || now >= e.ruleNext {
		e.stepRules(now)
	}
	e.out.Next = min(next, e.ruleNext)
	e.out.Do = append(e.out.Do[:0], e.asked...)
	e.asked = e.asked[:0]
	return &e.out
}

// Table returns the signals. They belong to the Engine's goroutine.
func (e *Engine) Table() *detectors.Table { return e.table }

// arrive handles a new frame of the camera.
func (e *Engine) arrive(now time.Duration, f FrameRef) {
	if gap := e.camera.arrive(now, f); gap > 0 {
		e.batch.record(e.spacing, gap)
	}
	e.frames++
	e.batch.record(e.stages[StageCapture], f.Arrived-f.Captured)
	e.batch.record(e.stages[StageQueue], now-f.Arrived)
	e.batch.record(e.age, now-f.Captured)
}

// launch starts a detector on the newest frame if no gate holds it.
func (e *Engine) launch(now time.Duration, t *task) {
	if seen := t.feed.frame.Seen; seen-t.due > t.interval {
		t.due = seen // too far behind to catch up
	}
	due := t.due
	t.due += t.interval
	if t.spec.Execution == detectors.Inline {
		e.start(t, t.feed.frame, now)
		e.do(t, DoInline, due)
		return
	}
	t.phase = queued
	t.verdict = GateSlot
	t.fresh = false
	e.do(t, DoStart, due)
}

// gate returns what keeps a detector from running on the newest frame.
func (e *Engine) gate(now time.Duration, t *task) Gate {
	switch {
	case !t.enabled:
		return GateDisabled
	case t.phase <= opening:
		return GateFailed
	case now < t.backoffUntil:
		return GateBackoff
	case t.feed.age(now) >= t.ttl || t.crops != nil && e.table.Signal(t.crops.of).At(now) != detectors.Known:
		return GateNoFrame
	case t.due > t.feed.horizon:
		return GateRate
	}
	switch {
	case e.held(now, t):
		return GateNeeds
	case t.phase != idle:
		return GateBusy
	}
	return GateOpen
}

// report handles a worker's report. It returns whether a signal changed.
func (e *Engine) report(now time.Duration, r *Report) bool {
	t := e.task(r.Task)
	if t == nil {
		return false // detached in the meantime
	}
	switch r.Kind {
	case Opened:
		return e.opened(now, t, r)
	case Started:
		// Frames that arrived while it waited were held by the slot gate, except the
		// one that it starts with.
		if r.Frame.ID == t.feed.frame.ID {
			t.skips[GateSlot] += t.provisional
			t.fresh = false
		} else {
			t.skips[GateSlot] += max(t.provisional, 1) - 1
			t.verdict = GateBusy
			t.fresh = true
		}
		t.provisional = 0
		if t.phase == queued {
			e.start(t, r.Frame, r.Started)
		}
	case Withdrawn:
		t.skips[GateSlot] += t.provisional
		t.provisional = 0
		if t.phase == queued {
			t.settle(idle)
		}
	case Done:
		return e.done(now, t, r)
	}
	return false
}

// start records that a detector has started on a frame.
func (e *Engine) start(t *task, f FrameRef, at time.Duration) {
	t.phase = running
	t.frame = f
	if f.ID == t.feed.frame.ID {
		t.verdict, t.fresh = GateOpen, false
	}
	t.begin(at)
	e.batch.record(e.stages[StageSchedule], at-f.Seen)
	t.deadline = Never
	if t.limit > 0 {
		t.deadline = at + t.limit
	}
}

// done handles the result of a run. It returns whether a signal changed.
func (e *Engine) done(now time.Duration, t *task, r *Report) bool {
	exec := r.At - r.Started
	e.batch.record(t.exec, exec)
	e.batch.record(e.stages[StageInference], exec)
	t.lastRun = r.At
	late := t.phase == stuck
	t.settle(idle)
	switch {
	case late:
		t.late++
	case r.Err != nil:
		t.countError(r.Reason, r.Err)
		if partly(r.Looked) {
			t.errors = 0
		}
		if !t.logged && now >= t.quietUntil {
			t.logged, t.quietUntil = true, now+logEvery
			e.log(t, LogError)
		}
	default:
		if t.logged {
			e.log(t, LogRecovered)
		}
		t.errors, t.logged, t.lastErr = 0, false, ""
		t.waits.Reset()
	}
	if t.errors >= e.opts.MaxErrors {
		e.fail(now, t)
	}
	if !t.spec.Remote && exec > 2*t.interval && t.penalty > 0 && t.phase == idle {
		t.backoffUntil = now + t.penalty
		t.deadline = min(t.deadline, t.backoffUntil)
		t.backoffs++
	}
	switch {
	case late || !t.enabled:
		r.Void = true
		t.missed(now)
		return false
	case r.Err != nil && len(r.Looked) > 0:
		e.forgetSignals(t, detectors.Errored)
		e.attribute(now, t, r) // each box separately
		return true
	case r.Err != nil:
		e.forget(t, detectors.Errored)
		return true
	}
	trace := detectors.Trace{
		Frame: r.Frame.ID, Captured: r.Frame.Captured, Arrived: r.Frame.Arrived,
		Seen: r.Frame.Seen, Started: r.Started, Done: r.At, Applied: now,
	}
	e.attribute(now, t, r)
	if t.follower != nil {
		t.follower.follow(r.Frame.Captured, &r.Answer)
		t.follower.record(e.zones)
	}
	for i, id := range t.provides {
		ttl := t.spec.TTL
		if r.Answer.TTLs[i] > 0 {
			ttl = r.Answer.TTLs[i]
			e.checkTTL(t, id, ttl)
		}
		if t.crops != nil {
			ttl = min(ttl, t.crops.ttl)
		}
		if now >= r.Frame.Captured+ttl {
			t.expired++
		}
		e.set(now, id, r.Answer.Values[i], r.Answer.Detections[i], &trace, ttl)
	}
	t.answered, t.model = r.Frame, r.Model
	e.batch.record(t.age, now-r.Frame.Captured)
	e.batch.record(e.stages[StagePublish], now-r.At)
	return true
}

// checkTTL logs, once for each rate, that a TTL in a result is shorter than the time
// between two runs. It is used nevertheless.
func (e *Engine) checkTTL(t *task, id detectors.ID, ttl time.Duration) {
	if !t.hasty && detectors.TooShort(ttl, t.spec.MaxFPS) {
		t.hasty = true
		e.asked = append(e.asked, Action{Task: t.id, Kind: LogShortTTL, Text: fmt.Sprintf("%s: %v", e.table.Name(id), ttl)})
	}
}

// expire handles the deadline of a detector. It returns whether a signal changed.
func (e *Engine) expire(now time.Duration, t *task) bool {
	t.deadline = Never
	switch t.phase {
	case running:
		t.phase = stuck
		t.timeouts++
		t.countError(detectors.ReasonTimeout, fmt.Errorf("no result within its timeout of %v; raise timeout, or reduce its load", t.spec.Timeout))
		if t.enabled {
			e.forget(t, detectors.Stuck)
		}
		t.logged = true
		e.do(t, DoRevoke, 0)
		return true
	case closed:
		if t.enabled {
			e.open(t)
		}
	case idle:
		if now < t.backoffUntil {
			t.deadline = t.backoffUntil
		}
	case opening, queued, stuck:
	}
	return false
}

// opened handles the result of loading a detector. It returns whether a signal changed.
func (e *Engine) opened(now time.Duration, t *task, r *Report) bool {
	if t.phase != opening {
		return false
	}
	if r.Err == nil {
		t.settle(idle)
		if !t.enabled {
			return false
		}
		// Until its first result, a single error makes it fail again.
		if t.errors > 0 {
			t.errors = e.opts.MaxErrors - 1
		}
		return false
	}
	t.countError(r.Reason, r.Err)
	e.fail(now, t)
	if t.enabled {
		e.forget(t, detectors.Errored)
	}
	return true
}

// open requests that a detector be loaded.
func (e *Engine) open(t *task) {
	t.phase = opening
	t.deadline = Never
	if t.opens++; t.opens > 1 {
		t.restarts++
	}
	e.do(t, DoOpen, 0)
}

// fail marks a detector as failed and schedules the next attempt to open it.
func (e *Engine) fail(now time.Duration, t *task) {
	t.settle(closed)
	t.errors = max(t.errors, 1)
	t.logged = true
	e.log(t, LogFailed)
	if t.spec.Retry == detectors.RetryNever {
		t.retry = Never
		return
	}
	t.retry = now + t.waits.Next()
	t.deadline = t.retry
}

// forget makes all results of a detector unknown.
func (e *Engine) forget(t *task, why detectors.Why) {
	t.missed(e.now)
	e.forgetSignals(t, why)
	e.unmark(t, why)
}

// forgetSignals makes the signals of a detector unknown, together with the attributes
// of their boxes.
func (e *Engine) forgetSignals(t *task, why detectors.Why) {
	for _, id := range t.provides {
		e.table.Forget(id, why)
		for _, c := range e.tasks {
			if c.crops != nil && c.crops.of == id && c.enabled {
				e.forget(c, why)
			}
		}
	}
}

func (e *Engine) do(t *task, kind ActionKind, due time.Duration) {
	e.asked = append(e.asked, Action{Task: t.id, Kind: kind, Due: due})
}

func (e *Engine) log(t *task, kind ActionKind) {
	e.asked = append(e.asked, Action{Task: t.id, Kind: kind, Text: t.lastErr})
}

// stepRules steps the rules and collects the events that they fire.
func (e *Engine) stepRules(now time.Duration) {
	e.ruleNext = Never
	for _, r := range e.rules {
		e.fire(now, r.Rule)
		e.ruleNext = min(e.ruleNext, r.Next())
	}
}

// fire steps a rule and collects its event, if any.
func (e *Engine) fire(now time.Duration, r *rules.Rule) {
	phase := r.Step(now)
	if phase == "" {
		return
	}
	ev := r.Event(now, phase)
	if phase == rules.PhaseConfirmed {
		e.batch.record(e.stages[StageEvent], ev.Age.Event)
	}
	e.out.Fired = append(e.out.Fired, Fired{r.Config(), ev})
}

// Detections returns the detections of all detectors whose newest frame is the given
// one.
func (e *Engine) Detections(frame uint64) (all []detectors.Detection) {
	for i := range e.table.Len() {
		if s := e.table.Signal(detectors.ID(i)); s.Trace.Frame == frame {
			all = append(all, s.Detections...)
		}
	}
	return all
}

func (e *Engine) task(id TaskID) *task {
	for _, t := range e.tasks {
		if t.id == id {
			return t
		}
	}
	return nil
}
