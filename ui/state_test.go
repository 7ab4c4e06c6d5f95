package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"rvo-tui/ui/pane"
)

// The next dashboard recalls the commands of this one, except those with a secret.
func TestHistoryStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "dashboard.json")
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{State: path})
		for _, line := range []string{"disable heavy", "add_camera yard rtsp://u:geheim@h/x", "theme light"} {
			g.keys(append(append([]string{":"}, letters(line)...), "enter")...)
		}
		g.keys("q")
		g.ends()
	})
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file has the mode %v", info.Mode())
	}
	if text, _ := os.ReadFile(path); strings.Contains(string(text), "geheim") {
		t.Errorf("a secret was kept: %s", text)
	}
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{State: path})
		g.keys(":", "up", "up")
		g.sees(":disable heavy")
		g.keys("esc", "q")
		g.ends()
	})
}

// letters returns the keys of a line.
func letters(line string) []string {
	keys := strings.Split(line, "")
	for i, k := range keys {
		if k == " " {
			keys[i] = "space"
		}
	}
	return keys
}

// The next dashboard starts with the preset of this one.
func TestPresetStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dashboard.json")
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{State: path})
		g.keys("P", "P")
		g.sees("preset rules")
		g.keys("q")
		g.ends()
	})
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{State: path})
		if g.m.preset != pane.RulesFirst || g.m.focus != pane.Rules {
			t.Errorf("it begins with the preset %s and %v", g.m.preset, g.m.focus)
		}
		g.keys(append(append([]string{":"}, letters("preset late")...), "enter")...)
		if g.m.preset != pane.Timing {
			t.Errorf("the preset is %s", g.m.preset)
		}
		g.keys("q")
		g.ends()
	})
}
