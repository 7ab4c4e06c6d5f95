// Package bench is the load harness. It runs named workloads on a real Runtime with simulated cameras
// that send frames on a fixed schedule, and writes tables of results. A run fails unless every frame
// is accounted for (see CameraAccount). A run on a busy machine is marked as noisy (see Load).
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	goruntime "runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"rvo-tui/bench/wait"
	"rvo-tui/bench/workload"
	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
)

// Options selects the runs.
type Options struct {
	Scenarios []string // names of Scenarios
	Modes     []workload.Mode
	Runs      int           // number of runs of each scenario in each mode
	Duration  time.Duration // measured time of each run
	Warmup    time.Duration // time before the measurement
	Sample    time.Duration // interval of the time series
	Width     int           // of frames
	Height    int
	Seed      uint64 // seed of all random numbers
	Dir       string // directory of the results
	Force     bool   // allow a Dir that is not empty

	Kinds   detectors.Kinds   // available to scenarios, besides the harness's own
	JPEG    capture.Encoder   // nil: the standard library's
	Convert capture.Converter // nil: a converter in Go
	Muxer   clips.Muxer       // for scenarios that record clips; nil: the standard library's

	Revision string // of the program, for the report
	OpenCV   string // version; empty: built without
	Log      *slog.Logger

	Out      io.Writer // receives a line for each run; nil: none
	Progress io.Writer // terminal for a progress bar; nil: none
}

// Limits of Options.
const (
	MinDuration = 100 * time.Millisecond
	MaxDuration = 24 * time.Hour
	MinSample   = 50 * time.Millisecond
	MaxRuns     = 1000
	minSide     = 16
)

// Validate returns all problems of the options, named by their command-line flags.
func (o Options) Validate() error {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if len(o.Scenarios) == 0 {
		bad("--scenario: name one, or give --all; --list shows all scenarios")
	}
	for i, name := range o.Scenarios {
		if _, err := workload.Find(name); err != nil {
			bad("--scenario: %w", err)
		}
		if slices.Contains(o.Scenarios[:i], name) {
			bad("--scenario: %s is given twice: use --runs to run it more than once", name)
		}
	}
	for _, m := range o.Modes {
		if !slices.Contains(workload.Modes(), m) {
			bad("--mode: %q is not a mode: use inline, worker or both", m)
		}
	}
	if len(o.Modes) == 0 {
		bad("--mode: use inline, worker or both")
	}
	if o.Runs < 1 || o.Runs > MaxRuns {
		bad("--runs: must be 1 to %d, not %d", MaxRuns, o.Runs)
	}
	if o.Duration < MinDuration || o.Duration > MaxDuration {
		bad("--duration-secs: must be %g to %g, not %g", MinDuration.Seconds(), MaxDuration.Seconds(), o.Duration.Seconds())
	}
	if o.Warmup < 0 || o.Warmup > MaxDuration {
		bad("--warmup-secs: must be 0 to %g, not %g", MaxDuration.Seconds(), o.Warmup.Seconds())
	}
	if o.Sample < MinSample || o.Sample > MaxDuration {
		bad("--sample-ms: must be at least %d, not %d", MinSample.Milliseconds(), o.Sample.Milliseconds())
	}
	if min(o.Width, o.Height) < minSide || max(o.Width, o.Height) > capture.MaxSide {
		bad("--size: a side is %d to %d pixels, not %dx%d", minSide, capture.MaxSide, o.Width, o.Height)
	}
	if o.Dir == "" {
		bad("--out-dir: name a directory for the results")
	}
	return errors.Join(problems...)
}

// rest is the pause between two runs, to let the machine settle.
const rest = 200 * time.Millisecond

// job is a planned run.
type job struct {
	run      int // from 1
	scenario workload.Scenario
	mode     workload.Mode
}

// plan returns all runs in order: run 1 of every scenario, then run 2 and so on, so that changes of
// the machine's state affect all scenarios alike. The order of modes alternates.
func plan(o Options) ([]job, error) {
	var jobs []job
	for run := 1; run <= o.Runs; run++ {
		for _, name := range o.Scenarios {
			s, err := workload.Find(name)
			if err != nil {
				return nil, err
			}
			modes := slices.Clone(o.Modes)
			if run%2 == 0 {
				slices.Reverse(modes)
			}
			for _, m := range modes {
				if s.In(m) {
					jobs = append(jobs, job{run, s, m})
				}
			}
		}
	}
	if len(jobs) == 0 {
		return nil, fmt.Errorf("none of the scenarios runs in mode %s", o.Modes[0])
	}
	return jobs, nil
}

// Run performs all runs and updates the result files after each. If the context ends, it discards
// the current run, keeps the completed ones, and returns the context's error. A failed run does not
// stop the others; the errors are joined.
//
// While it runs it sets GOMAXPROCS as the program does.
func Run(ctx context.Context, o Options) (*Report, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	jobs, err := plan(o)
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	files, err := openDir(o.Dir, o.Force)
	if err != nil {
		return nil, err
	}
	prerendered, err := newPrerendered(o.Width, o.Height, o.Seed)
	if err != nil {
		return nil, err
	}
	defer goruntime.GOMAXPROCS(goruntime.GOMAXPROCS(threads()))
	rep := &Report{Options: o, Environment: newEnvironment(o)}
	// Fail now, not after hours of runs, if the directory is not writable.
	if err := files.put(environmentFile, rep.environment); err != nil {
		return nil, err
	}
	bar := newBar(o.Progress, jobs, o)
	defer bar.clear()
	var failed []error
	for i, t := range jobs {
		if i > 0 {
			// Do not charge the next run for collecting the garbage of this one.
			goruntime.GC()
			debug.FreeOSMemory()
			if err := wait.For(ctx, rest); err != nil {
				break
			}
		}
		res, err := perform(ctx, o, t, prerendered, bar.at(i))
		if ctx.Err() != nil {
			break
		}
		bar.clear()
		if err != nil {
			err = fmt.Errorf("run %d of %s, %s: %w", t.run, t.scenario.Name, t.mode, err)
			failed = append(failed, err)
			rep.Failures = append(rep.Failures, err.Error())
			fmt.Fprintln(o.Out, strings.TrimSpace(err.Error()))
		} else {
			rep.Results = append(rep.Results, res)
			fmt.Fprintln(o.Out, res.line())
		}
		if err := files.write(rep, res); err != nil {
			return rep, errors.Join(append(failed, err)...)
		}
	}
	if ctx.Err() != nil {
		rep.Failures = append(rep.Failures, fmt.Sprintf("interrupted after %d of %d runs", len(rep.Results), len(jobs)))
		failed = append(failed, ctx.Err())
	}
	if err := files.finish(rep); err != nil {
		failed = append(failed, err)
	}
	return rep, errors.Join(failed...)
}
