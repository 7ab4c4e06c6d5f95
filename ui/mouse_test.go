package ui

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"rvo-tui/runtime"
	"rvo-tui/ui/draw"
	"rvo-tui/ui/pane"
)

var clickedSizes = [][2]int{{80, 24}, {120, 40}, {200, 60}}

// spots returns the position of each target on the screen, by its kind and argument.
func spots(m *model) map[string][2]int {
	found := map[string][2]int{}
	for y, l := range m.lines() {
		for i := range l {
			if !strings.HasPrefix(l[i:], "\x1b_") {
				continue
			}
			x := draw.Width(l[:i])
			if list := draw.TargetsAt(l, x); len(list) > 0 {
				t := list[len(list)-1]
				if _, known := found[t.What+" "+t.Arg]; !known {
					found[t.What+" "+t.Arg] = [2]int{x, y}
				}
			}
		}
	}
	return found
}

// clicking clicks on targets, one after the other. A resulting command is executed.
func clicking(t *testing.T, m *model, targets ...string) {
	t.Helper()
	for _, target := range targets {
		at, ok := spots(m)[target]
		if !ok {
			t.Fatalf("%q cannot be clicked at %dx%d:\n%s", target, m.w, m.h, ansi.Strip(m.View().Content))
		}
		if _, cmd := m.Update(tea.MouseClickMsg{X: at[0], Y: at[1], Button: tea.MouseLeft}); cmd != nil && !m.quit {
			m.Update(cmd())
		}
	}
}

// standing is the state that a key may have changed.
func standing(m *model) string {
	return fmt.Sprintf("%v %v %v %v %T %q %v %v %v", m.focus, m.tab, m.zoom, m.frozen, m.overlay, m.notice.text, m.scene.Preview, m.quit, m.backend.(*fake).did())
}

func TestClickedKeysActAsKeys(t *testing.T) {
	for _, size := range clickedSizes {
		fresh := func() *model { return shown(t, newFake(), DefaultConfig(), size[0], size[1]) }
		m := fresh()
		lines := m.lines()
		for x, r := range []rune(ansi.Strip(lines[len(lines)-1])) {
			if r != ' ' && len(m.targets(x, m.h-1)) == 0 {
				t.Errorf("%v: nothing happens at %d of the last line", size, x)
			}
		}
		n := 0
		for target := range spots(m) {
			what, arg, _ := strings.Cut(target, " ")
			if n++; what != draw.OnAction || arg == string(actSave) { // which writes a file
				continue
			}
			byMouse, byKey := fresh(), fresh()
			clicking(t, byMouse, target)
			if cmd := byKey.do(action(arg)); cmd != nil && !byKey.quit {
				byKey.Update(cmd())
			}
			if a, b := standing(byMouse), standing(byKey); a != b {
				t.Errorf("%v: a click on %s: %s; its key: %s", size, arg, a, b)
			}
		}
		if n < 8 {
			t.Errorf("%v: only %d keys can be clicked", size, n)
		}
	}
}

func TestFirstLineIsClicked(t *testing.T) {
	for _, size := range clickedSizes {
		f := newFake()
		f.snap.Modified = 2
		m := shown(t, f, DefaultConfig(), size[0], size[1])
		clicking(t, m, "action alerts")
		if m.focus != pane.Alerts {
			t.Errorf("%v: a click on the alert shows %v", size, m.focus)
		}
		at := spots(m)
		if at["action alerts"][1] != 0 || at["action diff"][1] != 0 {
			t.Errorf("%v: alerts and changes are at %v and %v", size, at["action alerts"], at["action diff"])
		}
		f.snap.Alerts = nil
		m = shown(t, f, DefaultConfig(), size[0], size[1])
		clicking(t, m, "tab log")
		if m.focus != pane.Log {
			t.Errorf("%v: a click on the number of errors shows %v", size, m.focus)
		}
	}
}

func TestPanesAreClicked(t *testing.T) {
	for _, size := range clickedSizes {
		m := walled(t, 32, size[0], size[1])
		typing(m, "0")
		for _, by := range pane.FleetSorts() {
			if at, there := spots(m)["sort "+by]; there {
				m.Update(tea.MouseClickMsg{X: at[0], Y: at[1], Button: tea.MouseLeft})
				if m.scene.FleetSort.String() != by {
					t.Errorf("%v: a click on the column sorts by %v, want %s", size, m.scene.FleetSort, by)
				}
			} else if by != "events" && by != "drops" || size[0] > 80 {
				t.Errorf("%v: no column sorts by %s", size, by)
			}
		}
		typing(m, "g")
		clicking(t, m, "row 3")
		if m.cursors[pane.Fleet].Sel != 3 {
			t.Errorf("%v: row %d is selected", size, m.cursors[pane.Fleet].Sel)
		}
		m = walled(t, 32, size[0], size[1])
		m.Update(tea.WindowSizeMsg{Width: size[0], Height: 14})
		typing(m, "0")
		clicking(t, m, "page 1", "page 1")
		m.View()
		if c := m.cursors[pane.Fleet]; c.Sel < 9 || c.Top == 0 {
			t.Errorf("%v: the click on what is below selects row %d", size, c.Sel)
		}
		clicking(t, m, "page -1", "page -1", "row 1")
		m.View()
		if _, more := spots(m)["page -1"]; more || m.cursors[pane.Fleet].Sel != 1 {
			t.Errorf("%v: the click on what is above selects row %d, and there is more: %v", size, m.cursors[pane.Fleet].Sel, more)
		}
	}
	m := shown(t, newFake(), DefaultConfig(), 80, 24)
	clicking(t, m, "tab queues", "tab events")
	if m.focus != pane.Events {
		t.Errorf("the tab of events shows %v", m.focus)
	}
}

