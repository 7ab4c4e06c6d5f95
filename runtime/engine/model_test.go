package engine

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/internal/modelcheck"
)

// model is what is known of one detector from the whole history: lists that are searched for
// every question.
type model struct {
	spec     detectors.Spec
	on       bool
	phase    phase
	frames   []FrameRef      // that the engine saw
	verdicts map[uint64]Gate // of each frame
	waited   map[uint64]bool // frames that were seen while it waited for a slot
	outcomes []error         // results of opens and runs since it was last enabled while closed; nil: success
	failures int             // opens after failures since its last result or enabling
	retry    time.Duration   // earliest time at which it may be opened again
	latest   time.Duration   // latest
	resting  time.Duration   // end of the backoff
	launched []time.Duration // when the frames were seen that it was asked to run on
	changed  bool            // the rate has changed since the last run
	taken    FrameRef        // that its worker has taken; ID 0: none
	tookAt   time.Duration
	started  time.Duration // of the run that the engine knows of
	value    float64
	captured time.Duration
	ttl      time.Duration // of its last result
	why      detectors.Why
}

// bench plays a history with an engine, its model, and workers.
type bench struct {
	modelHistory
	e      *Engine
	now    time.Duration
	next   time.Duration // that the engine asked for
	all    []*model
	busy   int // slots
	wrong  string
	frames uint64
}

var errModel = errors.New("an error of the history")

func (b *bench) fail(format string, args ...any) {
	if b.wrong == "" {
		b.wrong = fmt.Sprintf("at %v: ", b.now) + fmt.Sprintf(format, args...)
	}
}

// newest returns the newest frame that the engine saw.
func (m *model) newest() FrameRef {
	if len(m.frames) == 0 {
		return FrameRef{}
	}
	return m.frames[len(m.frames)-1]
}

// errorsInARow counts back from the end.
func (m *model) errorsInARow() (n int) {
	for i := len(m.outcomes) - 1; i >= 0 && m.outcomes[i] != nil; i-- {
		n++
	}
	return n
}

func (m *model) known(now time.Duration) bool {
	return m.why == detectors.Known && now < m.captured+m.ttl
}

// interval is the time between two runs.
func (m *model) interval() time.Duration { return rateInterval(m.spec.MaxFPS) }

// held reports whether a condition of its needs does not hold.
func (b *bench) held(m *model) bool {
	if len(m.spec.Needs) == 0 {
		return false
	}
	a := b.all[0]
	if !a.known(b.now) {
		return true
	}
	return (a.value >= 1) != (m.spec.Needs[0] == "a >= 1")
}

// gates returns the gates that may keep a detector from running on the newest frame: one, or two
// if the rate depends on rounding.
func (b *bench) gates(m *model) []Gate {
	frame := m.newest()
	var rest Gate
	switch {
	case !m.on:
		return []Gate{GateDisabled}
	case m.phase == closed || m.phase == opening:
		return []Gate{GateFailed}
	case b.now < m.resting:
		return []Gate{GateBackoff}
	case frame.ID == 0 || b.now-frame.Captured >= m.spec.TTL:
		return []Gate{GateNoFrame}
	case b.held(m):
		rest = GateNeeds
	case m.phase != idle:
		rest = GateBusy
	default:
		rest = GateOpen
	}
	if len(m.launched) == 0 && !m.changed {
		return []Gate{rest}
	}
	// Runs are an interval apart on average: one may be early by half a frame interval, and by
	// the lateness of the previous one.
	if !m.changed && frame.Seen-m.launched[len(m.launched)-1] >= 2*m.interval() {
		return []Gate{rest}
	}
	return []Gate{rest, GateRate}
}

// step steps the engine and compares its decisions.
func (b *bench) step(in Inputs) {
	frame := in.Frame
	if frame.ID != 0 {
		for _, m := range b.all {
			m.frames = append(m.frames, frame)
			if m.phase == queued {
				m.waited[frame.ID], m.verdicts[frame.ID] = true, GateSlot
			}
		}
	}
	acts := b.e.Step(b.now, &in)
	b.next = acts.Next
	if acts.Next < b.now {
		b.fail("the next step is asked for at %v", acts.Next)
	}
	asked := make(map[TaskID][]ActionKind)
	for _, a := range acts.Do {
		asked[a.Task] = append(asked[a.Task], a.Kind)
	}
	for i, m := range b.all {
		b.expire(m, asked[TaskID(i+1)])
		b.judge(m, b.e.tasks[i], asked[TaskID(i+1)])
	}
	for i, m := range b.all {
		if slices.Contains(asked[TaskID(i+1)], DoWithdraw) && m.phase == queued && m.taken.ID == 0 {
			m.phase = idle
			b.step(Inputs{Reports: []Report{{Task: TaskID(i + 1), Kind: Withdrawn, At: b.now}}})
		}
	}
}

