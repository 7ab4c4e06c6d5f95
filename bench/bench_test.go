package bench

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"rvo-tui/bench/compare"
	"rvo-tui/bench/workload"
)

func quick(dir string, scenarios ...string) Options {
	return Options{
		Scenarios: scenarios, Modes: workload.Modes(), Runs: 1, Duration: 300 * ms, Warmup: 100 * ms, Sample: 100 * ms,
		Width: 64, Height: 48, Seed: 1, Dir: dir,
	}
}

func TestOptions(t *testing.T) {
	if err := quick("d", "baseline").Validate(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*Options){
		"--scenario: name one":           func(o *Options) { o.Scenarios = nil },
		`unknown scenario "fast"`:        func(o *Options) { o.Scenarios = []string{"fast"} },
		"baseline is given twice":        func(o *Options) { o.Scenarios = []string{"baseline", "fps_1000", "baseline"} },
		"--mode: ":                       func(o *Options) { o.Modes = nil },
		`--mode: "remote" is not a mode`: func(o *Options) { o.Modes = []workload.Mode{"remote"} },
		"--runs: must be 1":              func(o *Options) { o.Runs = 0 },
		"--duration-secs: must be 0.1":   func(o *Options) { o.Duration = 99 * ms },
		"--warmup-secs":                  func(o *Options) { o.Warmup = -1 },
		"--sample-ms: must be":           func(o *Options) { o.Sample = 0 },
		"--size: a side is 16":           func(o *Options) { o.Width = 8 },
		"--out-dir":                      func(o *Options) { o.Dir = "" },
	} {
		o := quick("d", "baseline")
		change(&o)
		if err := o.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to say %q", err, want)
		}
	}
}

