package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/capture/libav"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	detectcv "rvo-tui/detectors/opencv"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// These benchmarks run the whole live path in place, in pairs: once as it is and
// once with what is to be shown not to matter, in turn. Each iteration is one
// pair (-benchtime 9x gives nine); figures are medians over the pairs, and the
// spread of the undisturbed runs stands beside them.

const liveTime = 3 * time.Second

// live is one run of a runtime.
type live struct {
	cameras   []capture.Config
	detectors []detectors.Config
	rules     []rules.Config
	clips     *clips.Recorder
	epoch     time.Time
	lasts     time.Duration
	last      func(*runtime.Snapshot) // is shown what the run came to; nil: nobody looks
	// beside runs while it does, until the context ends. Nil: nothing does.
	beside func(context.Context, *runtime.Runtime)
	enough func() bool // whether that has been at work; nil: it need not be
}

// sleeper is a detector that waits, as one does that computes elsewhere.
type sleeper struct{ d time.Duration }

func (s sleeper) Detect(ctx context.Context, _ *capture.Frame) ([]detectors.Reading, error) {
	select {
	case <-time.After(s.d):
		return []detectors.Reading{{Signal: "sleep", Value: 1}}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (sleeper) Close() error { return nil }

// figures are what a run shows, in seconds, of its first camera.
type figures struct {
	tick50, tick99   float64
	queue50, queue99 float64 // a frame complete in memory until the engine sees it
	age50, age99     float64 // since capture, when the engine sees it
	superseded       float64 // share of frames
	cpu              float64 // cores
	rss              float64 // bytes
}

func (l live) run(b *testing.B) figures {
	b.Helper()
	made := newKinds()
	defer made.close()
	kinds := made.all
	kinds["sleep"] = detectors.Kind{Name: "sleep", Defaults: detectors.Config{Options: detectors.LoadOptions{}}, New: func(cfg detectors.Config) (detectors.Detector, error) {
		return sleeper{time.Duration(cfg.Options.(detectors.LoadOptions).Busy)}, nil
	}}
	cfg := runtime.DefaultConfig()
	goruntime.GOMAXPROCS(cfg.Threads())
	log := slog.New(slog.DiscardHandler)
	if l.epoch.IsZero() {
		l.epoch = time.Now()
	}
	video := libav.New(log)
	rt := runtime.New(runtime.Options{
		Config: cfg, Cameras: l.cameras, Detectors: l.detectors, Rules: l.rules, Drivers: newDrivers(log),
		Kinds: kinds, JPEG: video.EncodeJPEG, Convert: video.Convert, Log: log, Clips: l.clips,
		Roll: runtime.Roll{Before: 3 * time.Second, After: 2 * time.Second},
	}, l.epoch)
	if l.lasts == 0 {
		l.lasts = liveTime
	}
	if testing.Short() { // only that it runs
		l.lasts /= 3
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	warm := make(chan time.Duration, 1) // drawing a scene's background is not part of the run
	time.AfterFunc(l.lasts/5, func() { warm <- cpuTime(b) })
	done := make(chan *runtime.Snapshot, 1)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer cancel()
		done <- l.end(ctx, rt)
	})
	if l.beside != nil {
		wg.Go(func() { l.beside(ctx, rt) })
	}
	if err := rt.Run(ctx); err != nil {
		b.Fatal(err)
	}
	wg.Wait()
	s := <-done
	cpu := (cpuTime(b) - <-warm).Seconds() / (l.lasts * 4 / 5).Seconds()
	if len(s.Cameras) == 0 {
		b.Fatal("no camera ran")
	}
	if l.last != nil {
		l.last(s)
	}
	c := s.Cameras[0]
	if len(l.detectors) > 0 && c.Seen == 0 {
		b.Fatalf("no frame was seen: %+v", c.Status)
	}
	tick, queue, age := c.Tick.Quantiles(0.5, 0.99), c.Stages[engine.StageQueue].Quantiles(0.5, 0.99), c.Age.Quantiles(0.5, 0.99)
	return figures{
		tick[0].Seconds(), tick[1].Seconds(), queue[0].Seconds(), queue[1].Seconds(), age[0].Seconds(), age[1].Seconds(),
		float64(c.Superseded) / float64(max(c.Frames, 1)), cpu, residentSize(b),
	}
}

// end waits for the end of a run, and returns how it stands then. A short run has
// to show that it works, not how long that takes: a busy machine has a minute.
func (l live) end(ctx context.Context, rt *runtime.Runtime) *runtime.Snapshot {
	pause := func(d time.Duration) {
		select {
		case <-time.After(d):
		case <-ctx.Done():
		}
	}
	pause(l.lasts)
	s := rt.Snapshot()
	for begun := time.Now(); testing.Short() && !l.works(s) && ctx.Err() == nil && time.Since(begun) < time.Minute; s = rt.Snapshot() {
		pause(50 * time.Millisecond)
	}
	return s
}

// works reports whether all that runs has done something.
func (l live) works(s *runtime.Snapshot) bool {
	if len(s.Cameras) == 0 {
		return false
	}
	for _, d := range s.Cameras[0].Detectors {
		if d.Exec.Count() == 0 {
			return false
		}
	}
	for _, r := range s.Cameras[0].Rules {
		if r.Status.Fired == 0 {
			return false
		}
	}
	return l.enough == nil || l.enough()
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// childTime returns what processes that have ended, and were waited for, took.
func childTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func residentSize(b *testing.B) float64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skip("no /proc on this system")
	}
	var size, resident float64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		b.Fatal(err)
	}
	return resident * float64(os.Getpagesize())
}

