package ui

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"rvo-tui/capture"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// Changes are undone from last to first, on the cameras that they changed.
func TestUndo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{})
		g.keys("e")
		g.keys("+")
		g.keys(append([]string{":"}, append(strings.Split("rule_off blind", ""), "enter")...)...)
		for _, want := range []runtime.Command{
			{Do: runtime.RuleOn, Camera: "street", Rule: "blind"},
			{Do: runtime.SetRate, Camera: "street", Detector: "heavy", FPS: 10},
			{Do: runtime.RuleOn, Camera: "street", Rule: "motion"},
		} {
			g.keys("u")
			g.sees("undone: ")
			g.commanded(want)
			if want.Do == runtime.RuleOn && want.Rule == "blind" {
				g.sees("undone: rule_off blind")
			}
		}
		g.keys("u")
		g.sees("nothing to undo")
		g.backend.fail = errors.New("not now")
		g.keys("e")
		g.sees("not now")
		g.keys("u")
		g.sees("nothing to undo")
		g.keys("q")
		g.ends()
	})
}

// A command for all cameras is undone on those that it changed.
func TestInverse(t *testing.T) {
	s := sample()
	second := s.Cameras[0]
	second.Name = "yard"
	second.Rules = slices.Clone(second.Rules)
	second.Rules[0].Status.State = rules.Disabled
	second.Rules[1].Status.State, second.Rules[1].Hours = rules.Inactive, &engine.HoursView{Active: []string{"22:00-06:00"}}
	second.Rules[2].Hours = &engine.HoursView{Active: []string{"00:00-24:00"}}
	s.Cameras = append(s.Cameras, second)
	for _, tt := range []struct {
		cmd  runtime.Command
		want []runtime.Command
	}{
		{runtime.Command{Do: runtime.RuleOff, Rule: "motion"}, []runtime.Command{{Do: runtime.RuleOn, Camera: "street", Rule: "motion"}}},
		{runtime.Command{Do: runtime.RuleOn, Rule: "motion"}, []runtime.Command{{Do: runtime.RuleOff, Camera: "yard", Rule: "motion"}}},
		{runtime.Command{Do: runtime.Enable, Detector: "motion"}, nil},
		{runtime.Command{Do: runtime.Arm, Rule: "parcel_left"}, []runtime.Command{{Do: runtime.Disarm, Camera: "yard", Rule: "parcel_left"}}},
		{runtime.Command{Do: runtime.Disarm}, []runtime.Command{{Do: runtime.Arm, Camera: "yard", Rule: "blind"}}},
		{runtime.Command{Do: runtime.Pause, Camera: "door"}, []runtime.Command{{Do: runtime.Resume, Camera: "door"}}},
		{runtime.Command{Do: runtime.Resume, Camera: "door"}, nil},
		{runtime.Command{Do: runtime.SaveClip, Camera: "door"}, nil},
		{runtime.Command{Do: runtime.AddCamera, Added: &capture.Config{Name: "new"}}, []runtime.Command{{Do: runtime.RemoveCamera, Camera: "new"}}},
		{runtime.Command{Do: runtime.Detach, Camera: "street", Detector: "motion"}, nil},
	} {
		if got := inverse(s, tt.cmd); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%+v is taken back by %+v, want %+v", tt.cmd, got, tt.want)
		}
	}
}

// sampleDiff is a difference between the running configuration and a file.
func sampleDiff() runtime.FileDiff {
	return runtime.FileDiff{
		File: "rvo.toml", ID: "1a2b", TOML: "# rule \"blind\", line 34\ndisabled_on = [\"yard\"]\n",
		Changes: []runtime.FileChange{
			{What: `detector "motion"`, Line: 12, Old: "max_fps = 10   # runs per second\n", New: "max_fps = 5   # runs per second\n"},
			{What: `rule "blind"`, Line: 34, New: "disabled_on = [\"yard\"]\n"},
		},
		Unwritable: []runtime.Unwritable{{What: `camera "yard" is paused`, Why: "a pause lasts until the program ends"}},
	}
}

// Changes are written to the file only after they were shown.
func TestWriteIsShownFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sampleDiff()
		var written []string
		g := start(t, Options{
			Diff:  func(context.Context) (runtime.FileDiff, error) { return d, nil },
			Write: func(_ context.Context, id string) error { written = append(written, id); return nil },
		})
		if strings.Contains(g.screen(), "modified") {
			t.Error("it is modified at the start")
		}
		g.show(func(s *runtime.Snapshot) { s.Modified = 1 })
		g.sees("modified")
		g.keys("D")
		g.sees(`+disabled_on = ["yard"]`)
		g.sees("a pause lasts until the program ends")
		g.keys("n")
		g.settle()
		if len(written) > 0 {
			t.Errorf("wrote %q unasked", written)
		}
		g.keys(append([]string{":"}, append(strings.Split("write", ""), "enter")...)...)
		g.sees("Write this to the file?")
		g.keys("y")
		g.sees("written to the configuration file")
		if !slices.Equal(written, []string{"1a2b"}) {
			t.Errorf("wrote %q", written)
		}
		d.Refused = "it has changed"
		g.keys("W")
		g.sees("The TOML was copied")
		g.keys("y")
		g.settle()
		if len(written) != 1 {
			t.Errorf("wrote %q although that was refused", written)
		}
		g.keys("esc")
		g.keys("q")
		g.ends()
	})
}
