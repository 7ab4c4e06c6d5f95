package rules

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/internal/modelcheck"
	"rvo-tui/internal/text"
)

// modelHistory is a rule and a history of its signals, with at most one change per tick of a
// millisecond.
type modelHistory struct {
	Rule    Config
	When    formula
	Every   bool // step it at every tick, not only at changes and deadlines
	Changes []change
}

// change is a change, and the number of ticks until the next one.
type change struct {
	What   string // "set", "forget", "enable", "disable", "arm", "disarm"
	Signal string
	Value  float64
	Old    int // ticks since the capture of the frame that the value is of
	TTL    int // ticks from the capture on
	Ticks  int
}

// formula is a condition as a tree.
type formula struct {
	Op          string // "&&", "||", "!", or of a comparison
	Kids        []formula
	Left, Right string // of a comparison: signals, or a number on the right
	Threshold   float64
}

var modelSignals = []string{"a", "b"}

func (f formula) String() string {
	switch f.Op {
	case "&&", "||":
		parts := make([]string, len(f.Kids))
		for i, kid := range f.Kids {
			if parts[i] = kid.String(); kid.Op == "||" && f.Op == "&&" {
				parts[i] = "(" + parts[i] + ")"
			}
		}
		return strings.Join(parts, " "+f.Op+" ")
	case "!":
		return "!(" + f.Kids[0].String() + ")"
	}
	if f.Right != "" {
		return f.Left + " " + f.Op + " " + f.Right
	}
	return fmt.Sprintf("%s %s %v", f.Left, f.Op, f.Threshold)
}

// truth is Kleene's logic with numbers: false is -1, unknown 0, true 1.
func (f formula) truth(value func(signal string) (float64, bool)) int {
	switch f.Op {
	case "&&", "||":
		truths := make([]int, len(f.Kids))
		for i, kid := range f.Kids {
			truths[i] = kid.truth(value)
		}
		if f.Op == "&&" {
			return slices.Min(truths)
		}
		return slices.Max(truths)
	case "!":
		return -f.Kids[0].truth(value)
	}
	left, known := value(f.Left)
	right := f.Threshold
	if f.Right != "" {
		var also bool
		right, also = value(f.Right)
		known = known && also
	}
	if !known {
		return 0
	}
	holds := map[string]bool{
		"<": left < right, "<=": left <= right, "==": left == right, "!=": left != right, ">=": left >= right, ">": left > right,
	}[f.Op]
	if holds {
		return 1
	}
	return -1
}

func drawFormula(r *rand.Rand, depth int) formula {
	if depth > 0 && r.IntN(2) == 0 {
		op := []string{"&&", "||", "!"}[r.IntN(3)]
		kids := []formula{drawFormula(r, depth-1)}
		for n := r.IntN(2) + 1; op != "!" && n > 0; n-- {
			kids = append(kids, drawFormula(r, depth-1))
		}
		return formula{Op: op, Kids: kids}
	}
	f := formula{Op: []string{"<", "<=", "==", "!=", ">=", ">"}[r.IntN(6)], Left: modelSignals[r.IntN(2)], Threshold: float64(r.IntN(2))}
	if r.IntN(4) == 0 {
		f.Right = modelSignals[r.IntN(2)]
	}
	return f
}

func drawModelHistory(r *rand.Rand) modelHistory {
	ticks := func() text.Duration { return text.Duration(r.IntN(7)) * text.Duration(ms) }
	cfg := DefaultConfig()
	cfg.Event = "test"
	cfg.For, cfg.Cooldown, cfg.Grace = ticks(), ticks(), ticks()
	if r.IntN(3) == 0 {
		cfg.Grace = 0
	}
	if cfg.For == 0 && cfg.Cooldown == 0 {
		cfg.Cooldown = text.Duration(ms)
	}
	cfg.Rearm = []Rearm{RearmCooldown, RearmRelease}[r.IntN(2)]
	cfg.OnUnknown = []OnUnknown{UnknownReset, UnknownHold}[r.IntN(2)]
	cfg.Phases, cfg.Enabled = r.IntN(2) == 0, r.IntN(8) > 0
	if r.IntN(4) == 0 {
		cfg.Active = []string{"00:00-24:00"}
	}
	h := modelHistory{Rule: cfg, When: drawFormula(r, 2), Every: r.IntN(2) == 0}
	for range r.IntN(14) + 1 {
		c := change{
			What: "set", Signal: modelSignals[r.IntN(2)], Value: []float64{0, 1, 1, 2, math.NaN(), math.Inf(1)}[r.IntN(6)],
			Old: r.IntN(3), TTL: []int{1, 3, 6, 1000}[r.IntN(4)], Ticks: r.IntN(6),
		}
		switch r.IntN(12) {
		case 0:
			c.What = "forget"
		case 1:
			c.What = []string{"enable", "disable"}[r.IntN(2)]
		case 2:
			c.What = []string{"arm", "disarm"}[r.IntN(2)]
		}
		h.Changes = append(h.Changes, c)
	}
	return h
}

