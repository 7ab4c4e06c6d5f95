package ui

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"rvo-tui/capture"
	"rvo-tui/rules"
	"rvo-tui/runtime"
)

// What was done is taken back in the order of last to first, on the cameras that it
// changed.
func TestUndo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{})
		g.keys("e")
		g.keys("+")
		g.keys(append([]string{":"}, append(strings.Split("rule_off blind", ""), "enter")...)...)
		g.sees("modified")
		for _, want := range []runtime.Command{
			{Do: runtime.RuleOn, Camera: "street", Rule: "blind"},
			{Do: runtime.SetRate, Camera: "street", Detector: "heavy", FPS: 10},
			{Do: runtime.RuleOn, Camera: "street", Rule: "motion"},
		} {
			g.keys("u")
			g.sees("taken back: ")
			g.commanded(want)
		}
		if s := g.screen(); strings.Contains(s, "modified") {
			t.Error("it is modified when all is taken back")
		}
		g.keys("u")
		g.sees("nothing to take back")
		g.backend.fail = errors.New("not now")
		g.keys("e")
		g.sees("not now")
		g.keys("u")
		g.sees("nothing to take back")
		g.keys("q")
		g.ends()
	})
}

// A command for all cameras is taken back on those that it changed.
func TestInverse(t *testing.T) {
	s := sample()
	second := s.Cameras[0]
	second.Name = "yard"
	second.Rules = slices.Clone(second.Rules)
	second.Rules[0].Status.State = rules.Disabled
	s.Cameras = append(s.Cameras, second)
	for _, tt := range []struct {
		cmd  runtime.Command
		want []runtime.Command
	}{
		{runtime.Command{Do: runtime.RuleOff, Rule: "motion"}, []runtime.Command{{Do: runtime.RuleOn, Camera: "street", Rule: "motion"}}},
		{runtime.Command{Do: runtime.RuleOn, Rule: "motion"}, []runtime.Command{{Do: runtime.RuleOff, Camera: "yard", Rule: "motion"}}},
		{runtime.Command{Do: runtime.Enable, Detector: "motion"}, nil},
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
