package bench

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"rvo-tui/bench/workload"
)

// fixedRun is a run in worker mode whose ticks all took the same time.
func fixedRun(t *testing.T, name string, run int, tick time.Duration, sent, superseded, pool uint64) *Result {
	t.Helper()
	s, err := workload.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	r := &Result{
		Outcome: workload.Outcome{
			Scenario: s, Mode: workload.Worker, Sent: sent, Seen: sent - superseded - pool, Superseded: superseded, PoolDropped: pool,
		},
		Run: run, Duration: time.Second, Timing: newTiming(),
	}
	r.Tick.add(tick)
	if err := r.cut(nil, time.Time{}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLimits(t *testing.T) {
	rep := &Report{Environment: Environment{Runs: 3}, Options: Options{Modes: []workload.Mode{workload.Worker}}}
	for run, tick := range []time.Duration{200, 100, 130} {
		rep.Results = append(rep.Results,
			fixedRun(t, "baseline", run+1, tick, 100, 0, 0),
			fixedRun(t, "inproc_low", run+1, 160, 100, 0, 0),
			fixedRun(t, "blocking_1ms", run+1, 150, 100, 0, 0),
			fixedRun(t, "load_shed", run+1, 240, 100, 0, 0),
			fixedRun(t, "overload_moderate", run+1, 100, 1000, 10, 0),
			fixedRun(t, "overload_severe", run+1, 100, 1000, 11, uint64(run/2)))
	}
	rep.Results[2].Load.Steal = 0.5
	text := string(rep.Markdown())
	for _, want := range []string{
		"medians over 3 runs; the limits are meant for 9.",
		"| `blocking_1ms` | tick p50 at most 1.25 times that of `baseline` | 1.15 | kept |",
		"| `blocking_1ms` | tick p99 no higher than in the runs of `baseline` | 150ns, `baseline` up to 200ns | kept |",
		"| `load_shed` | tick p50 at most 1.25 times that of `baseline` | 1.85 | **missed** |",
		"| `load_shed` | tick p99 no higher than in the runs of `baseline` | 240ns, `baseline` up to 200ns | **missed** |",
		"| `overload_moderate` | at most 1 % of the frames superseded | 1.00 % | kept |",
		"| `overload_moderate` | no frames lost for other reasons | at most 0 in a run | kept |",
		"| `overload_severe` | at most 1 % of the frames superseded | 1.10 % | **missed** |",
		"| `overload_severe` | no frames lost for other reasons | at most 1 in a run | **missed** |",
		"| `blocking_1ms` | 3 | 150ns ± 0s | 1.15 | 0.94 |",
		"| 100.0 | 100.0 | 0.00 % | 0.00 | 1 |\n",
		"1 of 18 runs are noisy",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s: not in\n%s", want, text)
		}
	}
}

// Without worker runs, or without the runs to compare with, no limit is checked.
func TestLimitsWantTheirRuns(t *testing.T) {
	rep := &Report{Results: []*Result{fixedRun(t, "blocking_1ms", 1, 100, 100, 0, 0)}}
	var out bytes.Buffer
	rep.limits(&out)
	if out.Len() != 0 {
		t.Errorf("%s", &out)
	}
}
