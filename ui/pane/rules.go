package pane

import (
	"strings"

	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime/engine"

	"rvo-tui/ui/draw"
)

// RulesView lists the rules of the camera shown and every clause of the selected one, w cells
// wide.
func RulesView(s *Scene, sel, w int) Body {
	b := Body{Title: "Rules", empty: "No rule applies to this camera."}
	c := s.Camera()
	if c == nil {
		b.empty = s.noCamera()
		return b
	}
	name := 8
	for i := range c.Rules {
		name = max(name, min(draw.Width(s.Theme.Text(c.Rules[i].Event)), 24, w/3))
	}
	progress := min(max(w-31, 8), 13)
	name = max(min(name, w-23-progress), 4) // numbers have priority
	b.n = len(c.Rules)
	bar := min(max(w-name-39, 0), 14)
	head := "    " + draw.Fit("event", name+1) + draw.Fit("state", 10)
	if bar >= 4 {
		head += "  " + draw.Fit("", bar)
	}
	head += draw.Fit("  progress", 2+progress) + draw.Right("fired", 6)
	b.head = []string{s.Theme.Dim.Of(draw.Fit(head, w))}
	b.key = func(i int) string { return c.Rules[i].Event }
	b.row = func(i int) string {
		r := &c.Rules[i]
		look := ruleInk(s.Theme, r.Status.State)
		clock := r.Clock()
		line := "  " + look.Of(s.Theme.Dot) + " " + draw.Fit(s.Theme.Text(r.Event), name) + " " + look.Of(draw.Fit(string(r.Status.State), 10))
		if bar >= 4 {
			line += "  " + s.Theme.Meter(clock.Share, bar, ink(s.Theme, clock.Tone))
		}
		if progress < 13 { // the state is shown anyway
			clock.Text = strings.TrimPrefix(clock.Text, "cooldown ")
		}
		return line + "  " + draw.Fit(clock.Text, progress) + draw.Right(draw.Count(r.Status.Fired), 6)
	}
	if sel < len(c.Rules) {
		b.foot = ruleFoot(s, &c.Rules[sel], w)
	}
	return b
}

func ruleInk(t *draw.Theme, state rules.State) draw.Ink {
	switch state {
	case rules.Potential:
		return t.Warn
	case rules.Confirmed:
		return t.Good
	case rules.Cooldown:
		return t.Info
	}
	return t.Dim
}

// Truth draws a symbol for true, false or unknown.
func Truth(t *draw.Theme, v rules.Truth) string {
	switch v {
	case rules.True:
		return t.Good.Of(t.Tick)
	case rules.Unknown:
		return t.Warn.Of(t.Ask)
	}
	return t.Dim.Of(t.Cross)
}

// ruleFoot shows the condition of a rule and each of its clauses.
func ruleFoot(s *Scene, r *engine.RuleView, w int) []string {
	th := s.Theme
	verdict := th.Dim.Of("false")
	switch r.Status.Truth {
	case rules.True:
		verdict = th.Good.Of("true")
	case rules.Unknown:
		verdict = th.Warn.Of("unknown")
	}
	if r.Status.State == rules.Disabled || r.Status.State == rules.Inactive {
		verdict = th.Dim.Of(string(r.Status.State))
	}
	foot := []string{" " + verdict + th.Dim.Of(": ") + draw.Fit(th.Text(r.When), max(w-18, 4))}
	text := 8
	for i := range r.Clause {
		text = max(text, min(draw.Width(th.Text(r.Clause[i].Text)), w/2))
	}
	for i := range r.Clause {
		k := &r.Clause[i]
		line := "  " + Truth(th, k.Truth) + " " + draw.Fit(th.Text(k.Text), text) + "  "
		if k.Age == rules.Never {
			line += th.Warn.Of(k.Why.String())
		} else {
			is := "is " + draw.Number(k.Value)
			if k.Other != "" {
				is += " to " + draw.Number(k.Threshold)
			}
			line += draw.Fit(is, 13) + th.Dim.Of(draw.Fit("age "+draw.Steady(k.Age), 10))
			if k.Why != detectors.Known {
				line += th.Warn.Of(k.Why.String())
			}
		}
		foot = append(foot, line)
	}
	return foot
}
