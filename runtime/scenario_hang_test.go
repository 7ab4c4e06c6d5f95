package runtime_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
	"rvo-tui/runtime/testkit"
)

// hanging returns a detector that hangs on frame 3, once quick has returned its result for it,
// with a timeout of 470 ms: until 680 ms.
func hanging(t *testing.T) (quick, hung *testkit.Detector, hang *testkit.Hang) {
	hang = testkit.NewHang()
	t.Cleanup(hang.Release)
	quick = testkit.NewDetector("quick", testkit.ByFrame(0, 0, 1, 0))
	hung = testkit.Chained("hung", "quick >= 1", hang.On(1, testkit.Always(1)))
	hung.Config.Timeout = text.Duration(470 * ms)
	return quick, hung, hang
}

func TestHangingDetectorLosesItsSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cam := &testkit.Camera{Name: "door"}
		quick, hung, hang := hanging(t)
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{cam}, Detectors: []*testkit.Detector{quick, hung}})
		p.Until(605 * ms)
		if v := p.Snapshot().Slots; v.Busy != 1 || v.Waiting != 1 || v.Revoked != 0 {
			t.Errorf("before the timeout slots are %+v", v)
		}
		p.Until(2005 * ms)
		if want := []uint64{1, 2, 3, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}; !slices.Equal(quick.Frames(), want) {
			t.Errorf("the other detector processed %v, want %v", quick.Frames(), want)
		}
		if v := p.Snapshot().Slots; v.Busy != 0 || v.Waiting != 0 || v.Revoked != 1 {
			t.Errorf("after the timeout slots are %+v", v)
		}
		v := p.Camera(t, "door")
		if v.Pool.Retired != 1 || v.Pool.RetiredTotal != 1 || v.DropPool != 0 || v.Age.Max() != 0 {
			t.Errorf("pool %+v, %d dropped, frames seen up to %v old", v.Pool, v.DropPool, v.Age.Max())
		}
		if d := p.Detector(t, "door", "hung"); d.State != engine.DetectorStuck || d.Timeouts != 1 || d.Runs != 1 {
			t.Errorf("detector is %s (%s) after %d runs and %d timeouts", d.State, d.Reason, d.Runs, d.Timeouts)
		}
		if s := p.Signal(t, "door", "hung"); s.Why != "detector stuck" {
			t.Errorf("its signal is %q", s.Why)
		}

		before := p.Now()
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		if took := p.Now() - before; took != 2*time.Second {
			t.Errorf("shutdown took %v, want 2s", took)
		}
		if log := p.Log(); strings.Count(log, "abandoned") != 1 || !strings.Contains(log, "detector=hung") || strings.Contains(log, "detector=quick") {
			t.Errorf("log:\n%s", log)
		}
		accounted(t, p, cam)
		hang.Release()
		synctest.Wait()
		if v := p.Camera(t, "door").Pool; v.Out != 0 || v.Retired != 0 {
			t.Errorf("at the end the pool is %+v", v)
		}
		if quick.Closed() != 1 || hung.Closed() != 1 {
			t.Errorf("closed %d and %d times, want once each", quick.Closed(), hung.Closed())
		}
	})
}

func TestHungDetectorThatReturnsIsUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quick, hung, hang := hanging(t)
		quick.Script = testkit.Always(1)
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{{Name: "door"}}, Detectors: []*testkit.Detector{quick, hung}})
		p.Until(3050 * ms)
		hang.Release()
		p.Until(4005 * ms)
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		d := p.Detector(t, "door", "hung")
		if d.Late != 1 || d.Timeouts != 1 || d.Error != "" {
			t.Errorf("%d late, %d timeouts, error %q", d.Late, d.Timeouts, d.Error)
		}
		// It has run on the frame that was there when it came back, or the next one, and on every
		// other one since.
		if d.Runs < 10 || d.Runs > 12 {
			t.Errorf("%d runs, want about one for each of the 10 frames since", d.Runs)
		}
		if v := p.Camera(t, "door").Pool; v.Out != 0 || v.Retired != 0 || v.RetiredTotal != 1 {
			t.Errorf("pool %+v", v)
		}
	})
}

// Only the pipeline watches the timeout of a detached detector.
func TestDetachedWhileItHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quick, hung, hang := hanging(t)
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{{Name: "door"}}, Detectors: []*testkit.Detector{quick, hung}})
		p.Until(350 * ms)
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.Detach, Detector: "hung"}); err != nil {
			t.Fatal(err)
		}
		p.Until(3005 * ms)
		if v := p.Snapshot().Slots; v.Busy != 0 || v.Revoked != 1 {
			t.Errorf("slots %+v: a detached detector holds on to one", v)
		}
		if n := len(quick.Calls()); n < 20 {
			t.Errorf("the other detector ran %d times in 3 s, of 30 frames", n)
		}
		if v := p.Camera(t, "door").Pool; v.Retired != 1 {
			t.Errorf("pool %+v", v)
		}
		hang.Release()
		synctest.Wait()
		if v := p.Camera(t, "door").Pool; v.Retired != 0 {
			t.Errorf("afterwards pool %+v", v)
		}
	})
}

func TestRemovingACameraDoesNotWaitForWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quick, hung, hang := hanging(t)
		hung.Config.Cameras = []string{"door"}
		p := start(t, testkit.Setup{
			Cameras: []*testkit.Camera{{Name: "door"}, {Name: "yard", First: 33 * ms}}, Detectors: []*testkit.Detector{quick, hung},
		})
		p.Until(450 * ms)
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.RemoveCamera, Camera: "door"}); err != nil {
			t.Fatal(err)
		}
		if took := p.Now() - 450*ms; took != 2*time.Second {
			t.Errorf("it took %v, want 2s", took)
		}
		seen := p.Camera(t, "yard").Seen
		p.Until(4450 * ms)
		if got := p.Camera(t, "yard").Seen - seen; got < 19 || got > 21 {
			t.Errorf("the other camera saw %d frames in the next 2 s, want 20", got)
		}
		hang.Release()
		synctest.Wait()
	})
}

// An inline detector blocks the engine of its camera. One that hangs delays neither the end of
// the program, nor that of its camera, nor commands that wait for it.
func TestInlineDetectorThatHangsIsAbandoned(t *testing.T) {
	for _, how := range []string{"end", "removal"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hang := testkit.NewHang()
				stone := testkit.NewDetector("stone", hang.On(3, testkit.Always(1)))
				stone.Config.Execution, stone.Config.Cameras, stone.Config.TTL = detectors.Inline, []string{"door"}, text.Duration(time.Minute)
				p := start(t, testkit.Setup{
					Cameras: []*testkit.Camera{{Name: "door"}, {Name: "yard"}}, Detectors: []*testkit.Detector{stone},
					Rules: []rules.Config{with(testkit.Rule("late", "stone >= 1"), func(r *rules.Config) { r.Cameras, r.For = []string{"door"}, text.Duration(250*ms) })},
				})
				p.Until(1005 * ms)
				waits := make(chan error, 1)
				if how == "end" {
					go func() {
						waits <- p.Do(context.Background(), runtime.Command{Do: runtime.Disable, Camera: "door", Detector: "stone"})
					}()
				} else {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					waits <- p.Do(ctx, runtime.Command{Do: runtime.Disable, Camera: "door", Detector: "stone"})
					p.Until(10 * time.Second) // the check of all cameras after a command has given up, too
				}
				synctest.Wait()
				before := p.Now()
				if how == "end" {
					if err := p.Stop(); err != nil {
						t.Error(err)
					}
				} else if err := p.Do(t.Context(), runtime.Command{Do: runtime.RemoveCamera, Camera: "door"}); err != nil {
					t.Error(err)
				}
				if took := p.Now() - before; took != 2*time.Second {
					t.Errorf("it took %v, want 2s", took)
				}
				if err := <-waits; err == nil {
					t.Error("the command that waited for it reported success")
				}
				if log := p.Log(); strings.Count(log, "abandoned") != 1 || !strings.Contains(log, "detector=stone") {
					t.Errorf("log:\n%s", log)
				}
				hang.Release()
				synctest.Wait()
				if n := len(p.Sink.Received()); n != 0 {
					t.Errorf("%d events from an ended camera", n)
				}
			})
		})
	}
}

// A clip is finished while the end waits for a hanging detector, not after it.
func TestEvidenceEndsBesideDetectorsThatHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		cfg := clips.DefaultConfig()
		cfg.Dir, cfg.MinFree = dir, 0
		rec := clips.New(clips.Options{
			Config: cfg, Epoch: time.Now(), Grace: 2 * time.Second, Muxer: slow{d: 1500 * ms}, Log: slog.New(slog.DiscardHandler),
		})
		quick, hung, hang := hanging(t)
		quick.Script = testkit.Always(1)
		p := start(t, testkit.Setup{
			Cameras: []*testkit.Camera{{Name: "door"}}, Detectors: []*testkit.Detector{quick, hung}, Clips: rec,
			Rules: []rules.Config{with(testkit.Rule("seen", "quick >= 1"), func(r *rules.Config) { r.Clip = true })},
			Roll:  runtime.Roll{Before: time.Second, After: time.Minute},
		})
		p.Until(3 * time.Second)
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		if took := p.Now() - 3*time.Second; took != 2*time.Second {
			t.Errorf("took %v, want the 2s of the detector", took)
		}
		if n := len(saved(t, dir)); n != 1 {
			t.Errorf("%d clips, want 1", n)
		}
		hang.Release()
		synctest.Wait()
	})
}

// slow is a muxer that takes its time.
type slow struct {
	clips.AVI
	d time.Duration
}

func (s slow) Finish(from, to string) error {
	time.Sleep(s.d)
	return s.AVI.Finish(from, to)
}
