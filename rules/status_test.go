package rules

import (
	"math"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
)

func TestStatus(t *testing.T) {
	r, tab := newRule(t, config(func(c *Config) { c.OnUnknown = UnknownHold }))
	check := func(now int, want Status) {
		t.Helper()
		if got := r.Status(time.Duration(now) * ms); got != want {
			t.Errorf("at %d ms\ngot  %+v\nwant %+v", now, got, want)
		}
	}
	r.Step(5 * ms)
	check(7, Status{State: Idle, Since: 5 * ms})
	set(t, tab, "a", 1, 10*ms, 60*ms)
	r.Step(10 * ms)
	check(10, Status{State: Potential, Since: 10 * ms, Truth: True})
	check(35, Status{State: Potential, Since: 10 * ms, Progress: 0.25, Truth: True})
	r.Step(70 * ms)
	check(90, Status{State: Potential, Since: 10 * ms, Progress: 0.6, Truth: Unknown})
	set(t, tab, "a", 1, 100*ms, long)
	r.Step(100 * ms)
	check(200, Status{State: Potential, Since: 10 * ms, Progress: 1, Truth: True}) // not stepped yet
	r.Step(200 * ms)
	check(300, Status{State: Confirmed, Since: 200 * ms, Progress: 1, Remaining: 900 * ms, Truth: True, Active: true, Fired: 1, LastFired: 200 * ms})
	set(t, tab, "a", 0, 400*ms, long)
	r.Step(400 * ms)
	check(500, Status{State: Cooldown, Since: 400 * ms, Remaining: 700 * ms, Truth: False, Fired: 1, LastFired: 200 * ms})
	check(2000, Status{State: Cooldown, Since: 400 * ms, Truth: False, Fired: 1, LastFired: 200 * ms})
	r.SetEnabled(false, 600*ms)
	check(700, Status{State: Disabled, Since: 600 * ms, Truth: False, Fired: 1, LastFired: 200 * ms})
}

func TestConfidenceAndDuration(t *testing.T) {
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }
	fire := func(r *Rule, at int, phase Phase, confidence float64, duration time.Duration) {
		t.Helper()
		now := time.Duration(at) * ms
		if got := r.Step(now); got != phase {
			t.Fatalf("at %v fired %q, want %q", now, got, phase)
		}
		e := r.Event(now, phase)
		if !near(e.Confidence, confidence) || e.Duration != duration || e.Phase != phase || e.At != now || e.Type != "test" {
			t.Errorf("at %v got %+v, want confidence %v and duration %v", now, e, confidence, duration)
		}
	}
	idle := func(r *Rule, at int) {
		t.Helper()
		if got := r.Step(time.Duration(at) * ms); got != "" {
			t.Fatalf("at %d ms fired %q", at, got)
		}
	}

	r, tab := newRule(t, config(func(c *Config) { c.Grace = text.Duration(50 * ms) }))
	set(t, tab, "a", 1, 0, long)
	idle(r, 1000)
	set(t, tab, "a", 0, 0, long)
	idle(r, 1030)
	set(t, tab, "a", 1, 0, long)
	idle(r, 1060)
	fire(r, 1100, PhaseConfirmed, 0.7, 0) // 30 of 100 ms were a gap
	idle(r, 2100)
	fire(r, 2200, PhaseConfirmed, 1, 0) // of its own for alone
	set(t, tab, "a", 0, 0, long)
	idle(r, 2300)
	fire(r, 2350, PhaseEnded, 1270./1300, 1300*ms) // without the last gap

	r, tab = newRule(t, config(func(c *Config) { c.OnUnknown = UnknownHold }))
	set(t, tab, "a", 1, 0, long)
	idle(r, 0)
	forget(t, tab, "a", detectors.Stuck)
	idle(r, 60)
	set(t, tab, "a", 1, 0, long)
	idle(r, 160)
	fire(r, 200, PhaseConfirmed, 0.5, 0) // 100 of 200 ms were unknown
	forget(t, tab, "a", detectors.Stuck)
	idle(r, 300)
	set(t, tab, "a", 0, 0, long)
	fire(r, 900, PhaseEnded, 200./300, 300*ms)

	r, tab = newRule(t, config(func(c *Config) { c.For = 0 }))
	set(t, tab, "a", 1, 0, long)
	fire(r, 5, PhaseConfirmed, 1, 0)
	set(t, tab, "a", 0, 0, long)
	fire(r, 5, PhaseEnded, 1, 0)
}
