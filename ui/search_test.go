package ui

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"rvo-tui/ui/pane"
)

func TestSearch(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 120, 40)
	selected := func(want string) {
		t.Helper()
		m.View()
		if d := m.detector(); d == nil || d.Name != want {
			t.Errorf("selected is %v, want %s", d, want)
		}
	}
	last := func(want string) {
		t.Helper()
		lines := strings.Split(ansi.Strip(m.View().Content), "\n")
		if l := lines[len(lines)-1]; !strings.Contains(l, want) {
			t.Errorf("the last line is %q, want %q", l, want)
		}
	}
	m.move(1 << 30)
	selected("quality")
	typing(m, "n")
	last("no search in this pane")
	typing(m, "/", "a") // parcel, heavy, face, quality, by the order of the pane
	last("found")
	selected("quality")
	typing(m, "esc")
	selected("quality")
	typing(m, "/", "H", "E", "A", "V")
	last("1 found")
	selected("heavy")
	typing(m, "enter", "n")
	last("match 1 of 1")
	typing(m, "N")
	selected("heavy")
	typing(m, "/", "z", "z", "enter", "n")
	last("not found: zz")
	typing(m, "esc", "n")
	last("no search in this pane")

	m.focusOn(pane.Events)
	typing(m, "/", "b", "l", "i")
	last("found")
	typing(m, "enter", "g", "n")
	if len(m.scene.Events) == 0 || len(m.scene.Events) == len(m.allEvent) {
		t.Errorf("%d of %d events are shown", len(m.scene.Events), len(m.allEvent))
	}
	last("match ")
}

// Every pane can be searched.
func TestSearchInEveryPane(t *testing.T) {
	for p := range pane.Count {
		m := shown(t, newFake(), DefaultConfig(), 120, 40)
		m.focusOn(p)
		typing(m, "/", "d", "o", "o", "enter", "n")
		if m.crash != nil {
			t.Errorf("%s: %v", p, m.crash.cause)
		}
		if p == pane.Wall && m.cursors[p].Key != "door" {
			t.Errorf("%s: %q is selected", p, m.cursors[p].Key)
		}
	}
}

func TestLogLevel(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 120, 40)
	all := len(m.scene.Log)
	for _, want := range []slog.Level{slog.LevelInfo, slog.LevelWarn, slog.LevelError, slog.LevelDebug} {
		typing(m, "L")
		if m.focus != pane.Log || m.scene.LogLevel != want {
			t.Fatalf("the level is %v, want %v; %v has the focus", m.scene.LogLevel, want, m.focus)
		}
		for _, l := range m.scene.Log {
			if l.Level < want {
				t.Errorf("at %v, a line of %v is shown", want, l.Level)
			}
		}
		name := strings.ToLower(want.String()) + " and above"
		if shown := strings.Contains(ansi.Strip(m.View().Content), name); shown == (want == slog.LevelDebug) {
			t.Errorf("%q is shown: %v", name, shown)
		}
	}
	if len(m.scene.Log) != all {
		t.Errorf("%d of %d lines are shown at the end", len(m.scene.Log), all)
	}
}

// If a filter matches nothing, the message names the filter.
func TestNextMatchOfNothing(t *testing.T) {
	for _, p := range []pane.ID{pane.Log, pane.Fleet, pane.Detectors} {
		m := shown(t, newFake(), DefaultConfig(), 120, 40)
		m.focusOn(p)
		typing(m, "/", "q", "q", "enter", "n")
		if m.notice.text != "not found: qq" {
			t.Errorf("%s: n says %q", p, m.notice.text)
		}
	}
}
