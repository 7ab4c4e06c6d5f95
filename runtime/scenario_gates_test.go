package runtime_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
	"rvo-tui/runtime/testkit"
)

// accounted fails unless every frame is counted exactly once, at the end of a pipeline, when its
// views are exact. For a detector that was attached later, the newest frame is not yet counted,
// nor is one frame while it waits for a slot, which may still become a run.
func accounted(t *testing.T, p *testkit.Pipeline, cam *testkit.Camera) {
	t.Helper()
	v := p.Camera(t, cam.Name)
	if sent := v.Frames + v.DropPool + v.DropRate + v.DropLag + v.DropBroken; sent != cam.Sent() {
		t.Errorf("camera gave %d frames, %d were published and dropped", cam.Sent(), sent)
	}
	if got := v.Seen + v.Superseded; got > v.Frames || got+1 < v.Frames {
		t.Errorf("%d frames published; %d seen, %d superseded", v.Frames, v.Seen, v.Superseded)
	}
	for _, d := range v.Detectors {
		n := d.Runs
		for _, skipped := range d.Skips {
			n += skipped
		}
		open := uint64(1)
		if d.State == engine.DetectorWaiting && d.Reason == engine.GateSlot.String() {
			open = 2
		}
		if n > v.Seen || n+open < v.Seen {
			t.Errorf("detector %q: %d runs and skips %v of %d frames seen", d.Name, d.Runs, d.Skips, v.Seen)
		}
	}
}

func TestDependencyGates(t *testing.T) {
	for _, c := range []struct {
		name   string
		motion testkit.Script
		needs  string
		want   []uint64 // frames that the person detector looks at
		gated  uint64
	}{
		{"unknown", testkit.Fail(), "motion > 0.5", nil, 9},
		{"false", testkit.Always(0.5), "motion > 0.5", nil, 9},
		{"true", testkit.Always(0.6), "motion > 0.5", []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0},
		// At frame 6, the known value is still the result for frame 5.
		{"opens and closes", testkit.ByFrame(0, 0, 0, 1, 1, 0), "motion > 0.5", []uint64{4, 5, 6}, 6},
		{"opens on the negation", testkit.ByFrame(0, 1), "!(motion > 0.5)", []uint64{1, 2}, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cam := &testkit.Camera{Name: "door", Count: 10}
				person := testkit.Chained("person", c.needs, testkit.Always(1))
				p := start(t, testkit.Setup{
					Cameras:   []*testkit.Camera{cam},
					Detectors: []*testkit.Detector{testkit.NewDetector("motion", c.motion), person},
				})
				p.Until(1500 * ms)
				if err := p.Stop(); err != nil {
					t.Fatal(err)
				}
				if got := person.Frames(); !slices.Equal(got, c.want) {
					t.Errorf("it processed %v, want %v", got, c.want)
				}
				if got := p.Detector(t, "door", "person").Skips[engine.GateNeeds]; got != c.gated {
					t.Errorf("%d frames were held by its needs, want %d", got, c.gated)
				}
				accounted(t, p, cam)
			})
		})
	}
}

// Two detectors of 230 ms on one slot can start 22 runs in 5 s in total.
func TestLoadIsShed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cam := &testkit.Camera{Name: "door"}
		a := testkit.NewDetector("a", testkit.Latency(230*ms, testkit.Always(1)))
		b := testkit.NewDetector("b", testkit.Latency(230*ms, testkit.Always(1)))
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{cam}, Detectors: []*testkit.Detector{a, b}})
		p.Until(5005 * ms)
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		if na, nb := len(a.Calls()), len(b.Calls()); na != 11 || nb != 11 {
			t.Errorf("%d and %d runs, want 11 each", na, nb)
		}
		for _, d := range []*testkit.Detector{a, b} {
			frames := d.Frames()
			if !slices.IsSorted(frames) || len(slices.Compact(frames)) != 11 {
				t.Errorf("it processed %v: want a new frame each time", frames)
			}
			for _, c := range d.Calls() {
				if age := c.At.Sub(c.Captured); age > 100*ms {
					t.Errorf("a run began with a frame %v old while there was a newer one", age)
				}
			}
			v := p.Detector(t, "door", d.Config.Name)
			if v.Skips[engine.GateSlot]+v.Skips[engine.GateBusy] < 37 {
				t.Errorf("skips %v: want all but 11 of 50 frames shed", v.Skips)
			}
		}
		accounted(t, p, cam)
	})
}

func TestFailedDetectorStaysOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cam := &testkit.Camera{Name: "door"}
		a := testkit.NewDetector("a", testkit.FailAfter(2, testkit.Always(1)))
		a.Config.Retry = detectors.RetryNever
		cfg := runtime.DefaultConfig()
		cfg.Nice, cfg.MaxErrors = 0, 3
		p := start(t, testkit.Setup{Config: cfg, Cameras: []*testkit.Camera{cam}, Detectors: []*testkit.Detector{a}})
		p.Until(10 * time.Minute)
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		if n := len(a.Calls()); n != 5 || a.Opened() != 1 || a.Closed() != 1 {
			t.Errorf("%d runs, opened %d times, closed %d; want 5 runs and one opening", n, a.Opened(), a.Closed())
		}
		d := p.Detector(t, "door", "a")
		if d.State != engine.DetectorFailed || !slices.Equal(d.Errors, []engine.Count{{Reason: "error", N: 3}}) || d.Error != testkit.ErrScripted.Error() {
			t.Errorf("state %s, errors %v, %q", d.State, d.Errors, d.Error)
		}
		if got := d.Skips[engine.GateFailed]; got != 6000-5-1 {
			t.Errorf("%d frames held for failure, want 5994", got)
		}
		accounted(t, p, cam)
	})
}

func TestFailedDetectorIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cam := &testkit.Camera{Name: "door"}
		a := testkit.NewDetector("a", testkit.FailFrames(3, 20, testkit.Always(1)))
		cfg := runtime.DefaultConfig()
		cfg.Nice, cfg.MaxErrors = 0, 3
		p := start(t, testkit.Setup{Config: cfg, Cameras: []*testkit.Camera{cam}, Detectors: []*testkit.Detector{a}})
		// Failed at 410 ms; reopened within 0.8 to 1.2 s, when frames 14 to 18 fail at once, and
		// again 1.6 to 2.4 s later, when it works.
		p.Until(10 * time.Second)
		d := p.Detector(t, "door", "a")
		if d.Restarts != 2 || a.Opened() != 3 || a.Closed() != 2 || d.Error != "" {
			t.Errorf("restarts %d, opened %d, closed %d, error %q; want it well after two", d.Restarts, a.Opened(), a.Closed(), d.Error)
		}
		if !slices.Equal(d.Errors, []engine.Count{{Reason: "error", N: 4}}) {
			t.Errorf("errors %v, want three and one after the first restart", d.Errors)
		}
		if log := p.Log(); strings.Count(log, "detector has failed") != 2 || strings.Count(log, "detector works again") != 1 {
			t.Errorf("log:\n%s", log)
		}
	})
}

// A flapping detector does not fill the log; everything is counted all the same.
func TestFlappingDetectorIsLoggedAtMostOnceInTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cam := &testkit.Camera{Name: "door"}
		a := testkit.NewDetector("a", func(_ context.Context, c testkit.Call) (float64, error) {
			if c.Run%3 == 0 {
				return 0, testkit.ErrScripted
			}
			return 1, nil
		})
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{cam}, Detectors: []*testkit.Detector{a}})
		p.Until(29 * time.Second) // logged at about 0.2, 10.4 and 20.6 s
		if d := p.Detector(t, "door", "a"); len(d.Errors) != 1 || d.Errors[0].N < 90 {
			t.Errorf("errors counted: %v, want 90 and more", d.Errors)
		}
		log := p.Log()
		if failed, again := strings.Count(log, "detector error"), strings.Count(log, "detector works again"); failed != 3 || again != 3 {
			t.Errorf("%d errors and %d recoveries are logged, want 3 each", failed, again)
		}
	})
}

