package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
	"rvo-tui/ui/pane"
)

// recalling is a dashboard that has run for seven minutes: the rule motion was unknown, then
// false, true, and confirmed. Its first events are older.
func recalling(t *testing.T, cfg Config, w, h int, past *pane.History) *model {
	t.Helper()
	f := newFake()
	m := shown(t, f, cfg, w, h)
	m.scene.Hist = past
	m.take(feedMsg{snap: f.snap, events: []runtime.RecentEvent{{Seq: 4, Event: rules.Event{
		ID: "0197-d", Type: "motion", Camera: "street", Time: noon.Add(-5 * time.Second), Phase: rules.PhaseConfirmed, Confidence: 0.9,
	}}}})
	return m
}

// past is seven minutes of snapshots of a fake.
func past() *pane.History {
	f, hist := newFake(), pane.NewHistory()
	for s := 420; s >= 0; s-- {
		snap := *f.snap
		snap.At = f.snap.At.Add(-time.Duration(s) * time.Second)
		snap.Cameras = append([]runtime.CameraView(nil), f.snap.Cameras...)
		c := &snap.Cameras[0]
		c.Rules = append([]engine.RuleView(nil), c.Rules...)
		st := &c.Rules[0].Status
		st.State, st.Truth = rules.Idle, rules.False
		switch {
		case s > 300:
			st.Truth = rules.Unknown
		case s < 70 && s > 65:
			st.State, st.Truth = rules.Potential, rules.True
		case s <= 65 && s > 50:
			st.State, st.Truth = rules.Confirmed, rules.True
		}
		hist.Add(&snap)
	}
	return hist
}

func TestTimeline(t *testing.T) {
	hist := past()
	for _, size := range [][2]int{{40, 10}, {80, 24}, {100, 30}, {120, 40}, {200, 60}} {
		for _, ascii := range []bool{false, true} {
			name := fmt.Sprintf("timeline_%dx%d", size[0], size[1])
			if ascii {
				name += "_ascii"
			}
			t.Run(name, func(t *testing.T) {
				last := ""
				for _, theme := range looks {
					cfg := DefaultConfig()
					cfg.ASCII, cfg.Theme, cfg.Preview = ascii, theme, false
					m := recalling(t, cfg, size[0], size[1], hist)
					text := ""
					for _, keys := range []string{"t", "[", "-", "----"} {
						typing(m, strings.Split(keys, "")...)
						text += blankLine.ReplaceAllString(plainText(t, strings.Split(m.View().Content, "\n"), size[0]), "")
					}
					if last != "" && text != last {
						t.Errorf("the text differs with the theme %s", theme)
					}
					last = text
				}
				golden(t, name, last)
			})
		}
	}
}

func TestTimelineSelectsEvents(t *testing.T) {
	m := recalling(t, DefaultConfig(), 120, 40, past())
	selected := func() string {
		list, sel := m.scene.RuleEvents(m.cursors[pane.Time].Sel)
		if sel < 0 {
			return ""
		}
		return list[sel].Event.ID
	}
	step := func(want string, keys ...string) {
		t.Helper()
		if typing(m, keys...); selected() != want {
			t.Errorf("after %q %q is selected, want %q", keys, selected(), want)
		}
	}
	step("0197-d", "t")
	step("0197-a", "left")
	step("0197-a", "h") // there is no earlier one
	step("0197-d", "]")
	step("", "j") // a rule without events
	step("0197-d", "k")
	step("0197-a", "[")
	typing(m, "enter")
	if d, ok := m.overlay.(*eventDetail); !ok || d.event.Event.ID != "0197-a" {
		t.Errorf("enter opens %T", m.overlay)
	}
	typing(m, "esc", "t")
	if m.focus == pane.Time {
		t.Error("t does not close the timeline")
	}
	typing(m, "t")
	before := m.scene.Time.Zoom
	typing(m, "-", "-", "+")
	if m.scene.Time.Zoom != before+1 || len(m.backend.(*fake).did()) != 0 {
		t.Errorf("zoom %d, commands %v", m.scene.Time.Zoom, m.backend.(*fake).did())
	}
	typing(m, "+")
	screen := strings.Split(plainText(t, m.screen(), 120), "\n")
	for y, l := range screen {
		if strings.Contains(l, "motion street") {
			x := strings.Index(l, "●")
			m.Update(tea.MouseClickMsg{X: len([]rune(l[:x])), Y: y, Button: tea.MouseLeft})
			break
		}
	}
	step("0197-a")
}
