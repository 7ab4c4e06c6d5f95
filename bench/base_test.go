package bench

import (
	"strings"
	"testing"

	"rvo-tui/bench/workload"
)

func TestScenariosStandBesideTheirBases(t *testing.T) {
	rep := &Report{Environment: Environment{Runs: 3}, Options: Options{Runs: 3, Modes: []workload.Mode{workload.Worker}}}
	for run := 1; run <= 3; run++ {
		base := fixedRun(t, "inproc_low", run, 100, 100, 0, 0)
		base.Load.CPU = 0.1 * float64(run)
		with := fixedRun(t, "blocking_50ms", run, 150, 100, 0, 0)
		with.Load.CPU = 0.2 * float64(run)
		alone := fixedRun(t, "motion_child", run, 100, 100, 0, 0) // without its base
		rep.Results = append(rep.Results, base, with, alone)
	}
	text := string(rep.Markdown())
	for _, want := range []string{
		"| `blocking_50ms` | `inproc_low` | tick p50 | 100ns | 150ns | 1.50 | up to 1.00 |\n",
		"| `blocking_50ms` | `inproc_low` | CPU, cores | 0.200 | 0.400 | 2.00 | up to 3.00 |\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.Contains(text, "| `motion_child` | `motion_1`") || strings.Contains(text, "age p50 | 0s") {
		t.Errorf("what was not measured is compared:\n%s", text)
	}
}
