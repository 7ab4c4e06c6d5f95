package rules

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
)

func drawConfig(t *rapid.T) Config {
	ticks := func(label string) text.Duration {
		return text.Duration(time.Duration(rapid.IntRange(0, 12).Draw(t, label)) * ms)
	}
	cfg := DefaultConfig()
	cfg.Event, cfg.When = "test", "a"
	cfg.For, cfg.Cooldown, cfg.Grace = ticks("for"), ticks("cooldown"), ticks("grace")
	if cfg.For == 0 && cfg.Cooldown == 0 {
		cfg.Cooldown = text.Duration(ms)
	}
	cfg.Rearm = rapid.SampledFrom([]Rearm{RearmCooldown, RearmRelease}).Draw(t, "rearm")
	cfg.OnUnknown = rapid.SampledFrom([]OnUnknown{UnknownReset, UnknownHold}).Draw(t, "on_unknown")
	cfg.Phases = rapid.Bool().Draw(t, "phases")
	return cfg
}

// However late and rarely a rule is stepped, its reports stay in order.
func TestRuleSteppedLate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := drawConfig(t)
		tab := detectors.NewTable()
		r, err := New(cfg, tab)
		if err != nil {
			t.Fatal(err)
		}
		id, _ := tab.Lookup("a")
		var now time.Duration
		confirmed, open := Never, false
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += time.Duration(rapid.IntRange(0, 20).Draw(t, "late")) * ms
			switch rapid.IntRange(0, 5).Draw(t, "change") {
			case 0:
				tab.Forget(id, detectors.Stuck)
			case 1:
				tab.Set(id, 0, nil, &detectors.Trace{Captured: now}, long)
			case 2, 3:
				ttl := time.Duration(rapid.IntRange(1, 30).Draw(t, "ttl")) * ms
				tab.Set(id, 1, nil, &detectors.Trace{Captured: now}, ttl)
			}
			phase := r.Step(now)
			if phase != "" {
				if e := r.Event(now, phase); e.Confidence < 0 || e.Confidence > 1 || e.Duration < 0 || e.Duration > now {
					t.Fatalf("at %v: %+v", now, e)
				}
			}
			switch phase {
			case PhaseConfirmed:
				if r.Condition().Eval(now) != True {
					t.Fatalf("at %v confirmed what does not hold", now)
				}
				if confirmed != Never && now-confirmed < time.Duration(cfg.Cooldown) {
					t.Fatalf("confirmed at %v and %v, within the cooldown", confirmed, now)
				}
				if open && cfg.Phases && cfg.Rearm == RearmRelease {
					t.Fatalf("at %v confirmed again without release", now)
				}
				confirmed, open = now, true
			case PhaseEnded:
				if !open || !cfg.Phases {
					t.Fatalf("at %v ended what was not open", now)
				}
				open = false
			}
			if s := r.Status(now); s.Progress < 0 || s.Progress > 1 || s.Remaining < 0 {
				t.Fatalf("at %v: %+v", now, s)
			}
			if next := r.Next(); next < now {
				t.Fatalf("at %v next is %v", now, next)
			}
		}
	})
}
