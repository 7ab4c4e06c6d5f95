package rules

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
)

// firing is one report, in ticks of a millisecond.
type firing struct {
	at         int
	phase      Phase
	confidence string // rounded, so that firings compare
	duration   int
}

// simulate plays a history, one truth a tick, and says what must be reported.
// It is the rule's definition once more, by counting over the whole history at
// every tick instead of by keeping clocks.
func simulate(cfg Config, history []Truth) []firing {
	var fired []firing
	ticks := func(d text.Duration) int { return int(time.Duration(d) / ms) }
	frozen := func(i int) bool { return history[i] == Unknown && cfg.OnUnknown == UnknownHold }
	count := func(from, to int, is func(i int) bool) (n int) {
		for i := from; i < to; i++ {
			if is(i) {
				n++
			}
		}
		return n
	}
	holds := func(i int) bool { return history[i] == True }
	moves := func(i int) bool { return !frozen(i) }
	lastTrue := func(from, to int) int { // the tick after the last true one
		for to > from && !holds(to-1) {
			to--
		}
		return to
	}
	share := func(from, to int) string {
		if to == from {
			return "1.0000"
		}
		return fmt.Sprintf("%.4f", float64(count(from, to, holds))/float64(to-from))
	}
	run, clock, incident, until := -1, -1, -1, 0 // ticks at which they began; -1: they are not on
	for now := range history {
		if run >= 0 && !holds(now) && !frozen(now) {
			gap := count(lastTrue(run, now), now, moves)
			if gap >= ticks(cfg.Grace) {
				if incident >= 0 && cfg.Phases {
					end := lastTrue(run, now)
					fired = append(fired, firing{now, PhaseEnded, share(incident, end), end - incident})
				}
				run, clock, incident = -1, -1, -1
			}
		}
		if !holds(now) {
			continue
		}
		if run < 0 && now >= until {
			run, clock = now, now
		}
		if run >= 0 && clock < 0 && now >= until && cfg.Rearm == RearmCooldown {
			clock = now
		}
		if clock >= 0 && count(clock, now, moves) >= ticks(cfg.For) {
			fired = append(fired, firing{now, PhaseConfirmed, share(clock, now), 0})
			if incident < 0 {
				incident = run
			}
			until, clock = now+ticks(cfg.Cooldown), -1
			if cfg.Cooldown == 0 && cfg.Rearm == RearmCooldown {
				clock = now
			}
		}
	}
	return fired
}

// stretch is a part of a history with one truth.
type stretch struct {
	truth Truth
	ticks int
	// stale lets the signal run out at the end of a stretch before an unknown
	// one, so that nobody tells the rule.
	stale bool
}

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

func drawHistory(t *rapid.T) ([]stretch, []Truth) {
	var stretches []stretch
	var history []Truth
	for range rapid.IntRange(1, 12).Draw(t, "stretches") {
		s := stretch{
			truth: rapid.SampledFrom([]Truth{Unknown, False, True, True}).Draw(t, "truth"),
			ticks: rapid.IntRange(1, 25).Draw(t, "ticks"),
			stale: rapid.Bool().Draw(t, "stale"),
		}
		stretches = append(stretches, s)
		for range s.ticks {
			history = append(history, s.truth)
		}
	}
	return stretches, history
}

// drive plays stretches into a rule. It steps at every change that it makes
// itself, at Next, and at the ticks that also names.
func drive(t *rapid.T, cfg Config, stretches []stretch, also func(tick int) bool) (fired []firing) {
	tab := detectors.NewTable()
	r, err := New(cfg, tab)
	if err != nil {
		t.Fatal(err)
	}
	id, _ := tab.Lookup("a")
	tick := 0
	for i, s := range stretches {
		changed := true
		switch {
		case s.truth != Unknown:
			ttl := long
			if s.stale && i+1 < len(stretches) && stretches[i+1].truth == Unknown {
				ttl = time.Duration(s.ticks) * ms
			}
			value := map[Truth]float64{False: 0, True: 1}[s.truth]
			tab.Set(id, value, nil, &detectors.Trace{Captured: time.Duration(tick) * ms}, ttl)
		case i > 0 && stretches[i-1].stale && stretches[i-1].truth != Unknown:
			changed = false
		default:
			tab.Forget(id, detectors.Errored)
		}
		for range s.ticks {
			now := time.Duration(tick) * ms
			for n := 0; changed || r.Next() <= now || also(tick) && n == 0; n++ {
				changed = false
				if n > 2 {
					t.Fatalf("at %v the rule asks for a step again and again", now)
				}
				if phase := r.Step(now); phase != "" {
					e := r.Event(now, phase)
					fired = append(fired, firing{tick, phase, fmt.Sprintf("%.4f", e.Confidence), int(e.Duration / ms)})
				}
			}
			tick++
		}
	}
	return fired
}

// A rule reports what the simulation says, whether it is stepped at every tick
// or only when something changes and at Next.
func TestRuleAgainstSimulation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := drawConfig(t)
		stretches, history := drawHistory(t)
		want := simulate(cfg, history)
		if got := drive(t, cfg, stretches, func(int) bool { return true }); !slices.Equal(got, want) {
			t.Fatalf("stepped at every tick:\ngot  %v\nwant %v", got, want)
		}
		if got := drive(t, cfg, stretches, func(int) bool { return false }); !slices.Equal(got, want) {
			t.Fatalf("stepped when it asks:\ngot  %v\nwant %v", got, want)
		}
	})
}

// However late and seldom a rule is stepped, its reports stay in order.
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
