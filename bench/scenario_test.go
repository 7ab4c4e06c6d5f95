package bench

import (
	"context"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"rvo-tui/detectors"
)

func TestScenariosHaveNamesAndStories(t *testing.T) {
	seen := map[string]bool{}
	ours := false
	for _, s := range Scenarios() {
		if seen[s.Name] || s.Name == "" || strings.Trim(s.Name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			t.Errorf("%q is no name of a file, or there twice", s.Name)
		}
		seen[s.Name] = true
		if s.Doc == "" || s.FPS <= 0 {
			t.Errorf("%s has no story or no rate: %+v", s.Name, s)
		}
		if ours && s.Seed {
			t.Errorf("%s is the seed's and comes after ours", s.Name)
		}
		ours = !s.Seed
		if found, err := Find(s.Name); err != nil || found.Name != s.Name {
			t.Errorf("%s is not found: %v", s.Name, err)
		}
	}
}

// Every workload is one that a user could have configured.
func TestWorkloadsAreValid(t *testing.T) {
	person := detectors.Builtin()["dummy"]
	person.Name = "person"
	for _, s := range Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			given := detectors.Builtin()
			given["person"] = person
			l, err := s.Build(Setup{Mode: Worker, Run: 1, Width: 64, Height: 36, Seed: 1, Kinds: given, Dir: t.TempDir(), Epoch: time.Now()})
			if err != nil {
				t.Fatal(err)
			}
			if l.Close != nil {
				defer func() {
					if err := l.Close(); err != nil {
						t.Error(err)
					}
				}()
			}
			bad := func(key, problem string) { t.Errorf("%s: %s", key, problem) }
			all := kinds(l)
			names := map[string]bool{}
			for _, d := range l.Detectors {
				kind, ok := all[d.Kind]
				if !ok {
					t.Errorf("detector %s is of the kind %q, which there is not", d.Name, d.Kind)
					continue
				}
				if names[d.Name] {
					t.Errorf("two detectors are called %s", d.Name)
				}
				names[d.Name] = true
				d = d.Fill(kind)
				d.Validate(all, bad)
			}
			events := map[string]bool{}
			for _, r := range l.Rules {
				r.Validate(bad)
				if events[r.Event] {
					t.Errorf("two rules report %s", r.Event)
				}
				events[r.Event] = true
			}
			cameras := map[string]bool{}
			for _, c := range l.Cameras {
				if cameras[c.Name] || c.FPS <= 0 {
					t.Errorf("camera %+v is there twice or has no rate", c)
				}
				cameras[c.Name] = true
			}
		})
	}
}

// The program's own kinds are not always there: then the error says what to do.
func TestWorkloadsSayWhatTheyWant(t *testing.T) {
	for _, name := range []string{"cpu_saturated", "crashing_child"} {
		s, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Build(Setup{}); err == nil || !strings.Contains(err.Error(), ":") {
			t.Errorf("%s: error %v, want one that says what to do", name, err)
		}
	}
}

// What a scenario is for happens, and every frame of it is accounted for.
func TestScenariosRun(t *testing.T) {
	rep, err := Run(t.Context(), Options{
		Scenarios: []string{"age_by_stage", "event_storm", "clips_on", "detectors_4", "cameras_4", "remote_5ms", "stuck_detector", "crashing_detector", "dashboard_on", "variance_bursty"},
		Modes:     []Mode{Worker}, Runs: 1, Duration: 600 * time.Millisecond, Sample: 200 * time.Millisecond,
		Width: 64, Height: 36, Seed: 1, Dir: t.TempDir(), Out: io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rep.Results {
		if slices.Contains([]string{"age_by_stage", "stuck_detector", "crashing_detector", "remote_5ms"}, r.Scenario.Name) && r.Odd != "" {
			t.Errorf("%s: %s", r.Scenario.Name, r.Odd)
		}
		// All rules of a storm confirm in the same step.
		if r.Scenario.Name == "event_storm" && (r.Events == 0 || r.Events%stormRules != 0) {
			t.Errorf("%d events, want a multiple of %d", r.Events, stormRules)
		}
		// The answers of one that is stuck are late, and nobody's signal.
		if r.Scenario.Name == "stuck_detector" && r.SignalAge.max() >= stuckFor {
			t.Errorf("a signal of %v age", r.SignalAge.max())
		}
		if r.Seen == 0 || r.Execs == 0 {
			t.Errorf("%s: %d frames seen and %d runs measured", r.Scenario.Name, r.Seen, r.Execs)
		}
	}
	if len(rep.Results) != 10 {
		t.Errorf("%d results, want 10", len(rep.Results))
	}
}

// The latencies have the mean that the figures say, differ as they should, and
// are the same for the same seed.
func TestLatenciesHaveTheirMean(t *testing.T) {
	const n = 400_000
	for _, tt := range []struct {
		name        string
		make        func(*rand.Rand) func() time.Duration
		least, most time.Duration
		within      float64 // of the mean
	}{
		{"deterministic", deterministic, varianceMean, varianceMean, 0},
		{"jittered", jittered, varianceMean / 2, varianceMean * 3 / 2, 0.01},
		{"bursty", bursty, burstFast, burstSlow, 0.03},
		{"heavy_tailed", heavyTailed, 7 * time.Millisecond, tailMost, 0.03},
	} {
		t.Run(tt.name, func(t *testing.T) {
			next, again := tt.make(rand.New(rand.NewPCG(7, 0))), tt.make(rand.New(rand.NewPCG(7, 0)))
			var sum time.Duration
			slowest := time.Duration(0)
			for range n {
				d := next()
				if other := again(); other != d {
					t.Fatalf("%v and %v of the same seed", d, other)
				}
				if d < tt.least || d > tt.most {
					t.Fatalf("%v is not within %v and %v", d, tt.least, tt.most)
				}
				sum += d
				slowest = max(slowest, d)
			}
			mean := (sum / n).Seconds() / varianceMean.Seconds()
			if mean < 1-tt.within || mean > 1+tt.within {
				t.Errorf("the mean is %v, want %v", sum/n, varianceMean)
			}
			if slowest < tt.most*9/10 {
				t.Errorf("the slowest is %v, want it near %v", slowest, tt.most)
			}
		})
	}
}

func TestVariedWaitsAndAnswers(t *testing.T) {
	d := &varied{next: func() time.Duration { return time.Millisecond }}
	d.answer[0] = detectors.Reading{Signal: "a", Value: 1}
	begun := time.Now()
	got, err := d.Detect(t.Context(), nil)
	if err != nil || len(got) != 1 || got[0].Value != 1 {
		t.Errorf("%v, %v", got, err)
	}
	if took := time.Since(begun); took < time.Millisecond {
		t.Errorf("it took %v", took)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	d.next = func() time.Duration { return time.Minute }
	if _, err := d.Detect(ended, nil); err == nil {
		t.Error("a context that has ended does not end the wait")
	}
}

func TestBrittlePanicsWhenItsRunsAreOver(t *testing.T) {
	b := new(brittle)
	for range goodRuns {
		if _, err := b.Detect(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("it goes on")
		}
	}()
	_, _ = b.Detect(t.Context(), nil)
}
