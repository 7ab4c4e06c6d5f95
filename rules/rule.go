package rules

import (
	"errors"
	"fmt"
	"time"

	"rvo-tui/detectors"
)

// State is the state of a rule.
type State string

// The states of a rule.
//
//	idle ──holds──> potential ──for is over──> confirmed ──ended──> cooldown ──over──> idle
//	  ^                 │ ^                        │
//	  └──────ended──────┘ └─ cooldown is over and ─┘
//	                         it still holds (rearm = "cooldown")
//
// "Ended" means not true for longer than grace. If the cooldown is already over when
// the condition ends, the rule goes from confirmed to idle.
const (
	Idle      State = "idle"      // the condition does not hold
	Potential State = "potential" // it holds, and the for timer runs
	Confirmed State = "confirmed" // it was reported and has not ended; the cooldown runs
	Cooldown  State = "cooldown"  // it has ended, and the cooldown still runs
	Inactive  State = "inactive"  // outside the hours of Config.Active, or disarmed; not evaluated
	Disabled  State = "disabled"  // by configuration or command; not evaluated
)

// Phase says whether an event reports the start or the end of a condition.
type Phase string

// The values of Phase.
const (
	PhaseConfirmed Phase = "confirmed" // the condition has held long enough
	PhaseEnded     Phase = "ended"     // a confirmed condition has ended
)

// Rule is the state machine of one rule on one camera. It belongs to the goroutine that
// owns its table. Step, Next and Status do not allocate.
//
// The condition is assumed not to change between two calls of Step. An incident begins
// when a condition that will be confirmed first holds and lasts until the condition has
// ended. Its end is reported once, however often it was confirmed.
type Rule struct {
	cfg  Config
	when string // the condition, as text
	tree []Line // the condition as a tree
	cond *Condition

	enabled, active bool

	state State
	since time.Duration
	until time.Duration // end of the cooldown of the last confirmation

	stepped bool
	now     time.Duration // of the last Step
	truth   Truth         // as the last Step saw it

	run  span          // since the condition began, or since the for timer restarted
	gap  time.Duration // how long the condition has not been true; only meaningful during a run
	ran  time.Duration // the part of the run that counts towards for
	held time.Duration // when it was last known to be true

	incident bool // confirmed and not yet reported as ended
	whole    span // since the incident began
	ending   bool // the incident was cut off by SetEnabled or SetActive

	fired     uint64
	lastFired time.Duration
	report    report
}

// span is a period and how much of it the condition was true.
type span struct {
	start time.Duration
	met   time.Duration
}

func (s span) share(until time.Duration) float64 {
	if until <= s.start {
		return 1
	}
	return min(1, float64(s.met)/float64(until-s.start))
}

// report is what an event says about its run.
type report struct {
	confidence float64
	duration   time.Duration
}

// New returns a rule that reads table. A rule with active hours stays inactive until
// SetActive. An invalid configuration fails with its first problem.
func New(cfg Config, table *detectors.Table) (*Rule, error) {
	var problem error
	cfg.Validate(func(key, text string) {
		if problem == nil {
			problem = errors.New(key + ": " + text)
		}
	})
	if problem != nil {
		return nil, fmt.Errorf("make rule %q: %w", cfg.Event, problem)
	}
	expr, err := cfg.Expr()
	if err != nil {
		return nil, fmt.Errorf("make rule %q: %w", cfg.Event, err)
	}
	cond, err := expr.Compile(table)
	if err != nil {
		return nil, fmt.Errorf("make rule %q: %w", cfg.Event, err)
	}
	r := &Rule{cfg: cfg, when: expr.String(), tree: expr.Outline(), cond: cond, enabled: cfg.Enabled, active: len(cfg.Active) == 0}
	r.state = r.rest()
	return r, nil
}

// When returns the rule's condition as text.
func (r *Rule) When() string { return r.when }

// Outline returns the rule's condition as a tree. It is shared; do not change it.
func (r *Rule) Outline() []Line { return r.tree }

// Condition returns the rule's condition.
func (r *Rule) Condition() *Condition { return r.cond }

// Config returns the configuration that the rule was created from.
func (r *Rule) Config() Config { return r.cfg }

// Step evaluates the rule at time now, which must not decrease. It returns the phase to
// report, usually none. Call Event for it before the next Step, SetEnabled or
// SetActive. Call Step after every change of the table, and at the time that Next
// returns.
func (r *Rule) Step(now time.Duration) Phase {
	r.pass(now)
	if !r.on() {
		if r.ending {
			r.ending = false
			return r.close()
		}
		return ""
	}
	r.truth = r.cond.Eval(now)
	fired := Phase("")
	if r.running() && r.ended() {
		fired = r.close()
		r.enter(Idle)
		if now < r.until {
			r.enter(Cooldown)
		}
	}
	if r.truth != True {
		if r.state == Cooldown && now >= r.until {
			r.enter(Idle)
		}
		return fired
	}
	r.gap = 0
	switch {
	case r.state == Idle,
		r.state == Cooldown && now >= r.until,
		r.state == Confirmed && now >= r.until && r.cfg.Rearm == RearmCooldown:
		r.begin()
	}
	if fired == "" && r.state == Potential && r.ran >= time.Duration(r.cfg.For) {
		fired = r.confirm()
	}
	return fired
}