// What was drawn before the connection was lost can be clicked as before.
func TestOutdatedPanesAreClicked(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 120, 40)
	fresh := spots(m)
	m.link.State = "lost"
	m.epoch++
	if lost := spots(m); !maps.Equal(fresh, lost) {
		t.Errorf("fresh: %v\n lost: %v", fresh, lost)
	}
}

func TestOverlaysAreClicked(t *testing.T) {
	edit := func(context.Context, []runtime.FileEdit, bool) (runtime.FileDiff, error) { return sampleDiff(), nil }
	tests := []struct {
		name   string
		open   []string
		clicks []string
		done   func(m *model) bool
	}{
		{"help closes", []string{"?"}, []string{"action undo"}, func(m *model) bool {
			return m.overlay == nil && strings.Contains(m.notice.text, "nothing to undo")
		}},
		{"help opens another", []string{"?"}, []string{"action attach"}, func(m *model) bool { _, ok := m.overlay.(*form); return ok }},
		{"question, yes", []string{"x"}, []string{"key y"}, func(m *model) bool { return m.overlay == nil && len(m.backend.(*fake).did()) == 1 }},
		{"question, no", []string{"x"}, []string{"key n"}, func(m *model) bool { return m.overlay == nil && len(m.backend.(*fake).did()) == 0 }},
		{"question stays", []string{"x"}, []string{"box "}, func(m *model) bool { return m.overlay != nil }},
		{"kind", []string{"a"}, []string{"row 2"}, func(m *model) bool { return m.overlay.(*form).kind == 2 && !m.overlay.(*form).chosen }},
		{"kind is taken", []string{"a"}, []string{"row 2", "row 2"}, func(m *model) bool { return m.overlay.(*form).chosen }},
		{"field", []string{"a", "enter"}, []string{"row 3"}, func(m *model) bool { return m.overlay.(*form).at == 3 }},
		{"form is left", []string{"a", "enter"}, []string{"key esc"}, func(m *model) bool { return m.overlay == nil }},
		{"next field", []string{"a", "enter"}, []string{"key down", "key down", "key up"}, func(m *model) bool { return m.overlay.(*form).at == 1 }},
		{"camera", []string{"A"}, []string{"row 1"}, func(m *model) bool { return m.overlay.(*picker).at == 1 }},
		{"camera is added", []string{"A"}, []string{"row 1", "row 1"}, func(m *model) bool { return len(m.backend.(*fake).did()) == 1 }},
		{"camera by key", []string{"A"}, []string{"key enter"}, func(m *model) bool { return len(m.backend.(*fake).did()) == 1 }},
		{"palette", []string{":", "t", "h"}, []string{"row 0", "row 0"}, func(m *model) bool { return strings.HasPrefix(m.overlay.(*palette).in.Value(), "theme ") }},
		{"search", []string{"/", "m"}, []string{"key enter"}, func(m *model) bool { return m.overlay == nil && m.sought == "m" }},
		{"search is dropped", []string{"/", "m"}, []string{"key esc"}, func(m *model) bool { return m.overlay == nil && m.sought == "" }},
		{"drawing", []string{"d"}, []string{"key space"}, func(m *model) bool { s, ok := m.overlay.(*sketch); return ok && s.Begun }},
		{"drawing is left", []string{"d"}, []string{"key esc"}, func(m *model) bool { return m.overlay == nil }},
	}
	for _, size := range clickedSizes {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s_%dx%d", tt.name, size[0], size[1]), func(t *testing.T) {
				m := shown(t, newFake(), DefaultConfig(), size[0], size[1])
				m.opts.Edit = edit
				typing(m, tt.open...)
				clicking(t, m, tt.clicks...)
				if !tt.done(m) {
					t.Errorf("after clicks on %q the screen is\n%s", tt.clicks, ansi.Strip(m.View().Content))
				}
			})
		}
	}
}

// Within an overlay, only its own contents can be clicked.
func TestOverlayTakesAllClicks(t *testing.T) {
	own := []string{draw.OnAction, draw.OnBox, draw.OnKey, draw.OnPage, draw.OnRow, draw.OnSeek}
	for _, o := range overlays {
		m := shown(t, newFake(), DefaultConfig(), 120, 40)
		o.open(m)
		for target := range spots(m) {
			if what, _, _ := strings.Cut(target, " "); !slices.Contains(own, what) {
				t.Errorf("%s: %q can be clicked behind it", o.name, target)
			}
		}
	}
}

// A click on "▼ 3 more" of a form scrolls like the wheel.
func TestMoreOfAFormIsClicked(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 80, 24)
	typing(m, "a", "enter")
	clicking(t, m, "page 1", "page 1")
	if at := m.overlay.(*form).at; at != 2 {
		t.Errorf("two clicks lead to field %d", at)
	}
}

func TestWheelInForms(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 80, 24)
	typing(m, "a", "enter")
	for _, b := range []tea.MouseButton{tea.MouseWheelDown, tea.MouseWheelDown, tea.MouseWheelUp} {
		m.Update(tea.MouseWheelMsg{X: 40, Y: 12, Button: b})
	}
	if at := m.overlay.(*form).at; at != 1 {
		t.Errorf("the wheel leads to field %d", at)
	}
}
