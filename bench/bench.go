// Package bench is the load harness. It runs named workloads on a real Runtime,
// with cameras of its own that keep to a schedule, and writes tables of what it
// measured. A run that does not account for every frame fails (see Account); one on
// a machine that others were using is marked as noisy (see Load).
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

// Options is what to run and how.
type Options struct {
	Scenarios []string // names of Scenarios
	Modes     []workload.Mode
	Runs      int           // of each scenario in each mode
	Duration  time.Duration // of what is measured
	Warmup    time.Duration // before it
	Sample    time.Duration // between two rows of the time series
	Width     int           // of frames
	Height    int
	Seed      uint64 // of everything random
	Dir       string // for the results
	Force     bool   // write into Dir although it is not empty

	Kinds   detectors.Kinds   // that scenarios may use beside the harness's own
	JPEG    capture.Encoder   // nil: the standard library's
	Convert capture.Converter // nil: in Go
	Muxer   clips.Muxer       // of scenarios that record; nil: the standard library's

	Revision string // of the program, for the record
	OpenCV   string // its version, empty without
	Log      *slog.Logger

	Out      io.Writer // a line for each run; nil: none
	Progress io.Writer // a terminal for the progress bar; nil: none
}

// Bounds of Options.
const (
	MinDuration = 100 * time.Millisecond
	MaxDuration = 24 * time.Hour
	MinSample   = 50 * time.Millisecond
	MaxRuns     = 1000
	minSide     = 16
)

// Validate returns what is wrong with the options, in the words of the command
// line.
func (o Options) Validate() error {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if len(o.Scenarios) == 0 {
		bad("--scenario: name one, or give --all; --list shows what there is")
	}
	for i, name := range o.Scenarios {
		if _, err := workload.Find(name); err != nil {
			bad("--scenario: %w", err)
		}
		if slices.Contains(o.Scenarios[:i], name) {
			bad("--scenario: %s is there twice: use --runs to have it more than once", name)
		}
	}
	for _, m := range o.Modes {
		if !slices.Contains(workload.Modes(), m) {
			bad("--mode: %q is none: use inline, worker or both", m)
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

// rest is the pause between two runs, for the machine to settle.
const rest = 200 * time.Millisecond

// job is one run to be made.
type job struct {
	run      int // from 1
	scenario workload.Scenario
	mode     workload.Mode
}

// plan returns all runs in their order: run 1 of everything, then run 2, so that
// what changes on the machine in the meantime meets all scenarios alike. The
// order of the modes is reversed with each run.
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

// Run makes all runs that the options ask for and writes their results, after
// each run what there is so far. A context that ends in the middle ends the run
// under way, whose figures are dropped; what was complete stays, and the error is
// the context's. Runs that fail do not end the others: their errors are joined.
//
// It sets GOMAXPROCS as the program does while it runs.
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
	// A directory that cannot be written to is to show before hours of runs.
	if err := files.put(environmentFile, rep.environment); err != nil {
		return nil, err
	}
	bar := newBar(o.Progress, jobs, o)
	defer bar.clear()
	var failed []error
	for i, t := range jobs {
		if i > 0 {
			// What one run leaves on the heap is not the next one's to clear.
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
