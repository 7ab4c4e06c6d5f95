package engine

import (
	"slices"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
)

func TestViewGrowsOlderWhileNothingHappens(t *testing.T) {
	s := newSim(t)
	s.attach(&script{spec: spec("a", 10)})
	cfg := rules.DefaultConfig()
	cfg.Event, cfg.When, cfg.Cooldown = "seen", "a >= 1", text.Duration(10*time.Second)
	s.rule(cfg)
	s.frames(3, ms, 100*ms)
	s.until(300 * ms)
	published := s.e.View(s.now, time.Time{})
	if tree := published.Rules[0].Outline; len(tree) != 1 || tree[0] != (rules.Line{Text: "a >= 1"}) {
		t.Errorf("the condition as a tree: %+v", tree)
	}
	v := *published
	v.Advance(5 * time.Second)
	if v.FrameAge != published.FrameAge+5*time.Second {
		t.Errorf("frame age %v, published as %v 5 s ago", v.FrameAge, published.FrameAge)
	}
	if sig := v.Signals[0]; sig.Unknown != detectors.Stale || sig.Why != "stale" || sig.Age != published.Signals[0].Age+5*time.Second {
		t.Errorf("signal %+v: want it stale, it has a TTL of 1 s", sig)
	}
	if published.Signals[0].Unknown != detectors.Known {
		t.Error("the published view has changed")
	}
	if d := v.Detectors[0]; d.FPS != 0.2 || d.Age != published.Detectors[0].Age+5*time.Second {
		t.Errorf("detector at %v runs a second, %v old", d.FPS, d.Age)
	}
	if r := v.Rules[0].Status; r.Remaining != published.Rules[0].Status.Remaining-5*time.Second {
		t.Errorf("cooldown of %v left", r.Remaining)
	}
	if k := v.Rules[0].Clause[0]; k.Truth != rules.Unknown || k.Why != detectors.Stale || v.Rules[0].Status.Truth != rules.Unknown {
		t.Errorf("the clause about a stale signal is %+v", k)
	}
	if was, is := published.Rules[0].Clause[0].Age, v.Rules[0].Clause[0].Age; was == rules.Never || is != was+5*time.Second {
		t.Errorf("the answer that the rule was judged by is %v old, and was %v 5 s ago", is, was)
	}
}

func TestReasonsAreBoundedAndViewsKeepTheirs(t *testing.T) {
	var counts []Count
	for i := range 3 * ErrorKinds {
		before := slices.Clone(counts)
		shared := counts
		counts = counted(counts, string(rune('a'+i)))
		if !slices.Equal(shared, before) {
			t.Fatalf("counting changed what views share: %v, was %v", shared, before)
		}
	}
	counts = counted(counts, "a")
	if len(counts) != ErrorKinds || counts[0] != (Count{"a", 2}) || counts[ErrorKinds-1] != (Count{"other", 2*ErrorKinds + 1}) {
		t.Errorf("%v", counts)
	}
}
