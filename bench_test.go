package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rvo-tui/bench"
)

func benchOptions(t *testing.T, args string) (bench.Options, error) {
	t.Helper()
	flags, err := ParseFlags(strings.Fields(args), io.Discard)
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	if flags.Command != "bench" || flags.Verb != "run" {
		t.Fatalf("%q is taken for %q %q", args, flags.Command, flags.Verb)
	}
	return flags.Bench.options()
}

func TestBenchFlags(t *testing.T) {
	var all, seeds []string
	for _, s := range bench.Scenarios() {
		all = append(all, s.Name)
		if s.Seed {
			seeds = append(seeds, s.Name)
		}
	}
	for args, want := range map[string]struct {
		scenarios []string
		modes     []bench.Mode
	}{
		"bench":                   {[]string{"baseline"}, []bench.Mode{bench.Worker}},
		"bench run --mode inline": {[]string{"baseline"}, []bench.Mode{bench.Inline}},
		"bench --all --mode both": {all, bench.Modes()},
		"bench --seed-only":       {seeds, []bench.Mode{bench.Worker}},
		"bench --scenario load_shed --scenario fps_1000": {[]string{"load_shed", "fps_1000"}, []bench.Mode{bench.Worker}},
	} {
		o, err := benchOptions(t, args)
		if err != nil || !slices.Equal(o.Scenarios, want.scenarios) || !slices.Equal(o.Modes, want.modes) {
			t.Errorf("%q: %v in %v, %v", args, o.Scenarios, o.Modes, err)
		}
	}
	o, err := benchOptions(t, "bench --runs 9 --duration-secs 0.5 --warmup-secs 0 --sample-ms 250 --out-dir d --size 640x480 --seed 7 --force")
	if err != nil || o.Runs != 9 || o.Duration != 500*time.Millisecond || o.Warmup != 0 || o.Sample != 250*time.Millisecond ||
		o.Dir != "d" || o.Width != 640 || o.Height != 480 || o.Seed != 7 || !o.Force {
		t.Errorf("got %+v, %v", o, err)
	}
}

// The seed's harness has these defaults.
func TestBenchDefaults(t *testing.T) {
	o, err := benchOptions(t, "bench")
	if err != nil || o.Duration != 30*time.Second || o.Warmup != 5*time.Second || o.Sample != time.Second || o.Runs != 1 || o.Width != 1280 || o.Height != 720 {
		t.Errorf("got %+v, %v", o, err)
	}
}

func TestBenchRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"bench --scenario fast":            `there is no scenario "fast"`,
		"bench --all --scenario baseline":  "nothing to choose",
		"bench --duration-secs 0.01":       "--duration-secs",
		"bench --duration-secs NaN":        "--duration-secs",
		"bench --duration-secs 1e300":      "--duration-secs",
		"bench --runs 0":                   "--runs",
		"bench --size 4x4":                 "--size",
		"bench --warmup-secs=-1 --runs=-1": "--warmup-secs",
		"bench --sample-ms 1 --out-dir= ":  "--sample-ms",
	} {
		if _, err := benchOptions(t, args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want it to say %q", args, err, want)
		}
	}
	for args, want := range map[string]string{
		"bench --mode fast":          "--mode",
		"bench --size 640":           "must be WIDTHxHEIGHT",
		"bench --size 640x480x3":     "must be WIDTHxHEIGHT",
		"bench compare a":            "<b>",
		"bench sideways":             "unexpected argument",
		"bench compare a b --runs 3": "--runs: is for bench run",
		"bench --no-ui":              "--no-ui: is for run, not for bench run",
		"bench run --config x.toml":  "--config: is for run, check, clips and connect, not for bench run",
	} {
		_, err := ParseFlags(strings.Fields(args), io.Discard)
		var usage *UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want it to say %q", args, err, want)
		}
	}
}

func TestBenchCompareFlags(t *testing.T) {
	flags, err := ParseFlags([]string{"bench", "compare", "x", "y"}, io.Discard)
	if err != nil || flags.Verb != "compare" || flags.Bench.Compare.A != "x" || flags.Bench.Compare.B != "y" {
		t.Errorf("got %+v, %v", flags.Bench, err)
	}
}

// What a run can be told is in the help of bench itself, with its defaults.
func TestBenchHelp(t *testing.T) {
	for _, args := range [][]string{{"bench", "--help"}, {"bench", "run", "--help"}} {
		var out bytes.Buffer
		if _, err := ParseFlags(args, &out); !errors.Is(err, ErrHelp) {
			t.Fatal(err)
		}
		for _, want := range []string{"--all", "--runs=1", "--duration-secs=30", "--out-dir=\"bin/bench_results\""} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q: %s is not in\n%s", args, want, &out)
			}
		}
	}
}

func TestBenchList(t *testing.T) {
	var out bytes.Buffer
	if err := listScenarios(&out); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n != len(bench.Scenarios()) || !strings.HasPrefix(out.String(), "baseline") {
		t.Errorf("%d lines:\n%s", n, out.String())
	}
}

// Every scenario has its line in the document.
func TestScenariosAreDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("docs", "harness.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range bench.Scenarios() {
		family, _, _ := strings.Cut(s.Name, "_")
		if !bytes.Contains(text, []byte("`"+s.Name+"`")) && !bytes.Contains(text, []byte("`"+family+"_{")) {
			t.Errorf("docs/harness.md does not say what %s shows", s.Name)
		}
	}
}

func FuzzBenchSize(f *testing.F) {
	for _, s := range []string{"1280x720", "0x0", "-1x3", "1x", "9999999999999999999x1", "1x1 x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s BenchSize
		if s.UnmarshalText([]byte(text)) == nil && !strings.Contains(text, "x") {
			t.Errorf("%q is a size of %+v", text, s)
		}
	})
}
