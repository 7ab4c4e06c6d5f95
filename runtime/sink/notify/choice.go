package notify

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime/sink/outbox"
)

// Signals are what a condition may use besides the signals of the event's rule.
var Signals = []string{"confidence", "duration_s", "age_ms"}

// choice says which records an output sends. It is immutable.
type choice struct {
	cfg   Config
	when  *rules.Expr // nil: none
	hours []hours     // none: all
	zone  *time.Location
}

func newChoice(c Config, zone *time.Location) (choice, error) {
	ch := choice{cfg: c, zone: zone}
	if c.When != "" {
		expr, err := rules.Parse(c.When)
		if err != nil {
			return ch, fmt.Errorf("when: %w", err)
		}
		ch.when = expr
	}
	for _, text := range c.Hours {
		h, err := parseHours(text)
		if err != nil {
			return ch, fmt.Errorf("hours: %w", err)
		}
		ch.hours = append(ch.hours, h)
	}
	return ch, nil
}

// wants reports whether a record is sent. An event of which the condition is unknown
// is: it is better to be told.
func (c *choice) wants(r *outbox.Record) bool {
	e := &r.Event
	phases := c.cfg.Phases
	if len(phases) == 0 {
		phases = []string{outbox.KindConfirmed}
	}
	has := func(list []string, item string) bool { return len(list) == 0 || slices.Contains(list, item) }
	return slices.Contains(phases, r.Kind()) && has(c.cfg.Events, e.Type) && has(c.cfg.Cameras, e.Camera) &&
		c.inHours(e.Time) && c.holds(e) != rules.False
}

func (c *choice) inHours(t time.Time) bool {
	return len(c.hours) == 0 || slices.ContainsFunc(c.hours, func(h hours) bool { return h.has(t.In(c.zone)) })
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

// hours is a daily period on some days of the week.
type hours struct {
	days     [7]bool // by time.Weekday, on which it begins
	from, to int     // minutes of the day; from >= to: it ends on the next day
}

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// parseHours reads a period such as "mon-fri 18:00-07:00", "sat,sun 00:00-24:00" or
// "22:00-06:00".
func parseHours(text string) (h hours, err error) {
	wrong := fmt.Errorf("%q is no period; write days and hours, as in \"mon-fri 18:00-07:00\", \"sat,sun 00:00-24:00\" or \"22:00-06:00\"", text)
	fields := strings.Fields(strings.ToLower(text))
	switch len(fields) {
	case 1:
		fields = []string{"sun-sat", fields[0]}
	case 2:
	default:
		return h, wrong
	}
	for part := range strings.SplitSeq(fields[0], ",") {
		first, last, isRange := strings.Cut(part, "-")
		a, b := slices.Index(dayNames, first), slices.Index(dayNames, last)
		if !isRange {
			b = a
		}
		if a < 0 || b < 0 {
			return h, wrong
		}
		for d := a; ; d = (d + 1) % 7 {
			h.days[d] = true
			if d == b {
				break
			}
		}
	}
	from, to, ok := strings.Cut(fields[1], "-")
	h.from, h.to = minutes(from), minutes(to)
	if !ok || h.from < 0 || h.to < 0 || h.from == 24*60 || h.from == h.to {
		return h, wrong
	}
	return h, nil
}

// minutes returns the minute of the day of a time such as "18:00", up to 24:00; -1: it is
// none.
func minutes(text string) int {
	hour, minute, ok := strings.Cut(text, ":")
	h, err1 := strconv.ParseUint(hour, 10, 8)
	m, err2 := strconv.ParseUint(minute, 10, 8)
	if !ok || err1 != nil || err2 != nil || len(minute) != 2 || m > 59 || h*60+m > 24*60 {
		return -1
	}
	return int(h*60 + m)
}

func (h hours) has(t time.Time) bool {
	at, day := t.Hour()*60+t.Minute(), t.Weekday()
	if h.from < h.to {
		return h.days[day] && at >= h.from && at < h.to
	}
	return h.days[day] && at >= h.from || h.days[(day+6)%7] && at < h.to
}

func (c *choice) wantsClips() bool { return slices.Contains(c.cfg.Phases, outbox.KindClip) }
