package runtime_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/testkit"
)

// Changes by command count as modified until they are undone, or become configured.
func TestModified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := testkit.NewDetector("a", testkit.Always(1)), testkit.NewDetector("b", testkit.Always(1))
		rule := testkit.Rule("person", "a >= 1")
		rule.DisabledOn = []string{"yard"}
		p := start(t, testkit.Setup{
			Cameras:   []*testkit.Camera{{Name: "door"}, {Name: "yard"}},
			Detectors: []*testkit.Detector{a}, Attachable: []*testkit.Detector{b},
			Rules: []rules.Config{rule},
		})
		p.Until(505 * ms)
		for _, c := range []struct {
			cmd  runtime.Command
			want int
		}{
			{runtime.Command{Do: runtime.RuleOff, Rule: "person", Camera: "yard"}, 0}, // it is
			{runtime.Command{Do: runtime.RuleOff, Rule: "person", Camera: "door"}, 1},
			{runtime.Command{Do: runtime.SetRate, Detector: "a", FPS: 3}, 3},
			{runtime.Command{Do: runtime.RuleOn, Rule: "person", Camera: "door"}, 2},
			{runtime.Command{Do: runtime.Disable, Detector: "a", Camera: "yard"}, 2},
			{runtime.Command{Do: runtime.Pause, Camera: "yard"}, 3},
			{runtime.Command{Do: runtime.Attach, Attached: &b.Config}, 5},
			{runtime.Command{Do: runtime.Detach, Detector: "a", Camera: "door"}, 5},
			{runtime.Command{Do: runtime.RemoveCamera, Camera: "yard"}, 3},
		} {
			if err := p.Do(t.Context(), c.cmd); err != nil {
				t.Fatal(err)
			}
			if got := p.Snapshot().Modified; got != c.want {
				t.Errorf("after %s %d are modified, want %d", c.cmd.Do, got, c.want)
			}
		}
		running, err := p.Running(t.Context())
		if err != nil || len(running) != 1 {
			t.Fatal(running, err)
		}
		var names []string
		var attached []detectors.Config
		for _, d := range running[0].Detectors {
			names, attached = append(names, d.Name), append(attached, d)
		}
		if !slices.Equal(names, []string{"b"}) {
			t.Errorf("it runs %q", names)
		}
		setup := &runtime.Setup{Cameras: []capture.Config{running[0].Config}, Detectors: attached, Rules: running[0].Rules, Runs: true}
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.Reload, Setup: setup}); err != nil {
			t.Fatal(err)
		}
		if got := p.Snapshot().Modified; got != 0 {
			t.Errorf("%d are modified when this is the configuration", got)
		}
	})
}
