package bench

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"rvo-tui/bench/compare"
	"rvo-tui/bench/workload"
	"rvo-tui/runtime"
)

// Result is the result of one run.
type Result struct {
	workload.Outcome
	Run      int
	Started  time.Time // start of the measurement
	Duration time.Duration
	Timing

	Cameras, Detectors int // detectors of each camera

	Late     *hdrhistogram.Histogram // delays of sent frames against the schedule
	Load     Load
	Accounts []CameraAccount // of the whole run, including warm-up

	Odd    string // what was expected but did not happen
	series *series
}

// result returns the result of a drained run.
func (g *measurement) result(snap *runtime.Snapshot, started time.Time) *Result {
	r := &Result{
		Outcome: workload.Outcome{Scenario: g.job.scenario, Mode: g.job.mode}, Run: g.job.run, Started: started, Duration: g.opts.Duration,
		Timing: g.timing, Cameras: len(g.load.Cameras), Detectors: len(g.load.Detectors), Late: newHistogram(), series: g.series,
	}
	for i := range snap.Cameras {
		v := &snap.Cameras[i]
		f, t := g.streams[v.Name], g.tallies[v.Name]
		r.Sent += f.offered
		r.Given += f.given
		r.Overdue += f.overdue
		r.Seen += t.seen
		r.Ticks += t.ticks
		r.Execs += t.execs
		r.Failures += t.failures
		r.Skips += t.skips()
		r.Events += t.events
		r.Late.Merge(f.late)
		for j := range v.Detectors {
			r.Backoffs += v.Detectors[j].Backoffs
			r.Timeouts += v.Detectors[j].Timeouts
		}
		r.Accounts = append(r.Accounts, account(v, f, t))
	}
	r.PoolDropped = r.Sent - r.Given
	r.Superseded = r.Given - r.Seen
	if r.Scenario.Expect != nil {
		r.TickP50 = r.Tick.at(0.5)
		r.Odd = r.Scenario.Expect(&r.Outcome)
	}
	return r
}

// perSecond returns a count as a rate over the measurement.
func (r *Result) perSecond(n uint64) float64 { return float64(n) / r.Duration.Seconds() }

// share returns a count as a share of the frames sent.
func (r *Result) share(n uint64) float64 { return float64(n) / float64(max(r.Sent, 1)) }

// line summarizes the run in one line.
func (r *Result) line() string {
	text := fmt.Sprintf("run %d  %-22s %-6s  tick p50 %-9v p99 %-9v  %7.1f frames/s seen, %d of %d lost", r.Run, r.Scenario.Name, r.Mode,
		compare.Short(r.Tick.at(0.5)), compare.Short(r.Tick.at(0.99)), r.perSecond(r.Seen), r.Lost(), r.Sent)
	if r.Load.Noisy() {
		text += "  (noisy: " + r.Load.String() + ")"
	}
	if r.Odd != "" {
		text += "  (odd: " + r.Odd + ")"
	}
	return text
}