func TestRunsAreInterleaved(t *testing.T) {
	o := quick("d", "baseline", "load_shed")
	o.Runs = 2
	jobs, err := plan(o)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range jobs {
		got = append(got, strconv.Itoa(u.run)+" "+u.scenario.Name+" "+string(u.mode))
	}
	want := []string{
		"1 baseline inline", "1 baseline worker", "1 load_shed inline", "1 load_shed worker",
		"2 baseline worker", "2 baseline inline", "2 load_shed worker", "2 load_shed inline",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// A real run in both modes: every frame is accounted for, otherwise the run fails, and the files
// match the result.
func TestRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	var out bytes.Buffer
	o := quick(dir, "overload_threshold")
	o.Duration = time.Second // a busy machine may stand still for a part of it
	o.Out = &out
	rep, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Results) != 2 || strings.Count(out.String(), "overload_threshold") != 2 {
		t.Fatalf("%d results, output %q", len(rep.Results), out.String())
	}
	for _, r := range rep.Results {
		if r.Sent == 0 || r.Sent != r.Seen+r.Superseded+r.PoolDropped || r.Ticks == 0 || r.Execs == 0 {
			t.Errorf("%s: sent %d, seen %d, superseded %d, dropped %d, ticks %d, runs %d", r.Mode, r.Sent, r.Seen, r.Superseded, r.PoolDropped, r.Ticks, r.Execs)
		}
		if r.Tick.count() != r.Ticks || r.Exec.count() != r.Execs || r.Age.count() != r.Seen || uint64(r.Late.TotalCount()) != r.Sent {
			t.Errorf("%s: histograms have %d ticks, %d runs, %d ages, %d lates", r.Mode, r.Tick.count(), r.Exec.count(), r.Age.count(), r.Late.TotalCount())
		}
		// A histogram keeps three digits.
		if least := time.Duration(r.Exec.total.Min()); float64(least) < 0.999*float64(r.Scenario.Sleep) {
			t.Errorf("%s: a run of %v, and the detector takes %v", r.Mode, least, r.Scenario.Sleep)
		}
		// In inline mode, the run of a detector is part of the step.
		if r.Mode == workload.Inline && float64(r.Tick.max()) < 0.999*float64(r.Scenario.Sleep) {
			t.Errorf("inline: no tick was longer than %v", r.Tick.max())
		}
		summary := readCSV(t, filepath.Join(dir, string(r.Mode), "summary.csv"))
		if got := strings.Join(summary[0], ","); got != SummaryHeader || len(summary) != 2 {
			t.Errorf("summary of %d rows with the columns %s", len(summary), got)
		}
		stem := filepath.Join(dir, string(r.Mode), "run1", "overload_threshold_1")
		if rows := readCSV(t, stem+"_timeseries.csv"); len(rows) != 1+10 || strings.Join(rows[0], ",") != seriesHeader {
			t.Errorf("time series of %d rows with the columns %v", len(rows), rows[0])
		}
		if n := logged(t, stem+".hlog", "tick"); n != int64(r.Ticks) {
			t.Errorf("%s: the log has %d ticks, and there were %d", r.Mode, n, r.Ticks)
		}
		for _, name := range []string{"_tick.hgrm", "_exec.hgrm", "_age.hgrm", "_age_scheduled.hgrm", "_signal_age.hgrm"} {
			if text := readFile(t, stem+name); !strings.Contains(text, "Percentile") {
				t.Errorf("%s: %q", name, text)
			}
		}
	}
	detail := readCSV(t, filepath.Join(dir, "detail.csv"))
	if len(detail) != 3 || detail[0][0] != "mode" || strings.Join(detail[0][1:21], ",") != SummaryHeader {
		t.Errorf("detail has %d rows with the columns %v", len(detail), detail[0])
	}
	for _, name := range []string{"frames.csv", "detectors.csv"} {
		if rows := readCSV(t, filepath.Join(dir, name)); len(rows) != 3 {
			t.Errorf("%s has %d rows", name, len(rows))
		}
	}
	var env struct {
		Cores   int
		Results []struct{ Scenario string }
	}
	if err := json.Unmarshal([]byte(readFile(t, filepath.Join(dir, "environment.json"))), &env); err != nil || env.Cores == 0 || len(env.Results) != 2 {
		t.Errorf("environment %+v, %v", env, err)
	}
	if text := readFile(t, filepath.Join(dir, "summary.md")); !strings.Contains(text, "## inline") || !strings.Contains(text, "| `overload_threshold` | 1 |") {
		t.Errorf("summary:\n%s", text)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*", ".writing*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if text, err := compare.Sets(dir, dir); err != nil || !strings.Contains(string(text), "fewer than 3 runs") {
		t.Errorf("compared with itself: %v\n%s", err, text)
	}
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Errorf("a second run into the same directory: %v", err)
	}
}

func TestInterruptedRunKeepsWhatThereIs(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	o := quick(dir, "baseline", "inproc_low")
	o.Modes = []workload.Mode{workload.Worker}
	o.Out = writerFunc(func(p []byte) (int, error) {
		cancel() // when the first run is done
		return len(p), nil
	})
	rep, err := Run(ctx, o)
	if !errors.Is(err, context.Canceled) || len(rep.Results) != 1 {
		t.Fatalf("got %v with %d results", err, len(rep.Results))
	}
	if rows := readCSV(t, filepath.Join(dir, "worker", "summary.csv")); len(rows) != 2 {
		t.Errorf("summary %v", rows)
	}
	if text := readFile(t, filepath.Join(dir, "summary.md")); !strings.Contains(text, "interrupted after 1 of 2 runs") {
		t.Errorf("summary:\n%s", text)
	}
}

