package bench

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"time"

	"rvo-tui/bench/compare"
	"rvo-tui/bench/workload"
)

// Markdown returns the report as Markdown: medians over the runs and their spread.
func (r *Report) Markdown() []byte {
	var out bytes.Buffer
	e := r.Environment
	fmt.Fprintf(&out, "# Load harness\n\n")
	fmt.Fprintf(&out, "%s, revision %s, on %s, %d cores, %s %s, governor %s, %s, OpenCV %s. GOMAXPROCS %d, scheduling %s.\n\n",
		e.Date.Format("2006-01-02 15:04 UTC"), cmp.Or(e.Revision, "unknown"), cmp.Or(e.CPU, "an unknown processor"), e.Cores, e.System,
		cmp.Or(e.Kernel, "unknown kernel"), cmp.Or(e.Governor, "unknown"), e.Go, cmp.Or(e.OpenCV, "none"), e.Threads,
		cmp.Or(e.Scheduling, "unknown"))
	fmt.Fprintf(&out, "Runs of each: %d, interleaved; %g s measured after %g s of warm-up; frames of %d×%d. ", e.Runs, e.Duration, e.Warmup, e.Width, e.Height)
	fmt.Fprintf(&out, "Figures are medians over the runs; ± is the median distance from them.\n")
	r.load(&out)
	for _, f := range r.Failures {
		fmt.Fprintf(&out, "\n**%s**\n", strings.ReplaceAll(f, "\n", "; "))
	}
	r.limits(&out)
	for _, mode := range r.Options.Modes {
		r.modeTable(&out, mode)
		r.baseTable(&out, mode)
	}
	return out.Bytes()
}

// load writes how many runs may have been disturbed by other load.
func (r *Report) load(out *bytes.Buffer) {
	noisy, unknown := 0, 0
	for _, res := range r.Results {
		if res.Load.Noisy() {
			noisy++
		}
		if !res.Load.Known {
			unknown++
		}
	}
	switch {
	case noisy > 0:
		fmt.Fprintf(out, "\n**%d of %d runs are noisy**: more than %g %% of the machine's time was stolen by its host, or more than %g %% used by others. "+
			"Their figures may reflect other load rather than the program.\n", noisy, len(r.Results), maxSteal*100, maxForeign*100)
	case unknown > 0:
		fmt.Fprintf(out, "\nThis system does not report how much other processes used it.\n")
	case len(r.Results) > 0:
		fmt.Fprintf(out, "\nThe machine was quiet: no run had more than %g %% steal, or more than %g %% used by others.\n", maxSteal*100, maxForeign*100)
	}
}

// modeTable writes the table of one mode. It relates ticks to those without a detector and to those
// with one that takes no time, if there are such runs.
func (r *Report) modeTable(out *bytes.Buffer, mode workload.Mode) {
	byName := map[string][]*Result{}
	var names []string
	for _, res := range r.Results {
		if res.Mode != mode {
			continue
		}
		if byName[res.Scenario.Name] == nil {
			names = append(names, res.Scenario.Name)
		}
		byName[res.Scenario.Name] = append(byName[res.Scenario.Name], res)
	}
	if len(names) == 0 {
		return
	}
	base, cheap := medianOf(byName["baseline"], tickP50), medianOf(byName["inproc_low"], tickP50)
	fmt.Fprintf(out, "\n## %s\n\n", mode)
	fmt.Fprintln(out, "| Scenario | runs | tick p50 | ÷ `baseline` | ÷ `inproc_low` | tick p99 | exec p50 | age p50 | age p99 | from schedule p99 | frames/s | seen/s | lost | CPU, cores | noisy |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
	var odd []string
	for _, name := range names {
		rs := byName[name]
		tick := medianOf(rs, tickP50).Median
		times := func(q float64, of func(*Result) *Dist) string {
			if of(rs[0]).count() == 0 {
				return "–"
			}
			s := medianOf(rs, func(res *Result) float64 { return float64(of(res).at(q)) })
			return timeText(s)
		}
		sent := medianOf(rs, func(res *Result) float64 { return res.perSecond(res.Sent) })
		seen := medianOf(rs, func(res *Result) float64 { return res.perSecond(res.Seen) })
		lost := medianOf(rs, func(res *Result) float64 { return 100 * res.share(res.Lost()) })
		cpu := medianOf(rs, func(res *Result) float64 { return res.Load.CPU })
		noisy := 0
		for _, res := range rs {
			if res.Load.Noisy() {
				noisy++
			}
		}
		fmt.Fprintf(out, "| `%s` | %d | %s | %s | %s | %s | %s | %s | %s | %s | %.1f | %.1f | %.2f %% | %.2f | %d |\n", name, len(rs),
			times(0.5, func(r *Result) *Dist { return r.Tick }), compare.Ratio(base.Median, tick), compare.Ratio(cheap.Median, tick), times(0.99, func(r *Result) *Dist { return r.Tick }),
			times(0.5, func(r *Result) *Dist { return r.Exec }), times(0.5, func(r *Result) *Dist { return r.Age }),
			times(0.99, func(r *Result) *Dist { return r.Age }), times(0.99, func(r *Result) *Dist { return r.DueAge }),
			sent.Median, seen.Median, lost.Median, cpu.Median, noisy)
		for _, res := range rs {
			if res.Odd != "" {
				odd = append(odd, fmt.Sprintf("- `%s`, run %d: %s", name, res.Run, res.Odd))
			}
		}
	}
	if len(odd) > 0 {
		fmt.Fprintf(out, "\nNot as expected:\n\n%s\n", strings.Join(odd, "\n"))
	}
}

func tickP50(r *Result) float64 { return float64(r.Tick.at(0.5)) }

func medianOf(rs []*Result, of func(*Result) float64) compare.Spread {
	values := make([]float64, len(rs))
	for i, r := range rs {
		values[i] = of(r)
	}
	return compare.SpreadOf(values)
}

// timeText formats a spread of nanoseconds.
func timeText(s compare.Spread) string {
	text := compare.Short(time.Duration(s.Median)).String()
	if s.N > 1 {
		text += " ± " + compare.Short(time.Duration(s.MAD)).String()
	}
	return text
}
