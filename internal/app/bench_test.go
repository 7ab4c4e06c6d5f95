package app

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"rvo-tui/bench"
	"rvo-tui/bench/workload"
	"rvo-tui/internal/cli"
)

func optionsOf(t *testing.T, args string) (bench.Options, error) {
	t.Helper()
	flags, err := cli.Parse(strings.Fields(args), io.Discard)
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	if flags.Command != "bench" || flags.Verb != "run" {
		t.Fatalf("%q is taken for %q %q", args, flags.Command, flags.Verb)
	}
	return benchOptions(flags.Bench.BenchRunFlags)
}

func TestBenchFlags(t *testing.T) {
	var all, theirs []string
	for _, s := range workload.Scenarios() {
		all = append(all, s.Name)
		if s.RVO {
			theirs = append(theirs, s.Name)
		}
	}
	for args, want := range map[string]struct {
		scenarios []string
		modes     []workload.Mode
	}{
		"bench":                   {[]string{"baseline"}, []workload.Mode{workload.Worker}},
		"bench run --mode inline": {[]string{"baseline"}, []workload.Mode{workload.Inline}},
		"bench --all --mode both": {all, workload.Modes()},
		"bench --rvo-only":        {theirs, []workload.Mode{workload.Worker}},
		"bench --scenario load_shed --scenario fps_1000": {[]string{"load_shed", "fps_1000"}, []workload.Mode{workload.Worker}},
	} {
		o, err := optionsOf(t, args)
		if err != nil || !slices.Equal(o.Scenarios, want.scenarios) || !slices.Equal(o.Modes, want.modes) {
			t.Errorf("%q: %v in %v, %v", args, o.Scenarios, o.Modes, err)
		}
	}
	o, err := optionsOf(t, "bench --runs 9 --duration-secs 0.5 --warmup-secs 0 --sample-ms 250 --out-dir d --size 640x480 --seed 7 --force")
	if err != nil || o.Runs != 9 || o.Duration != 500*time.Millisecond || o.Warmup != 0 || o.Sample != 250*time.Millisecond ||
		o.Dir != "d" || o.Width != 640 || o.Height != 480 || o.Seed != 7 || !o.Force {
		t.Errorf("got %+v, %v", o, err)
	}
}

// rvo's harness has these defaults.
func TestBenchDefaults(t *testing.T) {
	o, err := optionsOf(t, "bench")
	if err != nil || o.Duration != 30*time.Second || o.Warmup != 5*time.Second || o.Sample != time.Second || o.Runs != 1 || o.Width != 1280 || o.Height != 720 {
		t.Errorf("got %+v, %v", o, err)
	}
}

func TestBenchRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"bench --scenario fast":            `unknown scenario "fast"`,
		"bench --all --scenario baseline":  "cannot be combined",
		"bench --duration-secs 0.01":       "--duration-secs",
		"bench --duration-secs NaN":        "--duration-secs",
		"bench --duration-secs 1e300":      "--duration-secs",
		"bench --runs 0":                   "--runs",
		"bench --size 4x4":                 "--size",
		"bench --warmup-secs=-1 --runs=-1": "--warmup-secs",
		"bench --sample-ms 1":              "--sample-ms",
	} {
		if _, err := optionsOf(t, args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want it to say %q", args, err, want)
		}
	}
	for args, want := range map[string]string{
		"bench --mode fast":          "--mode",
		"bench --out-dir=":           "--out-dir: is empty",
		"bench --size 640":           "must be WIDTHxHEIGHT",
		"bench --size 640x480x3":     "must be WIDTHxHEIGHT",
		"bench compare a":            "<b>",
		"bench sideways":             "unexpected argument",
		"bench compare a b --runs 3": "--runs: is for bench run",
		"bench --no-ui":              "--no-ui: is for run, not for bench run",
		"bench run --config x.toml":  "--config: is for run, check, clips and connect, not for bench run",
	} {
		_, err := cli.Parse(strings.Fields(args), io.Discard)
		var usage *cli.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want it to say %q", args, err, want)
		}
	}
}

func TestBenchList(t *testing.T) {
	var out bytes.Buffer
	if err := listScenarios(&out); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n != len(workload.Scenarios()) || !strings.HasPrefix(out.String(), "baseline") {
		t.Errorf("%d lines:\n%s", n, out.String())
	}
}

// Every scenario has its row in the document.
func TestScenariosAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/harness.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range workload.Scenarios() {
		family, _, _ := strings.Cut(s.Name, "_")
		if !bytes.Contains(text, []byte("`"+s.Name+"`")) && !bytes.Contains(text, []byte("`"+family+"_{")) {
			t.Errorf("docs/harness.md does not say what %s shows", s.Name)
		}
	}
}