// An unwritable directory is reported before the first run, not after it.
func TestRunNeedsSomewhereToWrite(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, environmentFile, "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	o := quick(dir, "baseline")
	o.Force = true
	o.Out = writerFunc(func(p []byte) (int, error) {
		t.Errorf("it ran: %s", p)
		return len(p), nil
	})
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "write results: ") {
		t.Errorf("got %v", err)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// If what a scenario runs in parallel fails, that run fails, and no other.
func TestFailedRunFailsAlone(t *testing.T) {
	o := quick(t.TempDir(), "baseline")
	s, err := workload.Find("baseline")
	if err != nil {
		t.Fatal(err)
	}
	build := s.Build
	s.Build = func(u workload.Setup) (workload.Load, error) {
		l, err := build(u)
		l.Close = func() error { return errors.New("cannot let go") }
		return l, err
	}
	_, err = perform(t.Context(), o, job{1, s, workload.Worker}, testFramesOf(t, o), func(_, _ time.Duration) {})
	if err == nil || !strings.Contains(err.Error(), "cannot let go") {
		t.Errorf("got %v", err)
	}
	s.Build = func(workload.Setup) (workload.Load, error) { return workload.Load{}, errors.New("no material") }
	_, err = perform(t.Context(), o, job{1, s, workload.Worker}, testFramesOf(t, o), func(_, _ time.Duration) {})
	if err == nil || !strings.Contains(err.Error(), "build workload: no material") {
		t.Errorf("got %v", err)
	}
}

func testFramesOf(t *testing.T, o Options) *prerendered {
	t.Helper()
	a, err := newPrerendered(o.Width, o.Height, o.Seed)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(readFile(t, path))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// logged returns the number of values with a tag in a histogram log.
func logged(t *testing.T, path, tag string) (n int64) {
	t.Helper()
	r := hdrhistogram.NewHistogramLogReader(strings.NewReader(readFile(t, path)))
	for {
		h, err := r.NextIntervalHistogram()
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			return n
		}
		if h.Tag() == tag {
			n += h.TotalCount()
		}
	}
}

// Each scenario has its intended effect, and every frame is accounted for.
func TestScenariosRun(t *testing.T) {
	rep, err := Run(t.Context(), Options{
		Scenarios: []string{"age_by_stage", "event_storm", "clips_on", "detectors_4", "cameras_4", "remote_5ms", "stuck_detector", "dashboard_on", "variance_bursty", "idle", "motion_1", "watchers_8", "scraped", "remote_8", "remote_raw"},
		Modes:     []workload.Mode{workload.Worker}, Runs: 1, Duration: 600 * time.Millisecond, Sample: 200 * time.Millisecond,
		Width: 64, Height: 36, Seed: 1, Dir: t.TempDir(), Out: io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rep.Results {
		if slices.Contains([]string{"age_by_stage", "stuck_detector", "remote_5ms"}, r.Scenario.Name) && r.Odd != "" {
			t.Errorf("%s: %s", r.Scenario.Name, r.Odd)
		}
		// All rules of a storm confirm in the same step.
		if r.Scenario.Name == "event_storm" && (r.Events == 0 || r.Events%64 != 0) {
			t.Errorf("%d events, want a multiple of %d", r.Events, 64)
		}
		// Results of a stuck detector are late and set no signal.
		if r.Scenario.Name == "stuck_detector" && r.SignalAge.max() >= time.Second {
			t.Errorf("a signal of %v age", r.SignalAge.max())
		}
		if (r.Seen == 0 || r.Execs == 0) && r.Scenario.Name != "idle" {
			t.Errorf("%s: %d frames seen and %d runs measured", r.Scenario.Name, r.Seen, r.Execs)
		}
	}
	if len(rep.Results) != 15 {
		t.Errorf("%d results, want 15", len(rep.Results))
	}
}

// It panics in its eleventh run. Two seconds suffice even if the machine drops most frames.
func TestCrashingDetectorCrashes(t *testing.T) {
	rep, err := Run(t.Context(), Options{
		Scenarios: []string{"crashing_detector"}, Modes: []workload.Mode{workload.Worker}, Runs: 1,
		Duration: 2 * time.Second, Sample: 500 * time.Millisecond, Width: 64, Height: 36, Seed: 1, Dir: t.TempDir(), Out: io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rep.Results {
		if r.Odd != "" {
			t.Error(r.Odd)
		}
	}
}
