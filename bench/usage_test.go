package bench

import (
	"strings"
	"testing"
	"time"

	"rvo-tui/bench/workload"
)

func TestParseStat(t *testing.T) {
	got, ok := parseStat("cpu  100 20 30 4000 50 6 7 80 9 1\ncpu0 1 2 3\n")
	if want := (machineTime{busy: 163, idle: 4050, steal: 80}); !ok || got != want {
		t.Errorf("got %+v, %v, want %+v", got, ok, want)
	}
	for _, text := range []string{"", "cpu 1 2 3", "intr 1 2 3 4 5 6 7 8 9", "cpu a b c d e f g h"} {
		if _, ok := parseStat(text); ok {
			t.Errorf("%q was understood", text)
		}
	}
}

func TestLoad(t *testing.T) {
	now := time.Now()
	at := func(seconds int, own time.Duration, busy, idle, steal uint64) usage {
		return usage{at: now.Add(time.Duration(seconds) * time.Second), own: own, machine: machineTime{busy, idle, steal}, known: true}
	}
	for name, c := range map[string]struct {
		b     usage
		want  Load
		noisy bool
	}{
		// Two cores for ten seconds are 2,000 clock ticks.
		"quiet":              {at(10, 5*time.Second, 520, 1475, 5), Load{Known: true, CPU: 0.5, Steal: 0.0025, Foreign: 0.01}, false},
		"stolen":             {at(10, 5*time.Second, 500, 1400, 100), Load{Known: true, CPU: 0.5, Steal: 0.05}, true},
		"neighbours":         {at(10, 5*time.Second, 900, 1100, 0), Load{Known: true, CPU: 0.5, Foreign: 0.2}, true},
		"clock ticks behind": {at(10, 5*time.Second, 490, 1510, 0), Load{Known: true, CPU: 0.5}, false},
	} {
		got := loadBetween(at(0, 0, 0, 0, 0), c.b)
		got.Average = 0 // of this machine
		if got != c.want || got.Noisy() != c.noisy {
			t.Errorf("%s: got %+v, noisy %v", name, got, got.Noisy())
		}
	}
	if got := loadBetween(usage{at: now}, usage{at: now.Add(time.Second), own: time.Second}); got.Known || got.Noisy() || got.CPU != 1 {
		t.Errorf("on a system that does not tell: %+v", got)
	}
}

func TestCPUModel(t *testing.T) {
	if got := cpuModel("processor\t: 0\nmodel name\t: A: fast one\nmodel name\t: B\n"); got != "A: fast one" {
		t.Errorf("got %q", got)
	}
	if got := cpuModel("Hardware: x\n"); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestScheduling(t *testing.T) {
	stat := func(nice, priority, policy string) string {
		f := strings.Fields(strings.Repeat("0 ", 50))
		f[19-3], f[40-3], f[41-3] = nice, priority, policy
		return "12 (a b) c) " + strings.Join(f, " ")
	}
	for text, want := range map[string]string{
		stat("0", "0", "0"):   "other, nice 0",
		stat("-20", "0", "0"): "other, nice -20",
		stat("0", "10", "2"):  "rr, priority 10",
		stat("0", "0", "9"):   "",
		"12 (a) S 1":          "",
		"":                    "",
	} {
		if got := scheduling(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestBar(t *testing.T) {
	jobs := []job{{1, workload.Scenario{Name: "a"}, workload.Worker}, {1, workload.Scenario{Name: "b"}, workload.Inline}}
	for _, c := range []struct {
		i       int
		elapsed time.Duration
		want    string
	}{
		{0, 0, "[                        ] 1/2  run 1 a worker  20s left"},
		{0, 5 * time.Second, "[======                  ] 1/2  run 1 a worker  15s left"},
		{1, 11 * time.Second, "[========================] 2/2  run 1 b inline  0s left"},
	} {
		if got := barText(jobs, c.i, c.elapsed, 10*time.Second, 10*time.Second); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	newBar(nil, jobs, Options{}).at(0)(0, 1) // shows nothing, nowhere
}
