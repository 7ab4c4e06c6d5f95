package pane

import (
	"time"

	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// States of a rule during a time step: a bit set, since it may have had several.
const (
	wasFalse uint8 = 1 << iota
	wasUnknown
	wasTrue  // but not long enough to fire
	wasFired // and has not been false since
	wasOff
)

const (
	pastStep = 5 * time.Second
	pastSpan = 24 * time.Hour
	pastMost = int(pastSpan / pastStep)
)

// past is the history of a rule: one entry for each pastStep, over at most pastSpan.
type past struct {
	first int64 // number of the first step, counted from 1970
	steps []uint8
}

type ruleKey struct{ camera, rule string }

func stepOf(t time.Time) int64 { return t.UnixNano() / int64(pastStep) }

// add records the state of the rule at a time. Skipped steps stay empty: not watched.
func (p *past) add(at time.Time, was uint8) {
	n := stepOf(at)
	early := p.first - n // above 0: the clock was set back
	switch {
	case len(p.steps) == 0, -early >= int64(len(p.steps)+pastMost), early > int64(pastMost-len(p.steps)):
		p.first, p.steps = n, p.steps[:0]
	case early > 0:
		p.first, p.steps = n, append(make([]uint8, early), p.steps...)
	}
	i := n - p.first
	for int64(len(p.steps)) <= i {
		p.steps = append(p.steps, 0)
	}
	p.steps[i] |= was
	if more := len(p.steps) - pastMost; more > pastMost/20 {
		p.steps = p.steps[:copy(p.steps, p.steps[more:])]
		p.first += int64(more)
	}
}

// between returns all states of the rule between two times, in how many steps it was watched,
// and in how many of those it was unknown.
func (p *past) between(from, to time.Time) (was uint8, watched, unknown int) {
	if p == nil {
		return 0, 0, 0
	}
	for n := max(stepOf(from), p.first); n <= stepOf(to.Add(-1)) && n-p.first < int64(len(p.steps)); n++ {
		step := p.steps[n-p.first]
		was |= step
		if step != 0 {
			watched++
		}
		if step&wasUnknown != 0 {
			unknown++
		}
	}
	return was, watched, unknown
}

// watch records the states of all rules, and forgets removed rules.
func (h *History) watch(s *runtime.Snapshot) {
	there := make(map[ruleKey]bool, len(h.rules))
	for i := range s.Cameras {
		for k := range s.Cameras[i].Rules {
			r := &s.Cameras[i].Rules[k]
			key := ruleKey{s.Cameras[i].Name, r.Event}
			there[key] = true
			p := h.rules[key]
			if p == nil {
				p = new(past)
				h.rules[key] = p
			}
			p.add(s.At, nowIs(r))
		}
	}
	for key := range h.rules {
		if !there[key] {
			delete(h.rules, key)
		}
	}
}

func nowIs(r *engine.RuleView) uint8 {
	switch {
	case r.Status.State == rules.Disabled, r.Status.State == rules.Inactive:
		return wasOff
	case r.Status.Truth == rules.Unknown:
		return wasUnknown
	case r.Status.State == rules.Confirmed:
		return wasFired
	case r.Status.Truth == rules.True:
		return wasTrue
	}
	return wasFalse
}
