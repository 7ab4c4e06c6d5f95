package cli

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestBenchCompareFlags(t *testing.T) {
	flags, err := Parse([]string{"bench", "compare", "x", "y"}, io.Discard)
	if err != nil || flags.Verb != "compare" || flags.Bench.Compare.A != "x" || flags.Bench.Compare.B != "y" {
		t.Errorf("got %+v, %v", flags.Bench, err)
	}
}

// The help of bench itself has the flags of a run, with their defaults.
func TestBenchHelp(t *testing.T) {
	for _, args := range [][]string{{"bench", "--help"}, {"bench", "run", "--help"}} {
		var out bytes.Buffer
		if _, err := Parse(args, &out); !errors.Is(err, ErrHelp) {
			t.Fatal(err)
		}
		for _, want := range []string{"--all", "--runs=1", "--duration-secs=30", "--out-dir=\"bin/bench_results\""} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q: %s is not in\n%s", args, want, &out)
			}
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
