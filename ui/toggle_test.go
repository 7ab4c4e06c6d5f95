package ui

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/runtime"
	"rvo-tui/ui/pane"
)

// verbs returns what was commanded, in order.
func (g *program) verbs() (verbs []runtime.Verb) {
	for _, c := range g.backend.did() {
		verbs = append(verbs, c.Do)
	}
	return verbs
}

// slow makes a verb take a second.
func slow(verb runtime.Verb) func(runtime.Command) {
	return func(c runtime.Command) {
		if c.Do == verb {
			time.Sleep(time.Second)
		}
	}
}

// A key pressed again before a snapshot shows the effect of the first press switches back, and is
// carried out after it.
func TestKeysBetweenTwoSnapshots(t *testing.T) {
	for _, tt := range []struct {
		key     string
		on, off runtime.Verb
	}{
		{"p", runtime.Resume, runtime.Pause},
		{"space", runtime.Enable, runtime.Disable},
		{"e", runtime.RuleOn, runtime.RuleOff},
	} {
		t.Run(tt.key, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := start(t, Options{})
				g.backend.before = slow(tt.off)
				g.keys(tt.key, tt.key, tt.key)
				time.Sleep(3 * time.Second)
				synctest.Wait()
				if got, want := g.verbs(), []runtime.Verb{tt.off, tt.on, tt.off}; !slices.Equal(got, want) {
					t.Errorf("commanded %v, want %v", got, want)
				}
				g.keys("q")
				g.ends()
			})
		})
	}
}

func TestRateBetweenTwoSnapshots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{})
		g.keys("+")
		g.keys("+")
		g.commanded(runtime.Command{Do: runtime.SetRate, Camera: "street", Detector: "heavy", FPS: 15})
		g.keys("u")
		g.commanded(runtime.Command{Do: runtime.SetRate, Camera: "street", Detector: "heavy", FPS: 12})
		g.keys("q")
		g.ends()
	})
}

// Once a snapshot shows the effect of a command, or that it had none, keys go by snapshots again.
func TestKeysGoBySnapshots(t *testing.T) {
	paused := func(s *runtime.Snapshot) { s.Cameras[0].State = capture.Paused }
	live := func(*runtime.Snapshot) {}
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{})
		g.keys("p")
		g.show(live) // from before the effect
		g.show(paused)
		g.show(live) // resumed by somebody else
		g.keys("p")
		for range 4 {
			g.show(live) // it had no effect
		}
		g.keys("p")
		g.backend.fail = errors.New("not now")
		g.keys("p")
		g.keys("p")
		if got, want := g.verbs(), []runtime.Verb{runtime.Pause, runtime.Pause, runtime.Pause, runtime.Resume, runtime.Pause}; !slices.Equal(got, want) {
			t.Errorf("commanded %v, want %v", got, want)
		}
		g.keys("q")
		g.ends()
	})
}

// The selected detector stays the selected one while its pane is hidden and the list is sorted
// anew.
func TestSelectionOfAHiddenPane(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 120, 40)
	m.View()
	before := m.detector().Name
	m.focusOn(pane.Log)
	m.zoom = true
	m.arrange()
	s := sample()
	s.At, s.Alerts = s.At.Add(time.Second), s.Alerts[:2] // without the one about the first detector
	m.take(feedMsg{snap: s})
	m.View()
	if m.scene.Detectors()[0].Name == before {
		t.Fatalf("%s is still the first", before)
	}
	if got := m.detector().Name; got != before {
		t.Errorf("%s is selected, want %s", got, before)
	}
}
