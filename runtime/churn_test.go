package runtime_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/testkit"
)

// churn changes everything about a camera "b"; another camera only gets commands that do not
// concern it.
type churn struct {
	steady, loose   *testkit.Detector // on camera a alone; attached by command
	a, b            capture.Config
	seen, seenSlow  rules.Config
	shared, changed detectors.Config
}

// commands returns the n-th round of changes.
func (c churn) commands(n int) []runtime.Command {
	guest := c.loose.Config
	guest.Name = fmt.Sprintf("guest%d", n) // and a signal of this name
	guest.Signal = ""
	b := c.b
	b.FPS = float64(20 + n%5)
	setup := &runtime.Setup{
		Cameras:   []capture.Config{c.a, b},
		Detectors: []detectors.Config{c.steady.Config, c.shared},
		Rules:     []rules.Config{c.seen},
	}
	if n%2 == 0 {
		setup.Detectors[1] = c.changed
		setup.Rules = append(setup.Rules, c.seenSlow)
	}
	return []runtime.Command{
		{Do: runtime.Attach, Camera: "b", Attached: &guest},
		{Do: runtime.SetRate, Camera: "b", Detector: guest.Name, FPS: float64(1 + n%30)},
		{Do: runtime.Disable, Camera: "b", Detector: guest.Name},
		{Do: runtime.RuleOff, Camera: "b", Rule: "seen"},
		{Do: runtime.Reload, Setup: setup},
		{Do: runtime.Pause, Camera: "b"},
		{Do: runtime.Detach, Camera: "b", Detector: guest.Name}, // which the reload has kept
		{Do: runtime.Resume, Camera: "b"},
	}
}

func newChurn() churn {
	c := churn{steady: testkit.NewDetector("steady", testkit.Always(1)), loose: testkit.NewDetector("loose", testkit.Always(1))}
	c.steady.Config.Cameras = []string{"a"}
	c.seen, c.seenSlow = testkit.Rule("seen", "steady >= 1 || shared >= 1"), testkit.Rule("slow", "shared >= 2")
	return c
}

// However often the rest is reconfigured, an untouched camera loses no frame, and its detectors
// keep their instance and counters. In a bubble this is exact.
func TestReconfiguringTouchesNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChurn()
		hang := testkit.NewHang()
		shared := testkit.NewDetector("shared", hang.On(5, testkit.Latency(15*ms, testkit.Always(1))))
		shared.Config.Cameras = []string{"b"}
		c.shared, c.changed = shared.Config, shared.Config
		c.changed.MaxFPS = 9
		a, b := &testkit.Camera{Name: "a", Gap: 8333 * time.Microsecond}, &testkit.Camera{Name: "b", Gap: 33 * ms}
		c.a, c.b = a.Config(), b.Config()
		cfg := runtime.DefaultConfig()
		cfg.Slots, cfg.Nice = 2, 0
		p := start(t, testkit.Setup{
			Config: cfg, Cameras: []*testkit.Camera{a, b}, Detectors: []*testkit.Detector{c.steady, shared}, Attachable: []*testkit.Detector{c.loose},
			Rules: []rules.Config{c.seen},
		})
		p.Until(100 * ms)
		for n := range 100 {
			for _, cmd := range c.commands(n) {
				if err := p.Do(t.Context(), cmd); err != nil {
					t.Fatalf("round %d: %v", n, err)
				}
				p.Until(p.Now() + 3*ms)
			}
		}
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		hang.Release()
		synctest.Wait()
		v := p.Camera(t, "a")
		if sent := a.Sent(); v.Frames != sent || v.Seen != sent || v.Superseded != 0 || v.Connects != 1 || v.DropPool+v.DropLag != 0 {
			t.Errorf("of %d frames %d were published, %d seen, %d superseded, in %d connections", sent, v.Frames, v.Seen, v.Superseded, v.Connects)
		}
		for i, id := range c.steady.Frames() {
			if id != uint64(i+1) {
				t.Fatalf("the detector's run %d was on frame %d", i+1, id)
			}
		}
		if d := p.Detector(t, "a", "steady"); d.Runs != v.Seen || d.Restarts != 0 || d.Exec.Count() != d.Runs || c.steady.Opened() != 1 {
			t.Errorf("the detector has %d runs of %d frames, %d restarts, %d measured, and was opened %d times", d.Runs, v.Seen, d.Restarts, d.Exec.Count(), c.steady.Opened())
		}
		if opened, calls := shared.Opened(), len(shared.Calls()); opened < 100 || calls <= 5 {
			t.Errorf("the other camera's detector was opened %d times and called %d times: nothing was tested", opened, calls)
		}
	})
}

