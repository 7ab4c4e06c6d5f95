package runtime_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/testkit"
)

// A reload replaces what has changed and leaves everything else running: cameras stream,
// detectors keep their instance and counters, rules their state.
func TestReloadReplacesOnlyWhatChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, changed, gone, fresh, added := testkit.NewDetector("kept", testkit.Always(1)), testkit.NewDetector("changed", testkit.Always(1)),
			testkit.NewDetector("gone", testkit.Always(1)), testkit.NewDetector("fresh", testkit.Always(1)), testkit.NewDetector("added", testkit.Always(1))
		door, yard, lane := &testkit.Camera{Name: "door"}, &testkit.Camera{Name: "yard"}, &testkit.Camera{Name: "lane"}
		stays, leaves, comes := testkit.Rule("stays", "kept >= 1"), testkit.Rule("leaves", "gone >= 1"), testkit.Rule("comes", "fresh >= 1")
		stays.Cooldown = text.Duration(time.Hour)
		p := start(t, testkit.Setup{
			Cameras: []*testkit.Camera{door, yard}, Addable: []*testkit.Camera{lane},
			Detectors: []*testkit.Detector{kept, changed, gone}, Attachable: []*testkit.Detector{fresh, added},
			Rules: []rules.Config{stays, leaves},
		})
		p.Until(1005 * ms)
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.Attach, Attached: &added.Config, Camera: "door"}); err != nil {
			t.Fatal(err)
		}
		runs := p.Detector(t, "door", "kept").Runs
		faster := changed.Config
		faster.MaxFPS = changed.Config.MaxFPS / 2
		// The signal of a removed detector is free for a new one.
		fresh.Config.Signal = "fresh"
		err := p.Do(t.Context(), runtime.Command{Do: runtime.Reload, Setup: &runtime.Setup{
			Cameras:   []capture.Config{lane.Config(), door.Config()},
			Detectors: []detectors.Config{fresh.Config, faster, kept.Config},
			Rules:     []rules.Config{comes, stays},
		}})
		if err != nil {
			t.Fatal(err)
		}
		p.Until(2005 * ms)
		// Everything is listed in configured order, with what was added by command at the end.
		var names []string
		for _, c := range p.Snapshot().Cameras {
			names = append(names, c.Name)
		}
		if want := []string{"lane", "door"}; !slices.Equal(names, want) {
			t.Fatalf("cameras %v, want %v", names, want)
		}
		if c := p.Camera(t, "door"); c.Connects != 1 || c.Seen < 19 {
			t.Errorf("door was opened %d times and gave %d frames: it was to stream on", c.Connects, c.Seen)
		}
		if d := p.Detector(t, "door", "kept"); d.Runs <= runs || d.Restarts != 0 {
			t.Errorf("kept has %d runs after %d, and %d restarts", d.Runs, runs, d.Restarts)
		}
		if d := p.Detector(t, "door", "changed"); d.MaxFPS != faster.MaxFPS || d.Runs > 15 {
			t.Errorf("changed runs at %v, %d runs: it should have started over", d.MaxFPS, d.Runs)
		}
		var attached, watched []string
		for _, d := range p.Camera(t, "door").Detectors {
			attached = append(attached, d.Name)
		}
		if want := []string{"fresh", "changed", "kept", "added"}; !slices.Equal(attached, want) {
			t.Errorf("at work: %v, want %v", attached, want)
		}
		fired := map[string]uint64{}
		for _, r := range p.Camera(t, "door").Rules {
			watched = append(watched, r.Event)
			fired[r.Event] = r.Status.Fired
		}
		if want := []string{"comes", "stays"}; !slices.Equal(watched, want) {
			t.Errorf("rules: %v, want %v", watched, want)
		}
		if _, there := fired["leaves"]; there || fired["stays"] != 1 || fired["comes"] != 1 {
			t.Errorf("rules and how often they fired: %v; stays was to keep its cooldown", fired)
		}
	})
}

// A camera that is replaced keeps its place. While it is missing, the loop reports reloading.
func TestReloadUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quick, hung, hang := hanging(t)
		hung.Config.Cameras = []string{"door"}
		door, yard := &testkit.Camera{Name: "door"}, &testkit.Camera{Name: "yard"}
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{door, yard}, Detectors: []*testkit.Detector{quick, hung}})
		t.Cleanup(hang.Release)
		p.Until(450 * ms)
		changed := door.Config()
		changed.StallTimeout = text.Duration(time.Minute)
		done := make(chan error, 1)
		go func() {
			done <- p.Do(t.Context(), runtime.Command{Do: runtime.Reload, Setup: &runtime.Setup{
				Cameras: []capture.Config{changed, yard.Config()}, Detectors: []detectors.Config{quick.Config},
			}})
		}()
		synctest.Wait()
		s := p.Snapshot()
		if len(s.Cameras) != 1 || !s.Loop.Reloading {
			t.Errorf("with %d cameras the loop is %+v", len(s.Cameras), s.Loop)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		p.Until(p.Now() + 200*ms)
		s = p.Snapshot()
		if s.Loop.Reloading || len(s.Cameras) != 2 || s.Cameras[0].Name != "door" || s.Cameras[0].State != capture.Live || s.Cameras[1].State != capture.Live {
			t.Errorf("in the end the loop is %+v, and cameras are %+v", s.Loop, s.Cameras)
		}
	})
}

