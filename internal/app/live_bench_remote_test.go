package app

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
	"rvo-tui/detectors/remote/child"
	"rvo-tui/runtime"
)

// These benchmarks show what detectors elsewhere cost the live path, and what they
// cost themselves: services in a process of their own, and child processes. They
// run in pairs as the others do: see live_bench_test.go.

// TestMain is a child process where it is started as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == child.Argument {
		os.Exit(childMain(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// clock starts a service whose answers take a time, and returns where it listens.
func clock(b *testing.B, takes time.Duration) string {
	b.Helper()
	program := filepath.Join(b.TempDir(), "service")
	if out, err := exec.Command("go", "build", "-o", program, "../../detectors/remote/testdata/service").CombinedOutput(); err != nil {
		b.Fatalf("build the service: %v\n%s", err, out)
	}
	cmd := exec.Command(program, "-takes", takes.String())
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill() // it does not end by itself
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	at, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if !ok {
		b.Fatalf("the service says %q, %v", line, err)
	}
	return at
}

// quiet keeps the log out of the figures.
func quiet(b *testing.B) {
	b.Helper()
	log := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	b.Cleanup(func() { slog.SetDefault(log) })
}

// asking returns so many detectors that ask a service.
func asking(endpoint string, n int, edit func(*detectors.Config)) []detectors.Config {
	var all []detectors.Config
	for i := range n {
		all = append(all, detector(fmt.Sprintf("remote%d", i), "remote", func(c *detectors.Config) {
			// One signal has one provider: only the first takes what the service sends.
			c.Options, c.MaxFPS, c.Timeout = remote.Options{Endpoint: endpoint}, 30, capture.Duration(2*time.Second)
			if i == 0 {
				c.Signal = "bytes"
			}
			if edit != nil {
				edit(c)
			}
		}))
	}
	return all
}

// BenchmarkLiveRemote shows what 1 and 8 detectors that ask a service at 30 frames
// a second cost a step of the engine and the age of frames.
func BenchmarkLiveRemote(b *testing.B) {
	quiet(b)
	what := make(map[string]func(figures) float64)
	for _, some := range []map[string]func(figures) float64{liveTicks, liveAges} {
		for name, of := range some {
			what[name] = of
		}
	}
	for _, takes := range []time.Duration{5 * time.Millisecond, 50 * time.Millisecond, 500 * time.Millisecond} {
		for _, n := range []int{1, 8} {
			b.Run(fmt.Sprintf("%v/%d", takes, n), func(b *testing.B) {
				camera := []capture.Config{scene("a", 640, 360)}
				dummy := []detectors.Config{detector("dummy", "dummy", nil)}
				with := append(slices.Clone(dummy), asking(clock(b, takes), n, nil)...)
				pairs(b, live{cameras: camera, detectors: dummy}, live{cameras: camera, detectors: with}, what)
			})
		}
	}
}

// answers are what a detector's runs come to.
type answers struct {
	rate       float64 // a second
	exec50     float64 // duration of a run, in seconds
	age50      float64 // from the capture to the signal, in seconds
	value      float64 // of its signal
	cores      float64 // of this process
	childCores float64 // of its children, with their starts
}

// answersOf runs l and looks at the first detector of a kind.
func answersOf(b *testing.B, l live, kind string) (a answers) {
	b.Helper()
	l.last = func(s *runtime.Snapshot) {
		for _, d := range s.Cameras[0].Detectors {
			if d.Kind != kind {
				continue
			}
			// A short run on a busy machine may meet a timeout.
			if len(d.Errors) > 0 && !testing.Short() || d.Exec.Count() == 0 {
				b.Fatalf("%d answers, failures %v: %s", d.Exec.Count(), d.Errors, d.Error)
			}
			a.rate = float64(d.Runs) / s.Cameras[0].Interval.Sum().Seconds()
			a.exec50, a.age50 = d.Exec.Quantiles(0.5)[0].Seconds(), d.AgeHist.Quantiles(0.5)[0].Seconds()
			for _, sig := range s.Cameras[0].Signals {
				if sig.Name == d.Provides[0] {
					a.value = sig.Value
				}
			}
			return
		}
		b.Fatalf("there is no detector of the kind %s", kind)
	}
	before := childTime(b)
	a.cores = l.run(b).cpu
	a.childCores = (childTime(b) - before).Seconds() / liveTime.Seconds()
	return a
}

// BenchmarkLiveRemoteAnswers reports how often a service is asked, how much later
// than its own time its answer is a signal, and what a picture costs.
func BenchmarkLiveRemoteAnswers(b *testing.B) {
	quiet(b)
	for _, c := range []struct {
		takes  time.Duration
		fps    float64
		format string
		width  int
		height int
	}{
		{150 * time.Millisecond, 15, "jpeg", 640, 360}, // must be asked 6 to 7 times a second
		{5 * time.Millisecond, 30, "jpeg", 640, 360},
		{5 * time.Millisecond, 30, "bgr", 640, 360},
		{5 * time.Millisecond, 30, "jpeg", 1280, 720},
		{5 * time.Millisecond, 30, "bgr", 1280, 720},
	} {
		b.Run(fmt.Sprintf("%v/%v-fps/%dx%d/%s", c.takes, c.fps, c.width, c.height, c.format), func(b *testing.B) {
			off := live{cameras: []capture.Config{scene("a", c.width, c.height)}, detectors: []detectors.Config{detector("dummy", "dummy", nil)}}
			on := off
			on.detectors = append(slices.Clone(off.detectors), asking(clock(b, c.takes), 1, func(d *detectors.Config) {
				o := d.Options.(remote.Options)
				o.Format = c.format
				d.MaxFPS, d.Options = c.fps, o
			})...)
			var all []answers
			var cpu, spread []float64
			for b.Loop() {
				alone := off.run(b).cpu
				with := answersOf(b, on, "remote")
				all = append(all, with)
				cpu = append(cpu, (with.cores-alone)/with.rate*1e6)
				spread = append(spread, alone)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(of(all, func(a answers) float64 { return a.rate })), "answers/s")
			b.ReportMetric(median(of(all, func(a answers) float64 { return (a.age50 - c.takes.Seconds()) * 1e3 })), "added-age-p50-ms")
			b.ReportMetric(median(of(all, func(a answers) float64 { return (a.exec50 - c.takes.Seconds()) * 1e3 })), "added-exec-p50-ms")
			b.ReportMetric(median(of(all, func(a answers) float64 { return a.value })), "bytes/frame")
			b.ReportMetric(median(cpu), "cpu-us/frame")
			b.ReportMetric(slices.Max(spread)/slices.Min(spread), "spread-cores")
		})
	}
}

// BenchmarkLiveChild shows what a process of its own costs a detector.
func BenchmarkLiveChild(b *testing.B) {
	quiet(b)
	for _, size := range [][2]int{{640, 360}, {1280, 720}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			in := live{
				cameras:   []capture.Config{scene("a", size[0], size[1])},
				detectors: []detectors.Config{detector("motion", "motion", func(c *detectors.Config) { c.MaxFPS = 30 })},
			}
			out := in
			out.detectors = slices.Clone(in.detectors)
			out.detectors[0].Isolation = detectors.ProcessIsolation
			var within, apart []answers
			for b.Loop() {
				within = append(within, answersOf(b, in, "motion"))
				apart = append(apart, answersOf(b, out, "motion"))
			}
			b.ReportMetric(0, "ns/op")
			for name, f := range map[string]func(answers) float64{
				"exec-p50-us": func(a answers) float64 { return a.exec50 * 1e6 },
				"age-p50-us":  func(a answers) float64 { return a.age50 * 1e6 },
				"answers/s":   func(a answers) float64 { return a.rate },
				"cores":       func(a answers) float64 { return a.cores },
				"child-cores": func(a answers) float64 { return a.childCores },
			} {
				mine := of(within, f)
				b.ReportMetric(median(mine), "off-"+name)
				b.ReportMetric(median(of(apart, f)), "on-"+name)
				b.ReportMetric(slices.Max(mine)/max(slices.Min(mine), 1e-12), "spread-"+name)
			}
		})
	}
}

func of(all []answers, f func(answers) float64) []float64 {
	out := make([]float64, len(all))
	for i, a := range all {
		out[i] = f(a)
	}
	return out
}