func smallerModelHistory(h modelHistory) iter.Seq[modelHistory] {
	return func(yield func(modelHistory) bool) {
		try := func(change func(*modelHistory)) bool {
			next := h
			next.Changes = slices.Clone(h.Changes)
			change(&next)
			return yield(next)
		}
		for rest := range modelcheck.Without(h.Changes) {
			if !try(func(n *modelHistory) { n.Changes = rest }) {
				return
			}
		}
		for _, kid := range h.When.Kids {
			if !try(func(n *modelHistory) { n.When = kid }) {
				return
			}
		}
		for i, c := range h.Changes {
			if c.Ticks > 0 && !try(func(n *modelHistory) { n.Changes[i].Ticks-- }) {
				return
			}
			if c.Old > 0 && !try(func(n *modelHistory) { n.Changes[i].Old = 0 }) {
				return
			}
		}
		for _, d := range []func(*Config) *text.Duration{
			func(c *Config) *text.Duration { return &c.For }, func(c *Config) *text.Duration { return &c.Grace },
			func(c *Config) *text.Duration { return &c.Cooldown },
		} {
			valid := *d(&h.Rule) > text.Duration(ms)
			if valid && !try(func(n *modelHistory) { *d(&n.Rule) -= text.Duration(ms) }) {
				return
			}
		}
	}
}

// outcome is the visible state of a rule after a tick.
type outcome struct {
	Tick  int
	State State
	Fired []string
}

// reference plays a history as docs/rules.md describes it: one tick at a time, looking back over
// the whole history, without clocks.
func (h modelHistory) reference() (all []outcome) {
	cfg := h.Rule
	ticks := func(d text.Duration) int { return int(d / text.Duration(ms)) }
	var truths []int // at each tick, since the rule watches; of a tick before: 0
	now := 0
	at := make(map[string]change)
	since := make(map[string]int) // when the signal was set
	enabled, armed := cfg.Enabled, len(cfg.Active) == 0
	value := func(signal string) (float64, bool) {
		c, set := at[signal]
		fresh := set && c.What == "set" && now < since[signal]-c.Old+c.TTL
		return c.Value, fresh && !math.IsNaN(c.Value) && !math.IsInf(c.Value, 0)
	}
	holds := func(i int) bool { return truths[i] == 1 }
	frozen := func(i int) bool { return truths[i] == 0 && cfg.OnUnknown == UnknownHold }
	count := func(from, to int, is func(int) bool) (n int) {
		for i := from; i < to; i++ {
			if is(i) {
				n++
			}
		}
		return n
	}
	share := func(from, to int) string {
		if to == from {
			return "1.000"
		}
		return fmt.Sprintf("%.3f", float64(count(from, to, holds))/float64(to-from))
	}
	lastTrue := func(from, to int) int { // the tick after the last true one
		for to > from && !holds(to-1) {
			to--
		}
		return to
	}
	// The ticks at which they began; -1: none.
	run, clock, incident, confirmed := -1, -1, -1, -1
	var reports []string
	end := func() {
		if incident >= 0 && cfg.Phases {
			last := lastTrue(incident, now)
			reports = append(reports, fmt.Sprintf("ended %s %d", share(incident, last), last-incident))
		}
		run, clock, incident = -1, -1, -1
	}
	watching := func() bool { return enabled && armed }
	cooling := func() bool { return confirmed >= 0 && now < confirmed+ticks(cfg.Cooldown) }
	tick := func() {
		truths = append(truths, h.When.truth(value))
		if !watching() {
			return
		}
		if run >= 0 && !holds(now) && !frozen(now) &&
			count(lastTrue(run, now), now, func(i int) bool { return !frozen(i) }) >= ticks(cfg.Grace) {
			end()
		}
		if !holds(now) {
			return
		}
		if run < 0 && !cooling() {
			run, clock = now, now
		}
		if run >= 0 && clock < 0 && !cooling() && cfg.Rearm == RearmCooldown {
			clock = now
		}
		if clock >= 0 && count(clock, now, func(i int) bool { return !frozen(i) }) >= ticks(cfg.For) {
			reports = append(reports, "confirmed "+share(clock, now))
			if incident < 0 {
				incident = run
			}
			confirmed, clock = now, -1
			if cfg.Cooldown == 0 && cfg.Rearm == RearmCooldown {
				clock = now
			}
		}
	}
	state := func() State {
		switch {
		case !enabled:
			return Disabled
		case !armed:
			return Inactive
		case run < 0 && cooling():
			return Cooldown
		case run < 0:
			return Idle
		case clock >= 0:
			return Potential
		}
		return Confirmed
	}
	for _, c := range h.Changes {
		was := watching()
		switch c.What {
		case "enable", "disable":
			enabled = c.What == "enable"
		case "arm", "disarm":
			armed = c.What == "arm"
		default:
			at[c.Signal], since[c.Signal] = c, now
		}
		if was && !watching() { // it forgets everything, and an incident ends
			end()
			confirmed = -1
		}
		for range c.Ticks + 1 {
			tick()
			all = append(all, outcome{now, state(), reports})
			reports = nil
			now++
		}
	}
	return all
}

