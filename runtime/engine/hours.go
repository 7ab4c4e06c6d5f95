package engine

import (
	"fmt"
	"time"

	"rvo-tui/rules"
)

// hours are the active hours of a rule.
type hours struct {
	schedule  *rules.Schedule
	scheduled bool // active by the schedule at the last check
	known     bool // the schedule has been checked
	override  Arming
}

// Arming is a command's override of a rule's hours.
type Arming string

// The values of Arming.
const (
	ByHours  Arming = ""         // no override
	Armed    Arming = "armed"    // active until its hours next start or end
	Disarmed Arming = "disarmed" // inactive until its hours next start or end
)

// HoursView are the active hours of a rule.
type HoursView struct {
	Active   []string `json:"active"`    // as configured
	TimeZone string   `json:"time_zone"` // empty: that of the machine
	Override Arming   `json:"override"`  // by command, until the hours next start or end
}

// arm checks the hours of the rules, and returns whether a rule became active or
// inactive. It checks again at the next full minute of the wall clock.
func (e *Engine) arm(now time.Duration, wall time.Time) (changed bool) {
	e.hoursNext = Never
	for _, r := range e.rules {
		h := r.hours
		if h == nil {
			continue
		}
		e.hoursNext = now + time.Minute - time.Duration(wall.Second())*time.Second - time.Duration(wall.Nanosecond())
		if in := h.schedule.Has(wall); in != h.scheduled || !h.known {
			h.scheduled, h.known, h.override = in, true, ByHours
			changed = true
		}
		r.SetActive(h.active(), now)
	}
	return changed
}

func (h *hours) active() bool {
	if h.override == ByHours {
		return h.scheduled
	}
	return h.override == Armed
}

// SetArmed makes a rule with hours active or inactive until its hours next start or
// end. An empty event means all rules with hours.
func (e *Engine) SetArmed(now time.Duration, event string, on bool) error {
	done := false
	for _, r := range e.rules {
		switch {
		case event != "" && r.event != event:
		case r.hours != nil:
			r.hours.override, done = Disarmed, true
			if on {
				r.hours.override = Armed
			}
			r.SetActive(on, now)
		case event != "":
			return fmt.Errorf("arm rule %q: it has no hours; set active in the configuration, or use rule_on and rule_off", event)
		}
	}
	switch {
	case done:
		return nil
	case event != "":
		return e.noRule(event)
	}
	return fmt.Errorf("arm rules: %w that has hours; set active in the configuration", ErrNoRule)
}

// view returns the hours for dashboards; nil: the rule is always active.
func (h *hours) view(cfg rules.Config) *HoursView {
	if h == nil {
		return nil
	}
	return &HoursView{cfg.Active, cfg.TimeZone, h.override}
}
