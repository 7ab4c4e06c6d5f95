package engine

import (
	"strings"
	"time"

	"rvo-tui/internal/text"
	"rvo-tui/rules"
)

// Tone is how a state is to be taken, by which screens choose its colour.
type Tone string

// The tones.
const (
	Good Tone = "good"
	Info Tone = "info"
	Warn Tone = "warn"
	Bad  Tone = "bad"
	Dim  Tone = "dim"
)

// Words is a state as every screen shows it.
type Words struct {
	Tone  Tone    `json:"tone"`
	Text  string  `json:"text"`
	Share float64 `json:"share,omitempty"` // of a clock that runs, 0..1
}

// Standing returns the state of a detector, at the time of the snapshot that it is of. A
// running one keeps that name between two runs.
func (d *DetectorView) Standing(at time.Time) Words {
	switch d.State {
	case DetectorDisabled:
		return Words{Tone: Dim, Text: "disabled"}
	case DetectorStarting:
		return Words{Tone: Info, Text: "starting" + because(d.Reason)}
	case DetectorStuck:
		return Words{Tone: Bad, Text: "stuck past " + text.Ago(d.Timeout)}
	case DetectorFailed:
		retry := ""
		if d.Until > 0 {
			retry = " (retry " + text.Ago((d.Until + time.Second - 1).Truncate(time.Second)) + ")"
		}
		return Words{Tone: Bad, Text: "failed" + retry + because(d.Reason)}
	case DetectorBackoff:
		return Words{Tone: Warn, Text: "backoff " + text.Coarse(d.Until)}
	}
	if quiet := at.Sub(d.LastRun); d.Runs > 0 && quiet < max(time.Second, time.Duration(3e9/max(d.MaxFPS, 0.1))) {
		switch {
		case d.State == DetectorRunning && quiet > d.Timeout/2:
			return Words{Tone: Warn, Text: "running, slow"}
		case d.Error != "":
			return Words{Tone: Warn, Text: "error: " + d.Error}
		case d.Age == 0:
			return Words{Tone: Warn, Text: "no answer yet"}
		}
		return Words{Tone: Good, Text: "running"}
	}
	switch d.Reason {
	case GateNeeds.String():
		return Words{Tone: Info, Text: "needs " + strings.Join(d.Needs, ", ")}
	case GateNoFrame.String(), "frame":
		return Words{Tone: Dim, Text: "no frame"}
	case GateSlot.String():
		return Words{Tone: Warn, Text: "waiting for a slot"}
	case "":
		return Words{Tone: Good, Text: string(d.State)}
	}
	return Words{Tone: Info, Text: string(d.State) + ": " + d.Reason}
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// Clock returns how far the clock of a rule's state has run.
func (r *RuleView) Clock() Words {
	st := &r.Status
	switch st.State {
	case rules.Potential:
		return Words{Warn, text.Tenths(time.Duration(st.Progress*float64(r.For))) + " of " + text.Ago(r.For), st.Progress}
	case rules.Confirmed, rules.Cooldown:
		if st.Remaining > 0 {
			return Words{Info, "cooldown " + text.Tenths(st.Remaining), 1}
		}
		return Words{Good, "true", 1}
	case rules.Inactive:
		return Words{Tone: Dim, Text: "inactive"}
	case rules.Disabled:
		return Words{Tone: Dim, Text: "-"}
	}
	if r.For > 0 {
		return Words{Tone: Dim, Text: "for " + text.Ago(r.For)}
	}
	return Words{Tone: Dim, Text: "immediate"}
}

// Lacks returns what a rule still needs to fire.
func (r *RuleView) Lacks() string {
	st := &r.Status
	switch {
	case st.State == rules.Disabled:
		return "it is disabled"
	case st.State == rules.Inactive:
		return r.Hours.inactive()
	case st.State == rules.Potential:
		return "its condition has to stay true for another " + text.Tenths(r.For-time.Duration(st.Progress*float64(r.For)))
	case st.Remaining > 0:
		return "its cooldown has to end, in " + text.Tenths(st.Remaining)
	case st.State == rules.Confirmed:
		return "its condition has to become false first: it has fired"
	}
	var unknown, untrue []string
	for i := range r.Clause {
		switch k := &r.Clause[i]; k.Truth {
		case rules.Unknown:
			unknown = append(unknown, k.Text+" ("+k.Why.String()+")")
		case rules.False:
			untrue = append(untrue, k.Text)
		}
	}
	lacks := "its condition has to become true"
	if r.For > 0 {
		lacks += " for " + text.Ago(r.For)
	}
	if len(unknown) > 0 {
		lacks += "; unknown: " + strings.Join(unknown, ", ")
	}
	if len(untrue) > 0 {
		lacks += "; false: " + strings.Join(untrue, ", ")
	}
	return lacks
}

// inactive says why a rule is not active.
func (h *HoursView) inactive() string {
	switch {
	case h == nil:
		return "it is not active"
	case h.Override == Disarmed:
		return "it is disarmed until its hours next begin or end: " + strings.Join(h.Active, ", ")
	}
	zone := h.TimeZone
	if zone != "" {
		zone = " (" + zone + ")"
	}
	return "it is active at other hours: " + strings.Join(h.Active, ", ") + zone
}