// expire applies the deadlines of a detector.
func (b *bench) expire(m *model, asked []ActionKind) {
	opens, revokes, limit := slices.Contains(asked, DoOpen), slices.Contains(asked, DoRevoke), m.spec.Timeout
	if m.spec.Remote && limit > 0 {
		limit += remoteGrace
	}
	if late := m.phase == running && limit > 0 && b.now >= m.started+limit; late != revokes {
		b.fail("%s is past its timeout: %v; its slot is taken away: %v", m.spec.Name, late, revokes)
	} else if late {
		m.phase, m.why = stuck, detectors.Stuck
		m.outcomes = append(m.outcomes, errModel)
		if !m.spec.Remote {
			b.busy--
		}
	}
	switch may := m.phase == closed && m.on && b.now >= m.retry; {
	case opens && !may:
		b.fail("%s is opened; it is %d, enabled %v, and may be from %v on", m.spec.Name, m.phase, m.on, m.retry)
	case may && !opens && b.now >= m.latest:
		b.fail("%s is not opened again by %v", m.spec.Name, m.latest)
	case opens:
		m.phase = opening
	}
}

// judge compares the decision about the newest frame.
func (b *bench) judge(m *model, t *task, asked []ActionKind) {
	frame, launch := m.newest(), slices.Contains(asked, DoStart)
	verdict, decided := m.verdicts[frame.ID]
	if frame.ID != 0 && !m.waited[frame.ID] && (!decided || verdict != GateOpen) {
		may := b.gates(m)
		if verdict = t.verdict; verdict == GateSlot && launch {
			verdict = GateOpen
		}
		if !slices.Contains(may, verdict) {
			b.fail("%s: frame %d: %v, want %v", m.spec.Name, frame.ID, verdict, may)
		}
		if launch != (verdict == GateOpen) {
			b.fail("%s: frame %d: %v, and it is started: %v", m.spec.Name, frame.ID, verdict, launch)
		}
		m.verdicts[frame.ID] = verdict
		if launch {
			m.phase = queued
			m.waited[frame.ID], m.verdicts[frame.ID] = true, GateSlot
			m.launched, m.changed = append(m.launched, frame.Seen), false
		}
	} else if launch {
		b.fail("%s is started twice for frame %d", m.spec.Name, frame.ID)
	}
	if t.phase != m.phase || t.enabled != m.on {
		b.fail("%s: phase %d, enabled %v, want %d, %v", m.spec.Name, t.phase, t.enabled, m.phase, m.on)
	}
	value, why := b.e.table.Value(t.provides[0], b.now)
	if (why == detectors.Known) != m.known(b.now) || m.known(b.now) && value != m.value {
		b.fail("%s: signal %v (%v), want %v, known %v", m.spec.Name, value, why, m.value, m.known(b.now))
	}
}

// pass lets time pass, with the steps that the engine requests.
func (b *bench) pass(d time.Duration) {
	end := b.now + d
	for n := 0; b.next <= end && b.wrong == ""; n++ {
		if b.now = max(b.now, b.next); n > 1000 {
			b.fail("the engine asks for steps without end")
		}
		b.step(Inputs{})
	}
	b.now = end
}

// happen applies one input, if possible.
func (b *bench) happen(x happening) {
	m := b.all[x.Which]
	id := TaskID(x.Which + 1)
	switch x.What {
	case "frame":
		b.frames++
		b.step(Inputs{Frame: FrameRef{ID: b.frames, Captured: max(0, b.now-x.Lag), Arrived: b.now, Seen: b.now}})
	case "open":
		b.open(m, id, x)
	case "take":
		if m.phase == queued && m.taken.ID == 0 && (m.spec.Remote || b.busy < b.Slots) {
			if !m.spec.Remote {
				b.busy++
			}
			m.taken, m.tookAt = m.newest(), b.now
		}
	case "tell":
		if m.phase == queued && m.taken.ID != 0 {
			b.tell(m, id)
		}
	case "done":
		if m.phase == running || m.phase == stuck {
			b.done(m, id, x)
		}
	case "enable", "disable":
		b.enable(m, x.What == "enable")
	case "rate":
		if !m.spec.FixedTTL {
			m.spec.TTL = max(time.Second, 3*rateInterval(x.Value))
		}
		if m.spec.TTL >= rateInterval(x.Value) { // else it is refused
			m.spec.MaxFPS, m.changed = x.Value, true
		}
		b.step(Inputs{Commands: []func(*Engine, time.Duration){func(e *Engine, _ time.Duration) { _ = e.SetRate(m.spec.Name, x.Value) }}})
	}
}

func (b *bench) open(m *model, id TaskID, x happening) {
	if m.phase != opening {
		return
	}
	r := Report{Task: id, Kind: Opened, At: b.now}
	if math.IsNaN(x.Value) {
		r.Err, r.Reason = errModel, "open"
		m.outcomes = append(m.outcomes, errModel)
		b.close(m)
		if m.on {
			m.why = detectors.Errored
		}
	} else {
		m.phase = idle
		if m.on && m.errorsInARow() > 0 { // the next error makes it failed again
			m.outcomes = slices.Repeat([]error{errModel}, b.MaxErrors-1)
		}
	}
	b.step(Inputs{Reports: []Report{r}})
}