// A confirmed event ends when its rule is removed.
func TestReloadEndsTheIncidentOfARuleThatGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, door := testkit.NewDetector("a", testkit.Always(1)), &testkit.Camera{Name: "door"}
		rule := testkit.Rule("seen", "a >= 1")
		rule.Phases = true
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{door}, Detectors: []*testkit.Detector{a}, Rules: []rules.Config{rule}})
		p.Until(1005 * ms)
		err := p.Do(t.Context(), runtime.Command{Do: runtime.Reload, Setup: &runtime.Setup{
			Cameras: []capture.Config{door.Config()}, Detectors: []detectors.Config{a.Config},
		}})
		if err != nil {
			t.Fatal(err)
		}
		p.Until(1505 * ms)
		var phases []rules.Phase
		for _, c := range p.Sink.Received() {
			phases = append(phases, c.Event.Phase)
		}
		if len(phases) != 2 || phases[0] != rules.PhaseConfirmed || phases[1] != rules.PhaseEnded {
			t.Errorf("reported %v, want the incident confirmed and ended", phases)
		}
	})
}

// A camera that does not respond to a reload in time gets its changes with the next one.
func TestReloadIsMadeUpFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := testkit.NewHang()
		t.Cleanup(hang.Release)
		a, blocks, door := testkit.NewDetector("a", testkit.Always(1)), testkit.NewDetector("blocks", hang.On(3, testkit.Always(1))), &testkit.Camera{Name: "door"}
		blocks.Config.Execution = detectors.Inline
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{door}, Detectors: []*testkit.Detector{a, blocks}, Rules: []rules.Config{testkit.Rule("seen", "a >= 1")}})
		p.Until(1005 * ms)
		slower := a.Config
		slower.MaxFPS = a.Config.MaxFPS / 2
		next := runtime.Setup{
			Cameras: []capture.Config{door.Config()}, Detectors: []detectors.Config{slower, blocks.Config}, Rules: []rules.Config{testkit.Rule("seen", "a >= 2")},
		}
		hurried, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		busy := make(chan time.Duration, 1)
		time.AfterFunc(500*ms, func() { busy <- p.Snapshot().Loop.Busy })
		if err := p.Do(hurried, runtime.Command{Do: runtime.Reload, Setup: &next}); err == nil {
			t.Fatal("a camera that hangs has taken part in a reload")
		}
		if d := <-busy; d != 500*ms {
			t.Errorf("after 500ms the loop was busy for %v", d)
		}
		hang.Release()
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.Reload, Setup: &next}); err != nil {
			t.Fatal(err)
		}
		if d, r := p.Detector(t, "door", "a"), p.Camera(t, "door").Rules[0]; d.MaxFPS != slower.MaxFPS || r.When != "a >= 2" {
			t.Errorf("it runs at %v under the rule %q, want %v and \"a >= 2\"", d.MaxFPS, r.When, slower.MaxFPS)
		}
	})
}

// A detector that was attached by command looks at the zones as they are, also on a camera that is
// restarted.
func TestReloadMovesTheZonesOfAddedDetectors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		added := testkit.NewDetector("added", testkit.Always(1))
		added.Config.Zones = []string{"yard"}
		door := &testkit.Camera{Name: "door"}
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{door}, Attachable: []*testkit.Detector{added}})
		p.Until(205 * ms)
		setup := runtime.Setup{Cameras: []capture.Config{door.Config()}}
		reload := func() {
			t.Helper()
			if err := p.Do(t.Context(), runtime.Command{Do: runtime.Reload, Setup: &setup}); err != nil {
				t.Fatal(err)
			}
		}
		at := func(left float64) {
			setup.Zones = []detectors.Zone{{Name: "yard", Rect: []float64{left, 0, 0.5, 1}}}
			reload()
		}
		within := func() float64 {
			t.Helper()
			list, err := p.Running(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if d := list[0].Detectors; len(d) == 1 && len(d[0].Within) == 1 {
				return d[0].Within[0][0][0]
			}
			t.Fatalf("running: %+v", list[0].Detectors)
			return 0
		}
		at(0.1)
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.Attach, Attached: &added.Config}); err != nil {
			t.Fatal(err)
		}
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.SetRate, Detector: "added", FPS: 7}); err != nil {
			t.Fatal(err)
		}
		at(0.2)
		if x := within(); x != 0.2 {
			t.Errorf("its zone begins at %v, want 0.2", x)
		}
		setup.Cameras[0].StallTimeout = text.Duration(time.Minute)
		at(0.3)
		if x := within(); x != 0.3 {
			t.Errorf("after a restart of the camera its zone begins at %v, want 0.3", x)
		}
		setup.Zones = nil
		reload()
		if x, fps := within(), p.Detector(t, "door", "added").MaxFPS; x != 0.3 || fps != 7 {
			t.Errorf("without the zone its zone begins at %v, and its rate is %v; want 0.3 and 7", x, fps)
		}
	})
}

func TestReloadNeedsASetup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{{Name: "door"}}})
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.Reload}); err == nil {
			t.Error("nothing was reloaded without an error")
		}
	})
}
