package ui

import (
	"context"
	"reflect"
	"testing"
	"testing/synctest"

	tea "charm.land/bubbletea/v2"

	"rvo-tui/detectors/zone"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// edited records the file changes that the dashboard requests.
type edited struct {
	shown, written []runtime.FileEdit
	reverted       string
}

func (e *edited) revert(_ context.Context, id string) error {
	e.reverted = id
	return nil
}

func (e *edited) edit(_ context.Context, edits []runtime.FileEdit, write bool) (runtime.FileDiff, error) {
	e.shown = edits
	if write {
		e.written = edits
	}
	return runtime.FileDiff{
		File: "rvo.toml", ID: "1a2b", TOML: "[[zone]]\n",
		Changes: []runtime.FileChange{{What: `zone "door"`, Line: 40, New: "[[zone]]\nname = \"door\"\n"}},
	}, nil
}

// sketching runs a test with a dashboard that draws on a camera with one zone and one line.
func sketching(t *testing.T, test func(g *program, e *edited)) {
	synctest.Test(t, func(t *testing.T) {
		e := &edited{}
		g := start(t, Options{Edit: e.edit, Revert: e.revert})
		g.show(func(s *runtime.Snapshot) {
			s.Cameras[0].Zones = []engine.ZoneView{{Name: "yard", Points: zone.Rect(0.25, 0.25, 0.5, 0.5)}}
			s.Cameras[0].Lines = []engine.LineView{{Name: "gate", Points: [2]zone.Point{{0.125, 1}, {0.125, 0}}, Directions: [2]string{"in", "out"}}}
			s.Cameras[0].Tracks = []engine.TrackView{{ID: 7, State: "unknown", Path: []zone.Point{{0.3, 0.9}, {0.6, 0.9}}}}
		})
		g.keys("d")
		g.show(func(s *runtime.Snapshot) { s.Cameras[0] = g.m.newest.Cameras[0] }) // so that the frame fills the screen
		test(g, e)
		g.keys("q")
		g.ends()
	})
}

func TestDrawZoneByKeys(t *testing.T) {
	sketching(t, func(g *program, e *edited) {
		g.sees("new zone")
		k := g.m.scene.Shots[g.m.camera].Canvas
		g.sees("gate")
		g.sees("yard")
		g.sees("#7 unknown")
		g.keys("space")
		for range 3 {
			g.keys("shift+right", "shift+down")
		}
		g.keys("space")
		g.sees("name:")
		g.keys("1", "enter")
		g.sees("use a letter")
		g.keys("backspace")
		g.keys(append(letters("door"), "enter")...)
		g.sees("Write this to the file?")
		g.sees(`+name = "door"`)
		if len(e.written) > 0 {
			t.Error("written before it was shown")
		}
		g.keys("y")
		g.sees("written to the configuration file")
		side := func(n int) float64 { return hundredths(hundredths(0.5+24/float64(n)) - 0.5) }
		want := []runtime.FileEdit{{Table: "zone", Name: "door", Camera: "street", Set: map[string]any{
			"rect": []any{0.5, 0.5, side(k.W), min(side(k.H), 0.5)}, "points": nil,
		}}}
		if !reflect.DeepEqual(e.written, want) {
			t.Errorf("wrote %+v, want %+v", e.written, want)
		}
		g.keys("u") // as any other change
		g.sees("undone: zone \"door\"")
		if e.reverted != "1a2b" {
			t.Errorf("%q was taken back", e.reverted)
		}
		g.keys("u")
		g.sees("nothing to undo")
	})
}

func TestDrawLineByMouse(t *testing.T) {
	sketching(t, func(g *program, e *edited) {
		g.keys("tab")
		g.sees("new line")
		var left, top, right, bottom int
		for y := range 40 {
			for x := range 120 {
				if p, ok := g.m.inFrame(x, y); ok && p == (zone.Point{0, 0}) {
					left, top = x, y
				} else if ok && p == (zone.Point{1, 1}) {
					right, bottom = x, y
				}
			}
		}
		g.p.Send(tea.MouseClickMsg{X: left, Y: top, Button: tea.MouseLeft})
		g.p.Send(tea.MouseMotionMsg{X: left + 9, Y: bottom, Button: tea.MouseLeft})
		g.p.Send(tea.MouseReleaseMsg{X: right, Y: bottom, Button: tea.MouseLeft})
		g.settle()
		g.keys(append(letters("fence"), "enter")...)
		want := []runtime.FileEdit{{Table: "line", Name: "fence", Camera: "street", Set: map[string]any{
			"points": []any{[]any{0.0, 0.0}, []any{1.0, 1.0}}, "directions": []any{"in", "out"},
		}}}
		if !reflect.DeepEqual(e.shown, want) {
			t.Errorf("asked for %+v, want %+v", e.shown, want)
		}
		g.keys("n") // no: nothing is written
		if len(e.written) > 0 {
			t.Errorf("wrote %+v unasked", e.written)
		}
	})
}

func TestChangeAndRemovePlaces(t *testing.T) {
	sketching(t, func(g *program, e *edited) {
		g.keys("n")
		g.sees("zone yard")
		g.keys("space")
		g.keys("enter")
		want := []runtime.FileEdit{{Table: "zone", Name: "yard", Camera: "street", Set: map[string]any{
			"rect": []any{0.25, 0.25, 0.5, 0.5}, "points": nil,
		}}}
		if !reflect.DeepEqual(e.shown, want) {
			t.Errorf("asked for %+v, want %+v", e.shown, want)
		}
		g.keys("n", "d", "n", "space", "2", "enter") // renamed, it keeps its other keys, such as privacy
		want[0].Set["name"] = "yard2"
		if !reflect.DeepEqual(e.shown, want) {
			t.Errorf("asked for %+v, want %+v", e.shown, want)
		}
		g.keys("n", "d", "n", "n")
		g.sees("line gate")
		g.keys("x")
		if want := []runtime.FileEdit{{Table: "line", Name: "gate", Camera: "street", Remove: true}}; !reflect.DeepEqual(e.shown, want) {
			t.Errorf("asked for %+v, want %+v", e.shown, want)
		}
		g.keys("n")
	})
}

func TestDrawNothing(t *testing.T) {
	sketching(t, func(g *program, e *edited) {
		g.keys("space", "space")
		g.sees("this zone points 1 and 2 are the same")
		g.keys("esc", "esc")
		if g.m.overlay != nil || g.m.scene.Sketch != nil || g.m.zoom {
			t.Error("it still draws")
		}
		if len(e.shown) > 0 {
			t.Errorf("asked for %+v", e.shown)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{})
		g.keys("d")
		g.sees("there is no configuration file to save zones and lines to")
		g.keys("q")
		g.ends()
	})
}