// close makes a detector failed. It may be reopened after 1, 2, 4 … s, up to a minute, plus or
// minus a fifth.
func (b *bench) close(m *model) {
	m.phase = closed
	if m.spec.Retry == detectors.RetryNever {
		m.retry, m.latest = Never, Never
		return
	}
	wait := float64(min(time.Second<<m.failures, time.Minute))
	m.failures++
	m.retry, m.latest = b.now+time.Duration(0.8*wait), b.now+time.Duration(1.2*wait)
}

func (b *bench) tell(m *model, id TaskID) {
	frame := m.taken
	m.taken, m.phase, m.started = FrameRef{}, running, m.tookAt
	m.verdicts[frame.ID] = GateOpen
	if newest := m.newest(); newest.ID != frame.ID {
		delete(m.waited, newest.ID) // it is decided again
		m.verdicts[newest.ID] = GateBusy
	}
	b.step(Inputs{Reports: []Report{{Task: id, Kind: Started, Frame: frame, Started: m.started, At: b.now}}})
}

func (b *bench) done(m *model, id TaskID, x happening) {
	frame := b.e.tasks[x.Which].frame
	r := Report{Task: id, Kind: Done, Frame: frame, Started: m.started, At: b.now}
	late := m.phase == stuck
	if !late && !m.spec.Remote {
		b.busy--
	}
	m.phase = idle
	if math.IsNaN(x.Value) {
		r.Err, r.Reason = errModel, detectors.ReasonOther
	} else {
		r.Answer = Answer{Values: []float64{x.Value}, Detections: make([][]detectors.Detection, 1), TTLs: make([]time.Duration, 1)}
	}
	if !late {
		m.outcomes = append(m.outcomes, r.Err)
		if r.Err == nil {
			m.failures = 0
		}
		if m.on {
			m.value, m.captured, m.ttl, m.why = x.Value, frame.Captured, m.spec.TTL, detectors.Known
			if r.Err != nil {
				m.why = detectors.Errored
			}
		}
	}
	if m.errorsInARow() >= b.MaxErrors {
		b.close(m)
	}
	penalty := map[detectors.Cost]time.Duration{detectors.CostMedium: 100 * ms, detectors.CostHigh: 500 * ms}[m.spec.Cost]
	if !m.spec.Remote && m.phase == idle && b.now-m.started > 2*m.interval() {
		m.resting = b.now + penalty
	}
	b.step(Inputs{Reports: []Report{r}})
}

func (b *bench) enable(m *model, on bool) {
	again := on && m.phase == closed
	if m.on != on || again {
		m.on = on
		m.why = detectors.Off
		if on {
			m.why = detectors.Never
		}
		if again {
			m.outcomes, m.failures, m.retry, m.latest = nil, 0, b.now, b.now
		}
	}
	b.step(Inputs{Commands: []func(*Engine, time.Duration){func(e *Engine, _ time.Duration) { _ = e.Enable(m.spec.Name, on) }}})
}

// play plays a history and returns what is wrong; empty: nothing.
func (h modelHistory) play() string {
	b := &bench{modelHistory: h, e: New(Options{MaxErrors: h.MaxErrors, Seed: 1})}
	for i, sp := range h.Detectors {
		if err := b.e.Attach(TaskID(i+1), sp); err != nil {
			return err.Error()
		}
		m := &model{spec: sp, on: sp.Enabled, phase: closed, why: detectors.Never, verdicts: map[uint64]Gate{}, waited: map[uint64]bool{}}
		if !sp.Enabled {
			m.why, m.retry, m.latest = detectors.Off, Never, Never
		}
		b.all = append(b.all, m)
	}
	b.step(Inputs{})
	for _, x := range h.Happens {
		b.pass(x.Passes)
		if b.wrong == "" {
			b.happen(x)
		}
		if b.wrong != "" {
			return b.wrong
		}
	}
	return b.counts()
}

// counts compares the counters: every frame is run, or counted under one gate.
func (b *bench) counts() string {
	for i, m := range b.all {
		t := b.e.tasks[i]
		var want [GateCount]uint64
		for id, v := range m.verdicts {
			if id != m.newest().ID { // which is not counted yet
				want[v]++
			}
		}
		runs := want[GateOpen]
		if v, decided := m.verdicts[m.newest().ID]; decided && v == GateOpen {
			runs++
		}
		got := t.skips
		if t.phase == queued { // all but the one that it will start with
			got[GateSlot] += t.provisional
		}
		want[GateOpen], got[GateOpen] = 0, 0
		if t.runs != runs || got != want {
			return fmt.Sprintf("%s: %d runs, skips %v; want %d, %v", m.spec.Name, t.runs, got, runs, want)
		}
	}
	return ""
}

// The engine decides as docs/architecture.md says, whatever happens in whatever order: what runs
// on which frame, why not, what is known, and when it is retried.
func TestEngineAgainstModel(t *testing.T) {
	modelcheck.Check(t, 60_000, drawModelHistory, smallerModelHistory, modelHistory.play)
}
