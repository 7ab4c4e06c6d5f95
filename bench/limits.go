package bench

import (
	"bytes"
	"fmt"
	"strings"

	"rvo-tui/bench/compare"
	"rvo-tui/bench/workload"
)

// Limits for worker mode, as medians over the runs.
const (
	maxTickRatio = 1.25 // median tick with a slow detector, divided by that without any
	maxLoss      = 0.01 // share of frames lost, at up to 600 frames a second
	askedRuns    = 9    // number of runs that the limits are meant for
)

// limits writes which limits are kept, if there are runs in worker mode.
func (r *Report) limits(out *bytes.Buffer) {
	byName := map[string][]*Result{}
	var names []string
	for _, res := range r.Results {
		if res.Mode != workload.Worker {
			continue
		}
		if name := res.Scenario.Name; byName[name] == nil {
			names = append(names, name)
		}
		byName[res.Scenario.Name] = append(byName[res.Scenario.Name], res)
	}
	var rows []string
	row := func(name, limit, found string, kept bool) {
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s |", name, limit, found, map[bool]string{true: "kept", false: "**missed**"}[kept]))
	}
	p99 := func(res *Result) float64 { return float64(res.Tick.at(0.99)) }
	base, baseTail := medianOf(byName["baseline"], tickP50), medianOf(byName["baseline"], p99)
	for _, name := range names {
		rs := byName[name]
		switch {
		case strings.HasPrefix(name, "blocking_") || name == "load_shed":
			if base.N == 0 || base.Median == 0 {
				continue
			}
			ratio := medianOf(rs, tickP50).Median / base.Median
			row(name, fmt.Sprintf("tick p50 at most %g times that of `baseline`", maxTickRatio), fmt.Sprintf("%.2f", ratio), ratio <= maxTickRatio)
			tail := medianOf(rs, p99)
			row(name, "tick p99 no higher than in the runs of `baseline`", fmt.Sprintf("%s, `baseline` up to %s", compare.Nanos(tail.Median), compare.Nanos(baseTail.Largest)),
				tail.Median <= baseTail.Largest)
		case strings.HasPrefix(name, "overload_"):
			lost := medianOf(rs, func(res *Result) float64 { return res.share(res.Superseded) }).Median
			row(name, fmt.Sprintf("at most %g %% of the frames superseded", maxLoss*100), fmt.Sprintf("%.2f %%", lost*100), lost <= maxLoss)
			dropped := medianOf(rs, func(res *Result) float64 { return float64(res.PoolDropped) }).Largest
			row(name, "no frames lost for other reasons", fmt.Sprintf("at most %g in a run", dropped), dropped == 0)
		}
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(out, "\n## Limits\n\nMode worker, medians over %d runs", r.Environment.Runs)
	if r.Environment.Runs < askedRuns {
		fmt.Fprintf(out, "; the limits are meant for %d", askedRuns)
	}
	fmt.Fprintf(out, ".\n\n| Scenario | Limit | Found | |\n|---|---|---|---|\n%s\n", strings.Join(rows, "\n"))
}