func TestPanicIsolated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cam := &testkit.Camera{Name: "door"}
		a := testkit.NewDetector("a", testkit.PanicOn(3, testkit.Always(1)))
		b := testkit.NewDetector("b", testkit.Always(1))
		inline := testkit.NewDetector("c", testkit.PanicOn(5, testkit.Always(1)))
		inline.Config.Execution = detectors.Inline
		opens := testkit.NewDetector("d", testkit.Always(1))
		opens.Open = func(int) error { panic("scripted panic") }
		opens.Config.Retry = detectors.RetryNever
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{cam}, Detectors: []*testkit.Detector{a, b, inline, opens}})
		p.Until(1005 * ms)
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		panicked := []engine.Count{{Reason: "panic", N: 1}}
		for _, c := range []struct {
			name string
			want []engine.Count
		}{{"a", panicked}, {"b", nil}, {"c", panicked}} {
			d := p.Detector(t, "door", c.name)
			if d.Runs != 10 || !slices.Equal(d.Errors, c.want) || d.Restarts != 0 {
				t.Errorf("detector %q: %d runs, errors %v, %d restarts", c.name, d.Runs, d.Errors, d.Restarts)
			}
		}
		d := p.Detector(t, "door", "d")
		if d.State != engine.DetectorFailed || !slices.Equal(d.Errors, []engine.Count{{Reason: "open", N: 1}}) || !strings.Contains(d.Error, "scripted panic") {
			t.Errorf("one that panics when it is opened: %s, %v, %q", d.State, d.Errors, d.Error)
		}
		accounted(t, p, cam)
	})
}

// Detectors of 50 ms, and hung ones in workers, do not raise the age at which the engine sees
// frames; an inline one of 330 ms does.
func TestOnlyInlineDetectorsDelayTheEngine(t *testing.T) {
	for _, c := range []struct {
		name       string
		exec       detectors.Execution
		seen       uint64
		superseded uint64
		oldest     time.Duration
		runs       uint64
	}{
		{"worker", detectors.Worker, 12, 0, 0, 4},
		// At 340 ms, frame 4 is 30 ms old; 670 and 1000 ms find frames 7 and 10, 60 and 90 ms
		// old. The step with the latter is not over and not published; frame 12 has not been seen
		// yet.
		{"inline", detectors.Inline, 3, 7, 60 * ms, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cam := &testkit.Camera{Name: "door"}
				a := testkit.NewDetector("a", testkit.IgnoreContext(330*ms, testkit.Always(1)))
				a.Config.Execution = c.exec
				p := start(t, testkit.Setup{Cameras: []*testkit.Camera{cam}, Detectors: []*testkit.Detector{a}})
				p.Until(1205 * ms)
				v := p.Camera(t, "door")
				if c.exec == detectors.Worker {
					if err := p.Stop(); err != nil {
						t.Fatal(err)
					}
					v = p.Camera(t, "door")
				}
				if v.Frames != 12 || v.Seen != c.seen || v.Superseded != c.superseded {
					t.Errorf("%d frames, %d seen, %d superseded", v.Frames, v.Seen, v.Superseded)
				}
				if got := v.Age.Max(); got < c.oldest || got > c.oldest+c.oldest/16 {
					t.Errorf("the oldest frame that the engine saw was %v old, want %v", got, c.oldest)
				}
				if uint64(len(a.Calls())) != c.runs {
					t.Errorf("%d runs, want %d", len(a.Calls()), c.runs)
				}
			})
		})
	}
}

func TestPoolRunsDryWhenFramesAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cam := &testkit.Camera{Name: "door"}
		var hoard testkit.Holder
		a := testkit.NewDetector("a", hoard.Script(testkit.Always(1)))
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{cam}, Detectors: []*testkit.Detector{a}})
		p.Until(3005 * ms)
		v := p.Camera(t, "door")
		size := uint64(v.Pool.Size)
		if v.Frames != size || v.DropPool != 30-size || uint64(v.Pool.Out) != size {
			t.Errorf("%d frames published, %d dropped, pool %+v; want as many published as it holds", v.Frames, v.DropPool, v.Pool)
		}
		if v.State != capture.Live {
			t.Errorf("camera is %s: %s", v.State, v.Reason)
		}
		if n := hoard.Release(); uint64(n) != size {
			t.Errorf("%d frames were kept, want %d", n, size)
		}
		p.Until(4005 * ms)
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		v = p.Camera(t, "door")
		if v.Frames != size+10 || v.DropPool != 30-size || v.Pool.Out != 0 {
			t.Errorf("afterwards %d published, %d dropped, pool %+v", v.Frames, v.DropPool, v.Pool)
		}
		accounted(t, p, cam)
	})
}