// The same in real time with real frames, for the race detector: here frames may be superseded,
// as on any busy machine, and all are accounted for.
func TestReconfiguringInRealTime(t *testing.T) {
	c := newChurn()
	motion := detectors.DefaultConfig()
	motion.Name, motion.Kind, motion.MaxFPS, motion.Cameras = "shared", "motion", 30, []string{"b"}
	c.shared, c.changed = motion, motion
	c.changed.MaxFPS = 9
	camera := func(name string, fps float64) capture.Config {
		cfg := capture.DefaultConfig()
		cfg.Name, cfg.Source, cfg.Width, cfg.Height, cfg.FPS = name, "synthetic:street", 64, 36, fps
		return cfg
	}
	c.a, c.b = camera("a", 120), camera("b", 30)
	kinds := detectors.Builtin()
	for name, kind := range testkit.Kinds(c.steady, c.loose) {
		kinds[name] = kind
	}
	cfg := runtime.DefaultConfig()
	cfg.Nice = 0
	rt := runtime.New(runtime.Options{
		Config: cfg, Cameras: []capture.Config{c.a, c.b}, Detectors: []detectors.Config{c.steady.Config, motion},
		Rules: []rules.Config{c.seen}, Drivers: testkit.Drivers(), Kinds: kinds,
	}, time.Now())
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := rt.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	of := func(s *runtime.Snapshot, name string) *runtime.CameraView {
		for i := range s.Cameras {
			if s.Cameras[i].Name == name {
				return &s.Cameras[i]
			}
		}
		return &runtime.CameraView{}
	}
	snapshots, done := rt.Subscribe()
	defer done()
	for s := range snapshots { // until both are live
		if of(s, "a").Seen > 0 && of(s, "b").Seen > 0 {
			break
		}
	}
	for n := range 30 {
		for _, cmd := range c.commands(n) {
			if err := rt.Do(ctx, cmd); err != nil {
				t.Errorf("round %d: %v", n, err)
			}
		}
		if n%10 == 9 {
			<-snapshots // lets some time pass
		}
	}
	cancel()
	wg.Wait()
	v := of(rt.Snapshot(), "a")
	left := v.Frames - v.Seen - v.Superseded // the last one may not have been seen
	if v.Connects != 1 || left > 1 || v.Frames == 0 {
		t.Errorf("of %d frames %d were seen and %d superseded, in %d connections", v.Frames, v.Seen, v.Superseded, v.Connects)
	}
	if taken := v.Frames + v.DropLag + v.DropRate + v.DropPool; v.FrameID > taken {
		t.Errorf("the newest frame is number %d, and only %d are accounted for", v.FrameID, taken)
	}
	runs := c.steady.Frames()
	for i := range runs[1:] {
		if runs[i+1] <= runs[i] {
			t.Fatalf("the detector saw frame %d after frame %d", runs[i+1], runs[i])
		}
	}
	if d := v.Detectors[0]; d.Name != "steady" || d.Restarts != 0 || c.steady.Opened() != 1 || uint64(len(runs)) < d.Runs {
		t.Errorf("the detector %s has %d runs, %d restarts, and was opened %d times", d.Name, d.Runs, d.Restarts, c.steady.Opened())
	}
	t.Logf("%d frames, %d superseded, %d dropped for lag", v.Frames, v.Superseded, v.DropLag)
}
