package cli

import "fmt"

// BenchFlags is the command line of bench. The flags of "bench run" belong to bench
// itself, so that "run" can be left out and bench --help shows them.
type BenchFlags struct {
	BenchRunFlags `embed:""`

	Run     struct{}          `cmd:"" default:"1" help:"Run scenarios and write tables of results (default)."`
	Compare BenchCompareFlags `cmd:"" help:"Compare two sets of results."`
}

// BenchRunFlags is the command line of bench run.
type BenchRunFlags struct {
	Scenario     []string  `for:"bench run" placeholder:"NAME" help:"Scenario to run (default: baseline). May be repeated."`
	All          bool      `for:"bench run" help:"Run every scenario."`
	RVOOnly      bool      `for:"bench run" name:"rvo-only" help:"Run the thirteen scenarios of RealTime-Video-Orchestrator (rvo)."`
	Mode         string    `for:"bench run" default:"worker" enum:"inline,worker,both" help:"Where detectors run: inline (in the engine's step), worker or both."`
	Runs         int       `for:"bench run" default:"1" help:"Runs of each scenario."`
	DurationSecs float64   `for:"bench run" default:"30" help:"Measured seconds of each run, at least 0.1."`
	WarmupSecs   float64   `for:"bench run" default:"5" help:"Seconds of warm-up before each run."`
	SampleMS     int       `for:"bench run" name:"sample-ms" default:"1000" help:"Milliseconds between rows of the time series."`
	OutDir       string    `for:"bench run" default:"bin/bench_results" help:"Directory for the results."`
	Size         BenchSize `for:"bench run" default:"1280x720" help:"Frame size."`
	Seed         uint64    `for:"bench run" default:"42" help:"Seed of the random numbers."`
	Force        bool      `for:"bench run" help:"Write into a directory that is not empty."`
	List         bool      `for:"bench run" help:"List the scenarios, then exit."`
}

// BenchCompareFlags is the command line of bench compare.
type BenchCompareFlags struct {
	A string `arg:"" help:"Baseline: a directory of results, or a CSV file in it."`
	B string `arg:"" help:"Results to compare with it: a directory, or a CSV file in it."`
}

// BenchSize is a frame size in pixels.
type BenchSize struct{ Width, Height int }

// UnmarshalText parses WIDTHxHEIGHT.
func (s *BenchSize) UnmarshalText(text []byte) error {
	var rest string
	if n, _ := fmt.Sscanf(string(text), "%dx%d%s", &s.Width, &s.Height, &rest); n != 2 {
		return fmt.Errorf("%q must be WIDTHxHEIGHT, as in 1280x720", text)
	}
	return nil
}
