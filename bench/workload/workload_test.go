package workload

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"rvo-tui/detectors"
)

func TestScenariosHaveNamesAndDocs(t *testing.T) {
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
		if ours && s.RVO {
			t.Errorf("%s is rvo's and comes after ours", s.Name)
		}
		ours = !s.RVO
		if base, err := Find(s.Base); s.Base != "" && (err != nil || len(base.Modes) > 0 && len(s.Modes) == 0) {
			t.Errorf("%s is compared with %q, which does not run in all its modes: %v", s.Name, s.Base, err)
		}
		if found, err := Find(s.Name); err != nil || found.Name != s.Name {
			t.Errorf("%s is not found: %v", s.Name, err)
		}
	}
}

// Every workload is a valid configuration.
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
			all := l.AllKinds()
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

// If the program's own kinds are missing, the error says what to do.
func TestWorkloadsSayWhatTheyWant(t *testing.T) {
	for _, name := range []string{"cpu_saturated", "crashing_child", "motion_child"} {
		s, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Build(Setup{}); err == nil || !strings.Contains(err.Error(), ":") {
			t.Errorf("%s: error %v, want one that says what to do", name, err)
		}
	}
}

// Latencies have the stated mean, differ as intended, and are the same for the same seed.
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
			t.Error("it continues")
		}
	}()
	_, _ = b.Detect(t.Context(), nil)
}

// rvo's scenarios have the workloads of its harness.
func TestRVOScenarios(t *testing.T) {
	var got []string
	for _, s := range Scenarios() {
		if !s.RVO {
			continue
		}
		l, err := s.Build(Setup{})
		if err != nil {
			t.Fatal(err)
		}
		line := s.Name + " " + fmt.Sprint(l.Cameras[0].FPS) + " " + fmt.Sprint(s.Sleep.Seconds()*1000)
		for _, d := range l.Detectors {
			line += " " + d.Kind
			if d.Kind == SleepKind {
				line += " " + d.Text("busy") + " " + string(d.Cost) + " " + fmt.Sprint(d.MaxFPS)
			}
		}
		got = append(got, line)
	}
	want := []string{
		"baseline 30 0", "inproc_low 30 0 dummy",
		"blocking_1ms 30 1 sleep 1ms low 10000", "blocking_3ms 30 3 sleep 3ms low 10000",
		"blocking_10ms 30 10 sleep 10ms low 10000", "blocking_50ms 30 50 sleep 50ms low 10000",
		"load_shed 30 50 dummy sleep 50ms high 60",
		"overload_threshold 120 5 sleep 5ms low 1000", "overload_moderate 300 5 sleep 5ms low 1000", "overload_severe 600 5 sleep 5ms low 1000",
		"fps_1000 1000 0 dummy", "fps_2000 2000 0 dummy", "fps_5000 5000 0 dummy",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
