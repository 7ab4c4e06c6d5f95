package pane

import (
	"time"

	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// What a rule was within a stretch of time; several of it, one after the other.
const (
	wasFalse uint8 = 1 << iota
	wasUnknown
	wasTrue  // but not for long enough
	wasFired // and its condition not false since
	wasOff
)

const (
	pastStep = 5 * time.Second
	pastSpan = 24 * time.Hour
	pastMost = int(pastSpan / pastStep)
)

// past is what a rule was, each pastStep, for pastSpan at most.
type past struct {
	first int64 // the number of the first step since 1970
	steps []uint8
}

type ruleKey struct{ camera, rule string }

func stepOf(t time.Time) int64 { return t.UnixNano() / int64(pastStep) }

// add notes what the rule is at a time. Steps that were left out say nothing.
func (p *past) add(at time.Time, was uint8) {
	n := stepOf(at)
	if len(p.steps) == 0 || n-p.first >= int64(len(p.steps)+pastMost) {
		p.first, p.steps = n, p.steps[:0]
	}
	i := n - p.first
	if i < 0 {
		return // the clock was set back
	}
	for int64(len(p.steps)) <= i {
		p.steps = append(p.steps, 0)
	}
	p.steps[i] |= was
	if more := len(p.steps) - pastMost; more > pastMost/20 {
		p.steps = p.steps[:copy(p.steps, p.steps[more:])]
		p.first += int64(more)
	}
}

// between returns all that the rule was from one time to another, how many of these steps
// it was watched, and in how many of them it was unknown.
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

// watch notes what the rules of all cameras are, and forgets those that are gone.
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
