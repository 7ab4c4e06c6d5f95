package compare

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStatistics(t *testing.T) {
	s := SpreadOf([]float64{9, 1, 2, 4, 3})
	if s.Median != 3 || s.MAD != 1 || s.Smallest != 1 || s.Largest != 9 || s.Reach() != 6 {
		t.Errorf("%+v", s)
	}
	if got := median([]float64{1, 2}); got != 1.5 {
		t.Errorf("median of 1 and 2 is %v", got)
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("median of nothing is %v", got)
	}
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		a, b []float64
		want string
	}{
		{[]float64{1, 2}, []float64{8, 9, 10}, "fewer than 3 runs"},
		{[]float64{1, 2, 3}, []float64{1.5, 2.5, 9}, "inside the spread"},
		{[]float64{1, 2, 3}, []float64{7, 8, 9}, "higher"},
		{[]float64{7, 8, 9}, []float64{1, 2, 3}, "lower"},
		{[]float64{5, 5, 5}, []float64{5, 5, 5}, "inside the spread"},
		{[]float64{5, 5, 5}, []float64{6, 6, 6}, "higher"},
	} {
		if got := verdict(SpreadOf(c.a), SpreadOf(c.b)); got != c.want {
			t.Errorf("%v against %v: %s, want %s", c.b, c.a, got, c.want)
		}
	}
}

const (
	fixtureA = `mode,run_id,scenario,tick_p50_ns,frame_loss_rate,cpu_cores
worker,1,baseline,2000,0,0.1
worker,2,baseline,2100,0,0.1
worker,3,baseline,1900,0,0.1
inline,1,blocking_10ms,10000000,0.5,0.1
`
	fixtureB = `run_id,mode,scenario,cpu_cores,tick_p50_ns,frame_loss_rate,noisy
1,worker,baseline,0.1,4000,0,true
2,worker,baseline,0.1,4200,0,false
3,worker,baseline,0.1,3800,0,false
1,worker,blocking_10ms,0.1,2000,0,false
`
)

func TestSets(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b.csv")
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(a, "detail.csv"), fixtureA)
	write(b, fixtureB)
	text, err := Sets(a, b)
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(string(text)) {
		rows = append(rows, strings.Join(strings.Fields(line), " "))
	}
	want := []string{
		"scenario mode measure runs A ± B ± B/A verdict",
		"baseline worker tick_p50_ns 3/3 2µs 100ns 4µs 200ns 2.00 higher",
		"baseline worker cpu_cores 3/3 0.10 0.00 0.10 0.00 1.00 inside the spread",
		"1 of 4 runs of B are noisy: other processes used the machine",
	}
	if strings.Join(rows, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", text)
	}

	// A set without a mode is compared with each mode of the other set. Ticks are related to
	// those of the scenarios without work.
	write(filepath.Join(dir, "seed.csv"), "scenario,tick_p50_ns\nbaseline,100\ninproc_low,200\nload_shed,300\n")
	write(filepath.Join(dir, "ours.csv"), "mode,scenario,tick_p50_ns\ninline,load_shed,3\nworker,load_shed,6\nworker,baseline,4\n")
	text, err = Sets(filepath.Join(dir, "ours.csv"), filepath.Join(dir, "seed.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"load_shed inline tick_p50_ns 1/1 3ns 0s 300ns 0s 100.00", "load_shed worker tick_p50_ns 1/1 6ns 0s 300ns 0s 50.00",
		"load_shed worker tick_p50/baseline 1/1 1.50 0.00 3.00 0.00 2.00", "baseline worker tick_p50_ns 1/1 4ns 0s 100ns 0s 25.00",
	} {
		if !strings.Contains(strings.Join(strings.Fields(string(text)), " "), want) {
			t.Errorf("%s: not in\n%s", want, text)
		}
	}

	write(filepath.Join(dir, "worker", "summary.csv"), "scenario,tick_p50_ns\nbaseline,1\n")
	if _, err := Sets(filepath.Join(dir, "worker"), filepath.Join(dir, "worker", "summary.csv")); err != nil {
		t.Errorf("a directory of one mode: %v", err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"empty":            {"", "it is empty"},
		"another table":    {"a,b\n1,2\n", `no column "scenario"`},
		"not a number":     {"scenario,tick_p50_ns\nbaseline,fast\n", `row 2: tick_p50_ns: "fast" is not a number`},
		"an infinity":      {"scenario,tick_p50_ns\nbaseline,+Inf\n", "is not a number"},
		"rows of a length": {"scenario,tick_p50_ns\nbaseline\n", "wrong number of fields"},
		"nothing common":   {"scenario,tick_p50_ns\nother,1\n", "no scenario in common"},
	} {
		write(b, c.text)
		if _, err := Sets(a, b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want it to say %q", name, err, c.want)
		}
	}
	if _, err := Sets(a, t.TempDir()); err == nil || !strings.Contains(err.Error(), "name a directory written by bench") {
		t.Errorf("an empty directory: %v", err)
	}
	if _, err := Sets(a, filepath.Join(dir, "gone")); err == nil {
		t.Error("results that are not there were read")
	}
}

func FuzzParseResults(f *testing.F) {
	f.Add([]byte(fixtureA))
	f.Add([]byte(fixtureB))
	f.Add([]byte("scenario\n\"\n"))
	f.Add([]byte("mode,mode,scenario,scenario\n1,2,3,4\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		res, err := parseResults(bytes.NewReader(text))
		if err != nil {
			return
		}
		for _, key := range res.keys {
			for name, values := range res.values[key] {
				if s := SpreadOf(values); math.IsNaN(s.Median) {
					t.Errorf("%v: %s has no median of %v", key, name, values)
				}
			}
		}
	})
}
