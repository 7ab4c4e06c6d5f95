package engine

import (
	"slices"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/internal/backoff"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
)

// task is the state of one detector.
type task struct {
	// Fields used for every frame come first, to fit into few cache lines.
	enabled      bool
	phase        phase
	fresh        bool // the newest frame has not been decided on yet
	verdict      Gate // for the newest frame; GateOpen: it runs, or no frame yet
	deadline     time.Duration
	backoffUntil time.Duration
	ttl          time.Duration // spec.TTL
	due          time.Duration // when the next run is due
	interval     time.Duration // 1 / max_fps
	feed         *feed         // input
	crops        *crops        // nil: it processes whole frames
	follower     *follower     // nil: not tracked
	lastTrack    uint64        // last ID of an earlier follower
	needs        []*rules.Condition
	provisional  uint64 // frames that arrived while it waits for a slot; all but one will count as skipped
	skips        [GateCount]uint64

	spec     detectors.Spec
	id       TaskID
	provides []detectors.ID
	limit    time.Duration // a run longer than this is stuck
	penalty  time.Duration // backoff after exceeding the budget
	frame    FrameRef      // of the current or last run
	answered FrameRef      // of the last result

	errors     int              // consecutive errors
	logged     bool             // one of them was logged
	hasty      bool             // it was logged that its results expire before the next run
	quietUntil time.Duration    // no errors are logged before this
	opens      int              // number of load requests
	waits      *backoff.Backoff // between attempts to load; a pointer keeps task small
	retry      time.Duration    // when it is loaded again; Never: only by command
	lastErr    string
	model      string        // of the last result
	lastRun    time.Duration // end of the last run

	runs      uint64
	failures  []Count // immutable, shared with views
	backoffs  uint64
	timeouts  uint64
	late      uint64
	expired   uint64
	restarts  uint64
	began     time.Duration // start of the last run
	period    time.Duration // smoothed time between starts
	exec, age *Histogram
}

// phase is what a task's worker is doing, as far as the engine knows.
type phase uint8

const (
	closed  phase = iota // not loaded: disabled from the start, or failed
	opening              // being loaded
	idle
	queued // run requested, waiting for a slot
	running
	stuck // past its timeout
)

// remoteGrace is added to the timeout of a remote detector, which ends its calls itself
// at the timeout.
const remoteGrace = 250 * time.Millisecond

var penalties = map[detectors.Cost]time.Duration{
	detectors.CostMedium: 100 * time.Millisecond,
	detectors.CostHigh:   500 * time.Millisecond,
}

func newTask(id TaskID, spec detectors.Spec) *task {
	t := &task{
		id: id, spec: spec, enabled: spec.Enabled, deadline: Never, retry: Never,
		interval: rateInterval(spec.MaxFPS), ttl: spec.TTL, penalty: penalties[spec.Cost],
		exec: new(Histogram), age: new(Histogram),
	}
	if spec.Execution != detectors.Inline {
		t.limit = spec.Timeout
		if spec.Remote && t.limit > 0 {
			t.limit += remoteGrace
		}
	}
	return t
}

func rateInterval(fps float64) time.Duration { return time.Duration(float64(time.Second) / fps) }

// countFrame counts the decision on the newest frame when the next one arrives.
func (t *task) countFrame() {
	switch {
	case t.phase == queued:
		if t.verdict == GateSlot {
			t.provisional++
		}
		t.verdict = GateSlot
		return
	case t.verdict != GateOpen:
		t.skips[t.verdict]++
	}
	t.verdict, t.fresh = GateNoFrame, true
}

// settle enters a phase in which nothing runs.
func (t *task) settle(p phase) { t.phase, t.deadline = p, Never }

// begin counts the start of a run.
func (t *task) begin(at time.Duration) {
	t.runs++
	if t.runs > 1 {
		gap := at - t.began
		if t.period == 0 || gap > 4*t.period {
			t.period = gap
		} else {
			t.period += (gap - t.period) / 8
		}
	}
	t.began = at
}

// rate returns the recent runs per second.
func (t *task) rate(now time.Duration) float64 {
	if t.runs < 2 {
		return 0
	}
	p := t.period
	if idle := now - t.began; idle > 2*p {
		p = idle
	}
	return float64(time.Second) / float64(max(p, 1))
}

// countError counts an error by reason.
func (t *task) countError(reason detectors.Reason, err error) {
	t.errors++
	t.lastErr = text.Clean(err.Error())
	t.failures = counted(t.failures, string(reason))
}

// counted returns a copy of counts with a reason incremented. After ErrorKinds - 1
// reasons, all others share the last entry.
func counted(counts []Count, reason string) []Count {
	counts = slices.Clone(counts)
	for i := range counts {
		if counts[i].Reason == reason || i == ErrorKinds-1 {
			counts[i].N++
			return counts
		}
	}
	if len(counts) == ErrorKinds-1 {
		reason = "other"
	}
	return append(counts, Count{reason, 1})
}

// state returns the state of the detector and the reason, for display.
func (t *task) state(now time.Duration) (s DetectorState, reason string, until time.Duration) {
	switch {
	case t.phase == stuck:
		return DetectorStuck, t.lastErr, 0
	case !t.enabled:
		return DetectorDisabled, "", 0
	case t.phase == closed:
		if t.retry == Never {
			return DetectorFailed, t.lastErr, 0
		}
		return DetectorFailed, t.lastErr, t.retry - now
	case t.phase == opening:
		return DetectorStarting, t.lastErr, 0
	case t.phase == running:
		return DetectorRunning, "", 0
	case now < t.backoffUntil:
		return DetectorBackoff, "a run took more than twice its interval", t.backoffUntil - now
	}
	if t.verdict == GateOpen {
		return DetectorWaiting, "frame", 0
	}
	return DetectorWaiting, t.verdict.String(), 0
}
