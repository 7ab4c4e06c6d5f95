package ui

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

func TestStateFile(t *testing.T) {
	for _, tt := range []struct{ state, home, want string }{
		{"/s", "/home/u", "/s/rvo-tui/dashboard.json"},
		{"", "/home/u", "/home/u/.local/state/rvo-tui/dashboard.json"},
		{"relative", "/home/u", "/home/u/.local/state/rvo-tui/dashboard.json"},
		{"", "", ""},
	} {
		env := map[string]string{"XDG_STATE_HOME": tt.state, "HOME": tt.home}
		if got := StateFile(func(name string) string { return env[name] }); got != tt.want {
			t.Errorf("with %v it is %q, want %q", env, got, tt.want)
		}
	}
}

// Of a file that was tampered with, nothing is used that would not have been kept.
func TestStateIsChecked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dashboard.json")
	f := stateFile{path: path}
	for text, want := range map[string][]string{
		"":                         nil,
		"{":                        nil,
		`{"history":["a","","b"]}`: {"a", "b"},
		`{"history":["add_camera y rtsp://u:geheim@h/", "b"]}`:              {"b"},
		`{"history":["` + strings.Repeat("x", maxLine+1) + `", "b"]}`:       {"b"},
		`{"history":["b"], "more":"` + strings.Repeat("x", maxState) + `"}`: nil,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := f.load().History; !slices.Equal(got, want) {
			t.Errorf("of %.60s: %q, want %q", text, got, want)
		}
	}
}

// The next dashboard recalls the commands of this one, but none with a secret.
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
	f := stateFile{path: path}
	for range historyLines {
		for _, line := range []string{"enable heavy", "pause"} {
			if err := f.update(func(s *state) { s.remember(line) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := len(f.load().History); n != historyLines {
		t.Errorf("%d lines were kept", n)
	}
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{State: path})
		g.keys(":", "up", "up")
		g.sees(":enable heavy")
		g.keys("esc", "q")
		g.ends()
	})
}

// letters are the keys of a line.
func letters(line string) []string {
	keys := strings.Split(line, "")
	for i, k := range keys {
		if k == " " {
			keys[i] = "space"
		}
	}
	return keys
}
