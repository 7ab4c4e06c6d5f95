package ui

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/runtime"
)

// What comes of an attachment is told even if its form was closed meanwhile.
func TestAttachmentOfAClosedForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{})
		g.backend.before, g.backend.fail = slow(runtime.Attach), errors.New("the model is missing")
		g.keys("a", "enter", "enter", "esc")
		time.Sleep(time.Second)
		g.settle()
		g.sees("the model is missing")
		g.keys("q")
		g.ends()
	})
}

// A camera that was added is shown once it is there, which may take some snapshots.
func TestAddedCameraIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{Try: func(context.Context, capture.Config) error { return nil }})
		g.keys("A", "enter")
		all := g.backend.did()
		if len(all) != 1 || all[0].Added == nil {
			t.Fatalf("commanded %+v", all)
		}
		name := all[0].Added.Name
		g.show(func(*runtime.Snapshot) {})
		g.show(func(s *runtime.Snapshot) {
			s.Cameras = append(s.Cameras, s.Cameras[1])
			s.Cameras[2].Name = name
		})
		if g.m.camera != name {
			t.Errorf("%s is shown, want %s", g.m.camera, name)
		}
		g.keys("q")
		g.ends()
	})
}

// A camera menu is not changed by what a closed one has asked for.
func TestAnswersToAClosedCameraMenu(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{
			Devices: func() []capture.Choice {
				time.Sleep(time.Second)
				return []capture.Choice{{Source: "device:4", Label: "webcam"}}
			},
			Try: func(context.Context, capture.Config) error {
				time.Sleep(2 * time.Second)
				return nil
			},
		})
		g.keys("A", "enter", "esc", "A")
		time.Sleep(3 * time.Second)
		g.settle()
		if s := g.screen(); strings.Count(s, "device:4") != 1 {
			t.Errorf("not one device:\n%s", s)
		}
		if all := g.backend.did(); len(all) > 0 {
			t.Errorf("a cancelled camera was added: %+v", all)
		}
		g.keys("esc", "q")
		g.ends()
	})
}
