package notify

import (
	"fmt"
	"math"
	"slices"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime/sink/outbox"
)

// Signals are the additional signals that a condition may use, besides those of the
// event's rule.
var Signals = []string{"confidence", "duration_s", "age_ms"}

// choice decides which records an output sends. It is immutable.
type choice struct {
	cfg   Config
	when  *rules.Expr     // nil: no condition
	hours *rules.Schedule // nil: always
}

func newChoice(c Config, zone *time.Location) (choice, error) {
	ch := choice{cfg: c}
	if c.When != "" {
		expr, err := rules.Parse(c.When)
		if err != nil {
			return ch, fmt.Errorf("when: %w", err)
		}
		ch.when = expr
	}
	if len(c.Hours) > 0 {
		hours, err := rules.NewSchedule(c.Hours, zone)
		if err != nil {
			return ch, fmt.Errorf("hours: %w", err)
		}
		ch.hours = hours
	}
	return ch, nil
}

// wants reports whether to send a record. An event whose condition is unknown is sent.
func (c *choice) wants(r *outbox.Record) bool {
	e := &r.Event
	phases := c.cfg.Phases
	if len(phases) == 0 {
		phases = []string{outbox.KindConfirmed}
	}
	has := func(list []string, item string) bool { return len(list) == 0 || slices.Contains(list, item) }
	return slices.Contains(phases, r.Kind()) && has(c.cfg.Events, e.Type) && has(c.cfg.Cameras, e.Camera) &&
		c.hours.Has(e.Time) && c.holds(e) != rules.False
}

// holds evaluates the condition on the values of an event.
func (c *choice) holds(e *rules.Event) rules.Truth {
	if c.when == nil {
		return rules.True
	}
	table := detectors.NewTable()
	cond, err := c.when.Compile(table)
	if err != nil {
		return rules.Unknown
	}
	set := func(name string, value float64) {
		if id, ok := table.Lookup(name); ok && !math.IsNaN(value) {
			table.Set(id, value, nil, &detectors.Trace{}, time.Hour)
		}
	}
	for i := range e.Clauses {
		k := &e.Clauses[i]
		if k.Truth == rules.Unknown {
			continue // its values may be stale
		}
		set(k.Signal, k.Value)
		if k.Other != "" {
			set(k.Other, k.Threshold)
		}
	}
	set("confidence", e.Confidence)
	set("duration_s", e.Duration.Seconds())
	set("age_ms", e.Age.Total().Seconds()*1000)
	return cond.Eval(0)
}

func (c *choice) wantsClips() bool { return slices.Contains(c.cfg.Phases, outbox.KindClip) }