// running reports whether a run is under way, so that the end of the condition matters.
func (r *Rule) running() bool { return r.state == Potential || r.state == Confirmed }

// against reports whether the last Step counted the condition as false.
func (r *Rule) against() bool {
	return r.truth == False || r.truth == Unknown && r.cfg.OnUnknown == UnknownReset
}

// ended reports whether the gap up to now ends the run. A gap of exactly grace ends it
// only if the condition still counts as false.
func (r *Rule) ended() bool {
	grace := time.Duration(r.cfg.Grace)
	return r.gap > grace || r.against() && r.gap >= grace
}

// pass accounts for the time since the last Step.
func (r *Rule) pass(now time.Duration) {
	d := max(0, now-r.now)
	r.now = now
	if !r.stepped {
		r.stepped, r.since = true, now
		return
	}
	if !r.running() {
		return
	}
	switch {
	case r.truth == True:
		r.ran += d
		r.run.met += d
		r.whole.met += d
		r.held = now
	case r.against():
		r.ran += d
		r.gap += d
	}
}

func (r *Rule) enter(s State) { r.state, r.since = s, r.now }

// begin starts the for timer.
func (r *Rule) begin() {
	r.run, r.ran = span{start: r.now}, 0
	if !r.incident {
		r.whole = r.run
	}
	r.enter(Potential)
}

func (r *Rule) confirm() Phase {
	r.incident = true
	r.fired++
	r.lastFired = r.now
	r.until = r.now + time.Duration(r.cfg.Cooldown)
	r.report = report{confidence: r.run.share(r.now)}
	r.enter(Confirmed)
	if r.cfg.Cooldown == 0 && r.cfg.Rearm == RearmCooldown {
		r.begin() // restart now, so that no time is lost until the next Step
	}
	return PhaseConfirmed
}

// close ends the run, and the incident if there is one.
func (r *Rule) close() Phase {
	if !r.incident {
		return ""
	}
	r.incident = false
	r.report = report{confidence: r.whole.share(r.held), duration: r.held - r.whole.start}
	if !r.cfg.Phases {
		return ""
	}
	return PhaseEnded
}

// Next returns the time at which Step must be called even if no signal changes: when
// for, grace or the cooldown ends, or a signal becomes stale. It is the time of the
// last Step if there is more to report, and Never if no call is needed.
func (r *Rule) Next() time.Duration {
	switch r.state {
	case Disabled, Inactive:
		if r.ending {
			return r.now
		}
		return Never
	case Idle:
		return r.cond.forgets(r.now) // otherwise only a new value can make the condition true
	case Cooldown:
		return r.until
	}
	at := r.cond.Expires(r.now)
	switch {
	case r.truth == True && r.state == Potential:
		at = min(at, r.now+max(0, time.Duration(r.cfg.For)-r.ran))
	case r.truth == True && r.cfg.Rearm == RearmCooldown:
		at = min(at, max(r.until, r.now))
	case r.against():
		at = min(at, r.now+max(0, time.Duration(r.cfg.Grace)-r.gap))
	}
	return at
}

// Enabled reports whether the rule is enabled.
func (r *Rule) Enabled() bool { return r.enabled }

// SetEnabled enables or disables the rule. Disabling clears its state and its cooldown,
// and the next Step reports an open incident as ended. An enabled rule starts idle.
// Without a change it does nothing.
func (r *Rule) SetEnabled(on bool, now time.Duration) { r.set(on, r.active, now) }

// SetActive sets whether the rule is active. An inactive rule behaves like a disabled
// one.
func (r *Rule) SetActive(on bool, now time.Duration) { r.set(r.enabled, on, now) }

func (r *Rule) set(enabled, active bool, now time.Duration) {
	was := r.on()
	r.enabled, r.active = enabled, active
	if r.on() == was {
		if !was && r.state != r.rest() {
			r.now = max(r.now, now)
			r.enter(r.rest())
		}
		return
	}
	r.pass(now)
	if r.on() {
		if r.ending {
			r.ending = false
			r.close()
		}
	} else {
		r.ending = r.incident && r.cfg.Phases
		r.incident = r.ending
	}
	r.enter(r.rest())
	r.truth, r.gap, r.until = Unknown, 0, 0
}

// on reports whether the rule is evaluated.
func (r *Rule) on() bool { return r.enabled && r.active }

// rest returns the initial state.
func (r *Rule) rest() State {
	switch {
	case !r.enabled:
		return Disabled
	case !r.active:
		return Inactive
	}
	return Idle
}