// pairs runs a and z in turn and reports the medians of some figures of both,
// their ratio, and how far a differs from itself.
func pairs(b *testing.B, a, z live, what map[string]func(figures) float64) {
	b.Helper()
	var as, zs []figures
	for b.Loop() {
		as = append(as, a.run(b))
		zs = append(zs, z.run(b))
	}
	b.ReportMetric(0, "ns/op")
	for _, name := range sortedKeys(what) {
		of := what[name]
		mine, other := values(as, of), values(zs, of)
		b.ReportMetric(median(mine), "off-"+name)
		b.ReportMetric(median(other), "on-"+name)
		var ratios []float64
		for i := range mine {
			if mine[i] > 0 {
				ratios = append(ratios, other[i]/mine[i])
			}
		}
		b.ReportMetric(median(ratios), "ratio-"+name)
		b.ReportMetric(slices.Max(mine)/max(slices.Min(mine), 1e-12), "spread-"+name)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func values(fs []figures, of func(figures) float64) []float64 {
	out := make([]float64, len(fs))
	for i, f := range fs {
		out[i] = of(f)
	}
	return out
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}

var (
	liveTicks = map[string]func(figures) float64{
		"tick-p50-us": func(f figures) float64 { return f.tick50 * 1e6 },
		"tick-p99-us": func(f figures) float64 { return f.tick99 * 1e6 },
	}
	liveAges = map[string]func(figures) float64{
		"queue-p50-us": func(f figures) float64 { return f.queue50 * 1e6 },
		"queue-p99-us": func(f figures) float64 { return f.queue99 * 1e6 },
		"age-p50-us":   func(f figures) float64 { return f.age50 * 1e6 },
		"age-p99-us":   func(f figures) float64 { return f.age99 * 1e6 },
	}
	liveCosts = map[string]func(figures) float64{
		"cores":      func(f figures) float64 { return f.cpu },
		"MB":         func(f figures) float64 { return f.rss / 1e6 },
		"age-p50-us": func(f figures) float64 { return f.age50 * 1e6 },
		"age-p99-us": func(f figures) float64 { return f.age99 * 1e6 },
	}
)

func scene(name string, width, height int) capture.Config {
	c := capture.DefaultConfig()
	c.Name, c.Source, c.Width, c.Height = name, "synthetic:street", width, height
	return c
}

func detector(name, kind string, edit func(*detectors.Config)) detectors.Config {
	c := detectors.DefaultConfig()
	c.Name, c.Kind, c.Signal = name, kind, name
	if edit != nil {
		edit(&c)
	}
	return c
}

// BenchmarkLiveSlowDetector shows what a detector of 50 ms in a worker costs a
// step of the engine.
func BenchmarkLiveSlowDetector(b *testing.B) {
	dummy := detector("dummy", "dummy", nil)
	slow := detector("sleep", "sleep", func(c *detectors.Config) {
		c.MaxFPS, c.Cost = detectors.MaxRate, detectors.CostLow
		c.Options = detectors.LoadOptions{Busy: capture.Duration(50 * time.Millisecond)}
	})
	camera := []capture.Config{scene("a", 320, 180)}
	pairs(b, live{cameras: camera, detectors: []detectors.Config{dummy}},
		live{cameras: camera, detectors: []detectors.Config{dummy, slow}}, liveTicks)
}

// BenchmarkLiveInlineDetector is the same with the detector inside the step,
// which is how a slow detector is felt where nothing keeps it apart.
func BenchmarkLiveInlineDetector(b *testing.B) {
	dummy := detector("dummy", "dummy", nil)
	slow := detector("sleep", "sleep", func(c *detectors.Config) {
		c.MaxFPS, c.Cost = detectors.MaxRate, detectors.CostLow
		c.Options = detectors.LoadOptions{Busy: capture.Duration(10 * time.Millisecond)}
		c.Execution = detectors.Inline
	})
	camera := []capture.Config{scene("a", 320, 180)}
	pairs(b, live{cameras: camera, detectors: []detectors.Config{dummy}},
		live{cameras: camera, detectors: []detectors.Config{dummy, slow}}, liveTicks)
}

// BenchmarkLiveSaturated shows how soon the engine sees a frame while people
// detectors keep every slot busy.
func BenchmarkLiveSaturated(b *testing.B) {
	if detectcv.Kinds()["person"].New == nil {
		b.Skip("built without OpenCV")
	}
	camera := []capture.Config{scene("a", 768, 576)}
	var heavy []detectors.Config
	for i := range goruntime.NumCPU() {
		heavy = append(heavy, detector(fmt.Sprintf("person%d", i), "person", func(c *detectors.Config) {
			c.MaxFPS, c.Cost = 30, detectors.CostLow
		}))
	}
	dummy := []detectors.Config{detector("dummy", "dummy", nil)}
	pairs(b, live{cameras: camera, detectors: dummy}, live{cameras: camera, detectors: append(dummy, heavy...)}, liveAges)
}

// BenchmarkLiveIdle reports the CPU that a run without frames takes.
func BenchmarkLiveIdle(b *testing.B) {
	still := capture.DefaultConfig()
	still.Name, still.Source, still.FPS = "still", "synthetic:empty", 0.01
	var cores []float64
	for b.Loop() {
		f := live{cameras: []capture.Config{still}, lasts: 10 * time.Second}.run(b)
		cores = append(cores, f.cpu)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(100*median(cores), "%core")
}

// BenchmarkLiveFourCameras reports what four cameras of 1280x720 at 30 frames a
// second with motion detection take.
func BenchmarkLiveFourCameras(b *testing.B) {
	var cameras []capture.Config
	for i := range 4 {
		cameras = append(cameras, scene(fmt.Sprintf("c%d", i), 1280, 720))
	}
	var fs []figures
	for b.Loop() {
		fs = append(fs, live{cameras: cameras, detectors: []detectors.Config{detector("motion", "motion", nil)}, lasts: 10 * time.Second}.run(b))
	}
	b.ReportMetric(0, "ns/op")
	for name, of := range liveCosts {
		b.ReportMetric(median(values(fs, of)), name)
	}
}

// BenchmarkLiveEvidence shows what keeping evidence of a camera of 1920x1080 at
// 30 frames a second costs, with a clip of 5 s every 10 s.
func BenchmarkLiveEvidence(b *testing.B) {
	camera := []capture.Config{scene("a", 1920, 1080)}
	motion := []detectors.Config{detector("motion", "motion", nil)}
	rule := rules.DefaultConfig()
	rule.Event, rule.When, rule.Cooldown = "motion", "motion > 0.005", capture.Duration(10*time.Second)
	with, without := rule, rule
	without.Clip = false
	off := live{cameras: camera, detectors: motion, rules: []rules.Config{without}, lasts: 20 * time.Second}
	var as, zs []figures
	var took []float64
	for b.Loop() {
		as = append(as, off.run(b))
		on := off
		on.rules, on.epoch = []rules.Config{with}, time.Now()
		cfg := clips.DefaultConfig()
		cfg.Dir = filepath.Join(b.TempDir(), "clips")
		on.clips = clips.New(clips.Options{Config: cfg, Epoch: on.epoch, Muxer: libav.Muxer{}, Grace: time.Minute, Log: slog.New(slog.DiscardHandler)})
		zs = append(zs, on.run(b))
		st := on.clips.Status()
		if st.Saved == 0 {
			b.Fatalf("no clip was saved: %+v", st)
		}
		took = append(took, st.Took.Seconds())
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(took), "s/clip")
	for name, of := range liveCosts {
		b.ReportMetric(median(values(as, of)), "off-"+name)
		b.ReportMetric(median(values(zs, of)), "on-"+name)
	}
}
