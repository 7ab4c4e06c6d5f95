package app

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
	"rvo-tui/bench/compare"
	"rvo-tui/bench/workload"
	"rvo-tui/capture/libav"
	detectcv "rvo-tui/detectors/opencv"
	"rvo-tui/internal/cli"
	"rvo-tui/runtime"
)

// benchOptions returns the options that the flags describe.
func benchOptions(f cli.BenchRunFlags) (bench.Options, error) {
	video := libav.New(libav.Options{Log: slog.New(slog.DiscardHandler)})
	o := bench.Options{
		Scenarios: f.Scenario, Runs: f.Runs, Duration: seconds(f.DurationSecs), Warmup: seconds(f.WarmupSecs),
		Sample: time.Duration(f.SampleMS) * time.Millisecond, Width: f.Size.Width, Height: f.Size.Height,
		Seed: f.Seed, Dir: f.OutDir, Force: f.Force,
		JPEG: video.EncodeJPEG, Convert: video.Convert, Muxer: libav.Muxer{}, OpenCV: detectcv.Version(), Revision: "devel",
	}
	if len(f.Scenario) > 0 && (f.All || f.RVOOnly) {
		return o, errors.New("--scenario: cannot be combined with --all or --rvo-only")
	}
	for _, s := range workload.Scenarios() {
		if f.All || f.RVOOnly && s.RVO {
			o.Scenarios = append(o.Scenarios, s.Name)
		}
	}
	if len(o.Scenarios) == 0 {
		o.Scenarios = []string{"baseline"}
	}
	o.Modes = []workload.Mode{workload.Mode(f.Mode)}
	if f.Mode == "both" {
		o.Modes = workload.Modes()
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		o.Revision = revision(info)
	}
	return o, o.Validate()
}

// seconds converts a number of seconds, clamped to the range of a duration.
func seconds(s float64) time.Duration {
	const most = 1e6 // beyond every bound of the harness
	if !(s > -most && s < most) {
		s = most
	}
	return time.Duration(s * float64(time.Second))
}

// runBench runs or compares benchmarks.
func runBench(ctx context.Context, kinds *kinds, flags cli.BenchFlags, verb string, stdout *os.File) error {
	if verb == "compare" {
		text, err := compare.Sets(flags.Compare.A, flags.Compare.B)
		if err != nil {
			return err
		}
		_, err = stdout.Write(text)
		return err
	}
	if flags.List {
		return listScenarios(stdout)
	}
	o, err := benchOptions(flags.BenchRunFlags)
	if err != nil {
		return (&cli.UsageError{Err: err}).Of("bench")
	}
	// Detector processes log a lot, above all those that crash on purpose.
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})))
	slog.SetLogLoggerLevel(slog.LevelError)
	cfg := runtime.DefaultConfig()
	kinds.tune(cfg)
	o.Kinds, o.Out = kinds.all, stdout
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		o.Progress = os.Stderr
	}
	rep, err := bench.Run(ctx, o)
	switch {
	case rep != nil && errors.Is(err, context.Canceled) && len(rep.Results) == 0:
		return errors.New("interrupted before the first run was complete")
	case rep != nil && errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted: the completed runs are in %s", o.Dir)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "results are in %s; start with summary.md\n", o.Dir)
	return nil
}

// listScenarios prints the scenarios.
func listScenarios(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, s := range workload.Scenarios() {
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
