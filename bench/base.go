package bench

import (
	"bytes"
	"fmt"
	"strconv"

	"rvo-tui/bench/compare"
	"rvo-tui/bench/workload"
	"rvo-tui/runtime/engine"
)

// baseMeasures are the measures by which scenarios are compared with their bases.
var baseMeasures = []struct {
	name string
	of   func(*Result) float64
	text func(float64) string
}{
	{"tick p50", func(r *Result) float64 { return float64(r.Tick.at(0.5)) }, compare.Nanos},
	{"tick p99", func(r *Result) float64 { return float64(r.Tick.at(0.99)) }, compare.Nanos},
	{"queue p50", func(r *Result) float64 { return float64(r.Stages[engine.StageQueue].at(0.5)) }, compare.Nanos},
	{"queue p99", func(r *Result) float64 { return float64(r.Stages[engine.StageQueue].at(0.99)) }, compare.Nanos},
	{"age p50", func(r *Result) float64 { return float64(r.Age.at(0.5)) }, compare.Nanos},
	{"age p99", func(r *Result) float64 { return float64(r.Age.at(0.99)) }, compare.Nanos},
	{"exec p50", func(r *Result) float64 { return float64(r.Exec.at(0.5)) }, compare.Nanos},
	{"signal age p50", func(r *Result) float64 { return float64(r.SignalAge.at(0.5)) }, compare.Nanos},
	{"CPU, cores", func(r *Result) float64 { return r.Load.CPU }, func(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }},
	{"memory, MB", func(r *Result) float64 { return float64(r.Load.RSS) / 1e6 }, func(v float64) string { return strconv.FormatFloat(v, 'f', 0, 64) }},
}

// baseTable writes a table of the scenarios of one mode whose base was run as well: the medians of
// both, the median ratio of runs with the same number, and the spread of the base's own runs.
func (r *Report) baseTable(out *bytes.Buffer, mode workload.Mode) {
	byName := map[string]map[int]*Result{}
	var names []string
	for _, res := range r.Results {
		if res.Mode != mode {
			continue
		}
		name := res.Scenario.Name
		if byName[name] == nil {
			byName[name] = map[int]*Result{}
			names = append(names, name)
		}
		byName[name][res.Run] = res
	}
	var rows bytes.Buffer
	for _, name := range names {
		for _, m := range baseMeasures {
			var base, with, ratios []float64
			var against string
			for run := 1; run <= r.Options.Runs; run++ {
				res := byName[name][run]
				if res == nil {
					continue
				}
				against = res.Scenario.Base
				other := byName[against][run]
				if other == nil || !(m.of(other) > 0) {
					continue
				}
				base, with = append(base, m.of(other)), append(with, m.of(res))
				ratios = append(ratios, m.of(res)/m.of(other))
			}
			if len(base) == 0 {
				continue
			}
			b := compare.SpreadOf(base)
			fmt.Fprintf(&rows, "| `%s` | `%s` | %s | %s | %s | %.2f | up to %.2f |\n", name, against, m.name,
				m.text(b.Median), m.text(compare.SpreadOf(with).Median), compare.SpreadOf(ratios).Median, b.Largest/b.Smallest)
		}
	}
	if rows.Len() == 0 {
		return
	}
	fmt.Fprintf(out, "\n### Compared with their bases, %s\n\n", mode)
	fmt.Fprintln(out, "A difference no larger than that of the base against itself is not significant.")
	fmt.Fprintln(out)
	fmt.Fprintln(out, "| Scenario | Base | Measure | Base | Scenario | Ratio | Base against itself |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|")
	_, _ = rows.WriteTo(out) // writing to memory cannot fail
}
