package engine

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rvo-tui/detectors"
	"rvo-tui/rules"
)

// Detectors with new names can come and go forever.
func TestNamesOfSignalsAreFreed(t *testing.T) {
	e := New(Options{MaxErrors: 5})
	cfg := rules.DefaultConfig()
	cfg.Event, cfg.When = "kept", "kept > 1 && d0 > 1"
	if err := e.AddRule(cfg); err != nil {
		t.Fatal(err)
	}
	for i := range 3 * detectors.MaxSignals {
		sp := spec(fmt.Sprintf("d%d", i), 10)
		sp.Needs = []string{fmt.Sprintf("other%d > 0", i)}
		if err := e.Attach(TaskID(i+1), sp); err != nil {
			t.Fatal(err)
		}
		if err := e.Attach(TaskID(i+1e6), detectors.Spec{Name: "x", Provides: []string{fmt.Sprintf("x%d", i), "d0", sp.Name}}); err == nil {
			t.Fatal("a signal was provided twice")
		}
		e.Step(0, &Inputs{})
		if _, err := e.Detach(sp.Name); err != nil {
			t.Fatal(err)
		}
	}
	if v := e.View(0, time.Time{}); len(v.Signals) != 2 {
		t.Errorf("signals %+v, want those of the rule", v.Signals)
	}
	if n := e.table.Len(); n > 8 {
		t.Errorf("the table has grown to %d", n)
	}
}

// The table holds exactly the signals that something provides or reads, each under one ID, and
// every reference to an ID means the signal of that name.
func TestTableHoldsWhatIsUsed(t *testing.T) {
	name := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g"})
	rapid.Check(t, func(rt *rapid.T) {
		e := New(Options{MaxErrors: 5})
		next, most := TaskID(0), 0
		texts := map[string][]string{} // of the conditions of rules and detectors, by owner
		cond := func() string {
			if rapid.Bool().Draw(rt, "two") {
				return name.Draw(rt, "left") + " > " + name.Draw(rt, "right")
			}
			return name.Draw(rt, "signal") + " > 1"
		}
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			who := name.Draw(rt, "who")
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0:
				sp := spec(who, 10)
				sp.Provides = slices.Compact(slices.Sorted(slices.Values(rapid.SliceOfN(name, 1, 3).Draw(rt, "provides"))))
				for range rapid.IntRange(0, 2).Draw(rt, "needs") {
					sp.Needs = append(sp.Needs, cond())
				}
				next++
				if e.Attach(next, sp) == nil {
					texts["detector "+who] = sp.Needs
				}
			case 1:
				if _, err := e.Detach(who); err == nil {
					delete(texts, "detector "+who)
				}
			case 2:
				cfg := rules.DefaultConfig()
				cfg.Event, cfg.When = who, cond()
				if e.AddRule(cfg) == nil {
					texts["rule "+who] = []string{cfg.When}
				}
			case 3:
				e.RemoveRule(0, who)
				delete(texts, "rule "+who)
			}
			used := map[string]bool{}
			for _, t := range e.tasks {
				for i, id := range t.provides {
					if e.table.Name(id) != t.spec.Provides[i] {
						rt.Fatalf("detector %s provides %q as %q", t.spec.Name, t.spec.Provides[i], e.table.Name(id))
					}
					used[t.spec.Provides[i]] = true
				}
				reads(rt, e, t.needs, texts["detector "+t.spec.Name], used)
			}
			for _, r := range e.rules {
				reads(rt, e, []*rules.Condition{r.Condition()}, texts["rule "+r.event], used)
			}
			held := map[string]bool{}
			for id := range e.table.Len() {
				n := e.table.Name(detectors.ID(id))
				if at, ok := e.table.Lookup(n); n != "" && (held[n] || !ok || int(at) != id) {
					rt.Fatalf("ID %d is %q, which is ID %d", id, n, at)
				}
				held[n] = true
			}
			delete(held, "")
			if !maps.Equal(held, used) {
				rt.Fatalf("the table holds %v, used are %v", held, used)
			}
			if most = max(most, len(used)); e.table.Len() > most+7 { // and the names of one command that failed
				rt.Fatalf("the table has %d IDs for %d signals", e.table.Len(), most)
			}
		}
	})
}

// reads checks that conditions read the signals of their texts, and records them.
func reads(rt *rapid.T, e *Engine, conds []*rules.Condition, texts []string, used map[string]bool) {
	for i, c := range conds {
		expr, err := rules.Parse(texts[i])
		if err != nil {
			rt.Fatal(err)
		}
		var names []string
		for _, id := range c.Signals() {
			names = append(names, e.table.Name(id))
			used[e.table.Name(id)] = true
		}
		if !slices.Equal(names, expr.Signals()) {
			rt.Fatalf("condition %q reads %v", texts[i], names)
		}
	}
}

// A default TTL follows the rate, so that the signal does not become unknown between two runs, and
// tracks are not lost. A rate too low for a configured TTL is refused.
func TestTTLFollowsTheRate(t *testing.T) {
	for _, tt := range []struct {
		name    string
		fixed   bool
		fps     float64
		wantTTL time.Duration
		wantErr string
	}{
		{"slow", false, 0.2, 15 * time.Second, ""},
		{"fast", false, 50, time.Second, ""},
		{"configured", true, 1, time.Second, ""},
		{"configured and too short", true, 0.2, time.Second, `rate 0.2: the ttl of detector "person" is 1s, shorter than the time between two runs, so its signals would be unknown in between; set at least 1 a second, or raise or leave out its ttl in the configuration`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSim(t)
			sc := &script{spec: spec("person", 10), exec: 5 * ms, boxes: func(uint64) []detectors.Detection {
				return []detectors.Detection{at(0.5)}
			}}
			sc.spec.FixedTTL = tt.fixed
			s.attach(sc)
			s.rule(watching("stays", "dwell(person in door) >= 10s"))
			hall(s)
			s.frames(300, ms, 100*ms)
			s.until(time.Second)
			s.command(func(e *Engine, _ time.Duration) {
				got := ""
				if err := e.SetRate("person", tt.fps); err != nil {
					got = err.Error()
				}
				if got != tt.wantErr {
					t.Errorf("got the error %q, want %q", got, tt.wantErr)
				}
			})
			want := tt.fps
			if tt.wantErr != "" {
				want = 10
			}
			if v := s.view("person"); v.TTL != tt.wantTTL || v.MaxFPS != want {
				t.Errorf("TTL %v at a rate of %v, want %v at %v", v.TTL, v.MaxFPS, tt.wantTTL, want)
			}
			for s.now < 29*time.Second {
				s.until(s.now + 500*ms)
				if got := s.signal("person").Unknown; got != detectors.Known {
					t.Fatalf("at %v the signal is %v", s.now, got)
				}
			}
			if len(s.fired) != 1 {
				t.Errorf("fired %d events, want 1", len(s.fired))
			}
		})
	}
}
