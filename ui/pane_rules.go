package ui

import (
	"fmt"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime/engine"
)

// rulesView lists the rules of the camera shown, and every clause of the
// selected one: why it fires, and why it does not. For w cells.
func rulesView(s *scene, sel, w int) body {
	b := body{title: "Rules", empty: "No rule applies to this camera."}
	c := s.camera()
	if c == nil {
		return b
	}
	name := 8
	for i := range c.Rules {
		name = max(name, min(width(s.th.text(c.Rules[i].Event)), 24, w/3))
	}
	b.n = len(c.Rules)
	bar := min(max(w-name-39, 0), 14)
	head := "    " + fit("event", name+1) + fit("state", 10)
	if bar >= 4 {
		head += "  " + fit("", bar)
	}
	head += fit("  progress", 15) + right("fired", 6)
	b.head = []string{s.th.dim.of(fit(head, w))}
	b.key = func(i int) string { return c.Rules[i].Event }
	b.row = func(i int) string {
		r := &c.Rules[i]
		look := ruleInk(s.th, r.Status.State)
		share, text, meter := s.ruleProgress(r)
		line := "  " + look.of(s.th.dot) + " " + fit(s.th.text(r.Event), name) + " " + look.of(fit(string(r.Status.State), 10))
		if bar >= 4 {
			line += "  " + s.th.meter(share, bar, meter)
		}
		return line + "  " + fit(text, 13) + right(count(r.Status.Fired), 6)
	}
	if sel < len(c.Rules) {
		b.foot = ruleFoot(s, &c.Rules[sel], w)
	}
	return b
}

func ruleInk(t *theme, state rules.State) ink {
	switch state {
	case rules.Potential:
		return t.warn
	case rules.Confirmed:
		return t.good
	case rules.Cooldown:
		return t.info
	}
	return t.dim
}

// truth draws whether a clause is true, false or unknown.
func truth(t *theme, v rules.Truth) string {
	switch v {
	case rules.True:
		return t.good.of(t.tick)
	case rules.Unknown:
		return t.warn.of(t.ask)
	}
	return t.dim.of(t.cross)
}

// ruleProgress returns how far the clock of a rule's state has run.
func (s *scene) ruleProgress(r *engine.RuleView) (share float64, text string, look ink) {
	st := &r.Status
	switch st.State {
	case rules.Potential:
		ran := time.Duration(st.Progress * float64(r.For))
		return st.Progress, tenths(ran) + " of " + ago(r.For), s.th.warn
	case rules.Confirmed, rules.Cooldown:
		if st.Remaining > 0 {
			return 1, "cooldown " + tenths(st.Remaining), s.th.info
		}
		return 1, "true", s.th.good
	case rules.Disabled:
		return 0, "-", s.th.dim
	}
	if r.For > 0 {
		return 0, "for " + ago(r.For), s.th.dim
	}
	return 0, "immediate", s.th.dim
}

// tenths writes seconds without more digits than one can read.
func tenths(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return ago(d)
}

// ruleFoot shows the condition and every clause of it.
func ruleFoot(s *scene, r *engine.RuleView, w int) []string {
	th := s.th
	verdict := th.dim.of("false")
	switch r.Status.Truth {
	case rules.True:
		verdict = th.good.of("true")
	case rules.Unknown:
		verdict = th.warn.of("unknown")
	}
	if r.Status.State == rules.Disabled {
		verdict = th.dim.of("disabled")
	}
	foot := []string{" " + verdict + th.dim.of(": ") + fit(th.text(r.When), max(w-18, 4))}
	text := 8
	for i := range r.Clause {
		text = max(text, min(width(th.text(r.Clause[i].Text)), w/2))
	}
	for i := range r.Clause {
		k := &r.Clause[i]
		line := "  " + truth(th, k.Truth) + " " + fit(th.text(k.Text), text) + "  "
		if k.Age == rules.Never {
			line += th.warn.of(k.Why.String())
		} else {
			is := "is " + number(k.Value)
			if k.Other != "" {
				is += " to " + number(k.Threshold)
			}
			line += fit(is, 13) + th.dim.of(fit("age "+steady(k.Age), 10))
			if k.Why != detectors.Known {
				line += th.warn.of(k.Why.String())
			}
		}
		foot = append(foot, line)
	}
	return foot
}
