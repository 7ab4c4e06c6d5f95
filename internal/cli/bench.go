package cli

import "fmt"

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
