package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rvo-tui/runtime"
	"rvo-tui/ui/pane"
)

// acted presses keys, runs the command of the last one, and returns what the runtime was told.
func acted(m *model, keys ...string) []runtime.Command {
	typing(m, keys[:len(keys)-1]...)
	if _, cmd := m.Update(pressed(keys[len(keys)-1])); cmd != nil {
		m.Update(cmd())
	}
	return m.backend.(*fake).did()
}

// A key changes nothing that the screen does not show.
func TestKeysActOnWhatIsVisible(t *testing.T) {
	for _, tt := range []struct {
		w, h int
		keys []string
		says string
	}{
		{120, 40, []string{"w", "space"}, "the detectors are not on the screen; esc goes back"},
		{120, 40, []string{"t", "space"}, "esc goes back"},
		{120, 40, []string{"0", "x"}, "the detectors are not"},
		{120, 40, []string{"!", "+"}, "the detectors are not"},
		{120, 40, []string{"w", "e"}, "the rules are not on the screen; esc goes back"},
		{120, 40, []string{"t", "e"}, "the rules are not"},
		{120, 40, []string{"!", "p"}, "no camera is selected here; esc goes back"},
		{120, 40, []string{"t", "c"}, "no camera is selected"},
		{120, 40, []string{"w", "y"}, "the events are not"},
		{120, 40, []string{"z", "e"}, "the rules are not on the screen; tab leads to them"},
		{120, 40, []string{"tab", "z", "-"}, "the detectors are not"},
		{120, 40, []string{"P", "space"}, "the detectors are not"},
		{80, 24, []string{"tab", "tab", "tab", "e"}, "the rules are not"},
		{80, 24, []string{"y"}, "the events are not"},
		{60, 20, []string{"tab", "space"}, "the detectors are not"},
	} {
		m := shown(t, newFake(), DefaultConfig(), tt.w, tt.h)
		if did := acted(m, tt.keys...); len(did) > 0 || m.overlay != nil || !strings.Contains(m.notice.text, tt.says) {
			t.Errorf("%dx%d, %v: commanded %v, overlay %T, said %q, want %q", tt.w, tt.h, tt.keys, did, m.overlay, m.notice.text, tt.says)
		}
	}
	m := shown(t, newFake(), DefaultConfig(), 20, 5)
	if did := acted(m, "space"); len(did) > 0 {
		t.Errorf("on a screen that is too small: %v", did)
	}
	m.overlay = newHelp()
	if typing(m, "q", "esc"); m.overlay != nil || m.quit {
		t.Errorf("esc leaves %T on a screen that is too small, or q has quit: %v", m.overlay, m.quit)
	}
	m.overlay = newHelp()
	if typing(m, "j", "ctrl+c", "ctrl+c"); !m.quit {
		t.Error("ctrl+c does not quit on a screen that is too small")
	}
}

// On the wall and in the fleet the camera keys act on the marked camera, not on the one shown
// elsewhere.
func TestCameraKeysActOnTheMarkedCamera(t *testing.T) {
	for _, keys := range [][]string{{"w", "right", "p"}, {"0", "g", "p"}} {
		m := shown(t, newFake(), DefaultConfig(), 120, 40)
		did := acted(m, keys...)
		if want := (runtime.Command{Do: runtime.Pause, Camera: "door"}); !slices.Contains(did, want) {
			t.Errorf("%v: commanded %+v, want %+v", keys, did, want)
		}
	}
}

// The timeline copies its own selected event.
func TestTimelineCopiesItsEvent(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 120, 40)
	m.screen() // selects the newest event, which is of another rule
	typing(m, "t")
	_, cmd := m.Update(pressed("y"))
	if cmd == nil {
		t.Fatalf("nothing is copied: %q", m.notice.text)
	}
	if text := fmt.Sprint(cmd()); !strings.Contains(text, "0197-a") {
		t.Errorf("copied %s", text)
	}
}

// A number key shows the camera, also from a full-screen pane.
func TestNumbersShowTheCamera(t *testing.T) {
	for _, view := range []string{"0", "w", "!"} {
		m := shown(t, newFake(), DefaultConfig(), 120, 40)
		typing(m, view, "2")
		if m.camera != "door" || m.focus >= pane.Placed {
			t.Errorf("%s: shows %s in %v", view, m.camera, m.focus)
		}
	}
}

// A full-screen pane cannot be zoomed out, and does not turn off the preview that it hides.
func TestFullScreenStaysWhole(t *testing.T) {
	for _, view := range []string{"0", "w", "!", "t"} {
		m := shown(t, newFake(), DefaultConfig(), 120, 40)
		if typing(m, view, "z", "v"); len(m.places) != 1 || m.places[0].Pane != m.focus || !m.scene.Preview {
			t.Errorf("%s: %v is focused, on the screen are %v, preview: %v", view, m.focus, m.places, m.scene.Preview)
		}
	}
}