// play plays a history with the real rule, and returns the same.
func (h modelHistory) play() (all []outcome, err error) {
	table := detectors.NewTable()
	cfg := h.Rule
	cfg.When = h.When.String()
	r, err := New(cfg, table)
	if err != nil {
		return nil, err
	}
	ids := make(map[string]detectors.ID)
	for _, name := range modelSignals {
		if ids[name], err = table.Intern(name); err != nil {
			return nil, err
		}
	}
	tick := 0
	for _, c := range h.Changes {
		now := time.Duration(tick) * ms
		switch c.What {
		case "enable", "disable":
			r.SetEnabled(c.What == "enable", now)
		case "arm", "disarm":
			r.SetActive(c.What == "arm", now)
		case "forget":
			table.Forget(ids[c.Signal], detectors.Errored)
		default:
			table.Set(ids[c.Signal], c.Value, nil, &detectors.Trace{Captured: now - time.Duration(c.Old)*ms}, time.Duration(c.TTL)*ms)
		}
		changed := true
		for range c.Ticks + 1 {
			now := time.Duration(tick) * ms
			o := outcome{Tick: tick}
			for n := 0; changed || r.Next() <= now || h.Every && n == 0; n++ {
				if changed = false; n > 3 {
					return nil, fmt.Errorf("at %v the rule asks for a step again and again", now)
				}
				switch phase := r.Step(now); phase {
				case PhaseConfirmed:
					o.Fired = append(o.Fired, fmt.Sprintf("confirmed %.3f", r.Event(now, phase).Confidence))
				case PhaseEnded:
					e := r.Event(now, phase)
					o.Fired = append(o.Fired, fmt.Sprintf("ended %.3f %d", e.Confidence, e.Duration/ms))
				}
			}
			o.State = r.Status(now).State
			all = append(all, o)
			tick++
		}
	}
	return all, nil
}

// A rule does what docs/rules.md says in every state, at every tick, whatever its signals do, and
// whenever it is disabled.
func TestRuleAgainstModel(t *testing.T) {
	modelcheck.Check(t, 100_000, drawModelHistory, smallerModelHistory, func(h modelHistory) string {
		want := h.reference()
		got, err := h.play()
		if err != nil {
			return fmt.Sprintf("%s: %v", h.When, err)
		}
		for i := range want {
			if got[i].State != want[i].State || !slices.Equal(got[i].Fired, want[i].Fired) {
				return fmt.Sprintf("when %s\ngot  %+v\nwant %+v", h.When, got[:i+1], want[:i+1])
			}
		}
		return ""
	})
}
