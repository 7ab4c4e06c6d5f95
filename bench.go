package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"text/tabwriter"
	"time"

	"rvo-tui/bench"
	"rvo-tui/capture/opencv"
	detectcv "rvo-tui/detectors/opencv"
	"rvo-tui/runtime"
)

// BenchFlags is the command line of bench. The flags of its run stand with bench
// itself, so that they need no second word, and bench --help shows them.
type BenchFlags struct {
	BenchRunFlags `embed:""`

	Run     struct{}          `cmd:"" default:"1" help:"Run scenarios and write tables of what was measured (default)."`
	Compare BenchCompareFlags `cmd:"" help:"Compare two sets of results."`
}

// BenchRunFlags is the command line of bench run.
type BenchRunFlags struct {
	Scenario     []string  `for:"bench run" placeholder:"NAME" help:"Scenario to run (default: baseline). May be repeated."`
	All          bool      `for:"bench run" help:"Run every scenario."`
	SeedOnly     bool      `for:"bench run" name:"seed-only" help:"Run the thirteen scenarios of the seed."`
	Mode         string    `for:"bench run" default:"worker" enum:"inline,worker,both" help:"Where detectors compute: inline (in the engine's turn), worker or both."`
	Runs         int       `for:"bench run" default:"1" help:"Runs of each scenario, in turn."`
	DurationSecs float64   `for:"bench run" default:"30" help:"Seconds that are measured, of each run; 0.1 is the least."`
	WarmupSecs   float64   `for:"bench run" default:"5" help:"Seconds before that, of each run."`
	SampleMS     int       `for:"bench run" name:"sample-ms" default:"1000" help:"Milliseconds between two rows of the time series."`
	OutDir       string    `for:"bench run" default:"bin/bench_results" help:"Directory for the results."`
	Size         BenchSize `for:"bench run" default:"1280x720" help:"Size of the pictures."`
	Seed         uint64    `for:"bench run" default:"42" help:"Seed of what is random."`
	Force        bool      `for:"bench run" help:"Write into a directory that is not empty."`
	List         bool      `for:"bench run" help:"List the scenarios, and exit."`
}

// BenchCompareFlags is the command line of bench compare.
type BenchCompareFlags struct {
	A string `arg:"" help:"Directory of results, or a CSV file in it: what to compare with."`
	B string `arg:"" help:"The same: what is compared."`
}

// BenchSize is a size of pictures.
type BenchSize struct{ Width, Height int }

// UnmarshalText reads WIDTHxHEIGHT.
func (s *BenchSize) UnmarshalText(text []byte) error {
	var rest string
	if n, _ := fmt.Sscanf(string(text), "%dx%d%s", &s.Width, &s.Height, &rest); n != 2 {
		return fmt.Errorf("%q must be WIDTHxHEIGHT, as in 1280x720", text)
	}
	return nil
}

// options returns what the flags ask the harness for.
func (f BenchRunFlags) options() (bench.Options, error) {
	o := bench.Options{
		Scenarios: f.Scenario, Runs: f.Runs, Duration: seconds(f.DurationSecs), Warmup: seconds(f.WarmupSecs),
		Sample: time.Duration(f.SampleMS) * time.Millisecond, Width: f.Size.Width, Height: f.Size.Height,
		Seed: f.Seed, Dir: f.OutDir, Force: f.Force,
		JPEG: opencv.EncodeJPEG, Encoder: opencv.Movie{}, OpenCV: opencv.Version(), Revision: "devel",
	}
	if len(f.Scenario) > 0 && (f.All || f.SeedOnly) {
		return o, errors.New("--scenario: with --all or --seed-only there is nothing to choose")
	}
	for _, s := range bench.Scenarios() {
		if f.All || f.SeedOnly && s.Seed {
			o.Scenarios = append(o.Scenarios, s.Name)
		}
	}
	if len(o.Scenarios) == 0 {
		o.Scenarios = []string{"baseline"}
	}
	o.Modes = []bench.Mode{bench.Mode(f.Mode)}
	if f.Mode == "both" {
		o.Modes = bench.Modes()
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		o.Revision = revision(info)
	}
	return o, o.Validate()
}

// seconds returns a number of seconds as a time, kept within what that can hold.
func seconds(s float64) time.Duration {
	const most = 1e6 // beyond every bound of the harness
	if !(s > -most && s < most) {
		s = most
	}
	return time.Duration(s * float64(time.Second))
}

// runBench does what bench is asked for.
func runBench(ctx context.Context, flags BenchFlags, verb string, stdout *os.File) error {
	if verb == "compare" {
		text, err := bench.Compare(flags.Compare.A, flags.Compare.B)
		if err != nil {
			return err
		}
		_, err = stdout.Write(text)
		return err
	}
	if flags.List {
		return listScenarios(stdout)
	}
	o, err := flags.options()
	if err != nil {
		return &UsageError{&misuse{err, "bench"}}
	}
	// What processes of detectors tell, and those that are to crash do a lot of
	// it, is no part of the results.
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})))
	// Some scenarios crash processes on purpose; what these print then is no news.
	slog.SetLogLoggerLevel(slog.LevelError)
	kinds, children, closeKinds := newKinds()
	defer closeKinds()
	cfg := runtime.DefaultConfig()
	children.Tune(cfg.Nice, cfg.OpenCVThreads)
	detectcv.Threads(cfg.OpenCVThreads)
	o.Kinds, o.Out = kinds, stdout
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		o.Progress = os.Stderr
	}
	rep, err := bench.Run(ctx, o)
	switch {
	case rep != nil && errors.Is(err, context.Canceled) && len(rep.Results) == 0:
		return errors.New("interrupted before the first run was complete")
	case rep != nil && errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted: the runs that were complete are in %s", o.Dir)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "results are in %s, to begin with summary.md\n", o.Dir)
	return nil
}

// listScenarios prints what can be run.
func listScenarios(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, s := range bench.Scenarios() {
		modes := "inline, worker"
		if len(s.Modes) > 0 {
			names := make([]string, len(s.Modes))
			for i, m := range s.Modes {
				names[i] = string(m)
			}
			modes = strings.Join(names, ", ")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, modes, s.Doc)
	}
	return w.Flush()
}
