package runtime_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime"
	"rvo-tui/runtime/testkit"
)

// closing returns a pipeline whose camera "door" is being removed, which takes 2 s because of a
// detector that hangs, and the result of the removal.
func closing(t *testing.T, loose ...*testkit.Detector) (p *testkit.Pipeline, removed chan error) {
	quick, hung, hang := hanging(t)
	hung.Config.Cameras = []string{"door"}
	p = start(t, testkit.Setup{
		Cameras: []*testkit.Camera{{Name: "door"}, {Name: "yard", First: 33 * ms}}, Detectors: []*testkit.Detector{quick, hung}, Attachable: loose,
	})
	t.Cleanup(hang.Release)
	p.Until(450 * ms)
	removed = make(chan error, 1)
	go func() {
		removed <- p.Do(context.Background(), runtime.Command{Do: runtime.RemoveCamera, Camera: "door"})
	}()
	synctest.Wait()
	return p, removed
}

func TestOthersAreServedWhileACameraWindsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := testkit.NewDetector("late", testkit.Always(1))
		p, removed := closing(t, late)
		snapshots, cancel := p.Subscribe()
		defer cancel()
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.Attach, Attached: &late.Config}); err != nil {
			t.Error(err)
		}
		err := p.Do(t.Context(), runtime.Command{Do: runtime.Pause, Camera: "door"})
		if want := `pause: camera "door" is being closed; try again in a moment`; err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		s := <-snapshots
		if p.Now() > 650*ms {
			t.Errorf("served only at %v", p.Now())
		}
		if len(s.Cameras) != 1 || s.Cameras[0].Name != "yard" {
			t.Errorf("meanwhile cameras are %+v", s.Cameras)
		}
		if err := <-removed; err != nil || p.Now() != 2450*ms {
			t.Errorf("removed at %v: %v", p.Now(), err)
		}
	})
}

// A name is free, and its source closed, when the camera has ended.
func TestNameIsFreeWhenTheCameraHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, removed := closing(t)
		again := (&testkit.Camera{Name: "door"}).Config()
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.AddCamera, Added: &again}); err != nil {
			t.Fatal(err)
		}
		if err := <-removed; err != nil || p.Now() != 2450*ms {
			t.Errorf("added at %v, removed: %v", p.Now(), err)
		}
		p.Until(3505 * ms)
		if v := p.Camera(t, "door"); v.State != capture.Live || v.Seen < 10 {
			t.Errorf("the new one is %s after %d frames", v.State, v.Seen)
		}
	})
}

func TestEndsWhileACameraWindsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, removed := closing(t)
		before := p.Now()
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		if took := p.Now() - before; took > 2*time.Second {
			t.Errorf("took %v", took)
		}
		if err := <-removed; err == nil || !strings.Contains(err.Error(), "stopped") {
			t.Errorf("the removal answers %v", err)
		}
	})
}

// A camera that a reload replaces keeps detectors attached by command.
func TestReloadOfACameraKeepsWhatWasAttached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quick, hung, hang := hanging(t)
		guest, named := testkit.NewDetector("guest", testkit.Always(1)), testkit.NewDetector("named", testkit.Always(1))
		door, yard := &testkit.Camera{Name: "door"}, &testkit.Camera{Name: "yard", First: 33 * ms}
		hung.Config.Cameras = []string{"door"}
		p := start(t, testkit.Setup{
			Cameras: []*testkit.Camera{door, yard}, Detectors: []*testkit.Detector{quick, hung}, Attachable: []*testkit.Detector{guest, named},
		})
		for _, cmd := range []runtime.Command{
			{Do: runtime.Attach, Attached: &guest.Config, Camera: "door"},
			{Do: runtime.SetRate, Detector: "guest", FPS: 5},
			{Do: runtime.Attach, Attached: &named.Config, Camera: "door"},
		} {
			if err := p.Do(t.Context(), cmd); err != nil {
				t.Fatal(err)
			}
		}
		p.Until(450 * ms)
		moved := door.Config()
		moved.FPS = 7
		named.Config.MaxFPS = 3
		reloaded := make(chan error, 1)
		go func() {
			reloaded <- p.Do(context.Background(), runtime.Command{Do: runtime.Reload, Setup: &runtime.Setup{
				Cameras: []capture.Config{moved, yard.Config()}, Detectors: []detectors.Config{quick.Config, named.Config},
			}})
		}()
		synctest.Wait()
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.Disable, Detector: "quick"}); err != nil || p.Now() != 450*ms {
			t.Errorf("meanwhile others wait until %v: %v", p.Now(), err)
		}
		if err := <-reloaded; err != nil || p.Now() != 2450*ms {
			t.Fatalf("reloaded at %v: %v", p.Now(), err)
		}
		p.Until(4 * time.Second)
		rates := map[string]float64{}
		for _, d := range p.Camera(t, "door").Detectors {
			rates[d.Name] = d.MaxFPS
		}
		if len(rates) != 3 || rates["guest"] != 5 || rates["named"] != 3 {
			t.Errorf("at work with rates %v: guest was to stay at 5, named to be the configured one, hung to go", rates)
		}
		if p.Detector(t, "door", "guest").Runs == 0 {
			t.Error("guest does not run")
		}
		hang.Release()
		synctest.Wait()
	})
}

// The run ends when the last live camera is removed, if all others have ended.
func TestEndsWhenTheLastLiveCameraIsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, testkit.Setup{
			Cameras: []*testkit.Camera{{Name: "film", File: true, Count: 3}, {Name: "door"}}, ExitWhenEnded: true,
		})
		p.Until(time.Second)
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.RemoveCamera, Camera: "door"}); err != nil {
			t.Fatal(err)
		}
		if err := p.Wait(); err != nil || p.Now() > 1500*ms {
			t.Errorf("ended at %v: %v", p.Now(), err)
		}
	})
}

// Removing the last camera does not end the run: the user is likely to add another one.
func TestGoesOnWithoutAnyCamera(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		film := &testkit.Camera{Name: "film", File: true, Count: 3}
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{{Name: "door"}}, Addable: []*testkit.Camera{film}, ExitWhenEnded: true})
		p.Until(time.Second)
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.RemoveCamera, Camera: "door"}); err != nil {
			t.Fatal(err)
		}
		p.Until(10 * time.Second)
		cfg := film.Config()
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.AddCamera, Added: &cfg}); err != nil {
			t.Fatal(err)
		}
		if err := p.Wait(); err != nil || p.Now() < 10*time.Second {
			t.Errorf("ended at %v: %v", p.Now(), err)
		}
	})
}
