package state

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestPath(t *testing.T) {
	for _, tt := range []struct{ state, home, want string }{
		{"/s", "/h/u", "/s/rvo-tui/dashboard.json"},
		{"", "/h/u", "/h/u/.local/state/rvo-tui/dashboard.json"},
		{"relative", "/h/u", "/h/u/.local/state/rvo-tui/dashboard.json"},
		{"", "", ""},
	} {
		env := map[string]string{"XDG_STATE_HOME": tt.state, "HOME": tt.home}
		if got := Path(func(name string) string { return env[name] }); got != tt.want {
			t.Errorf("with %v it is %q, want %q", env, got, tt.want)
		}
	}
}

// From a file that was tampered with, nothing is used that would not have been saved.
func TestStateIsChecked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dashboard.json")
	f := File{path: path}
	for text, want := range map[string][]string{
		"":                         nil,
		"{":                        nil,
		`{"history":["a","","b"]}`: {"a", "b"},
		`{"history":["add_camera y rtsp://u:geheim@h/", "b"]}`:              {"b"},
		`{"history":["` + strings.Repeat("x", MaxLine+1) + `", "b"]}`:       {"b"},
		`{"history":["b"], "more":"` + strings.Repeat("x", maxState) + `"}`: nil,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := f.Load().History; !slices.Equal(got, want) {
			t.Errorf("of %.60s: %q, want %q", text, got, want)
		}
	}
}

func TestHistoryIsBounded(t *testing.T) {
	f := Open(filepath.Join(t.TempDir(), "dashboard.json"))
	for range HistoryLines {
		for _, line := range []string{"enable heavy", "pause"} {
			f.Change(func(s *State) { s.Remember(line) })
			if err := f.Save(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := len(f.Load().History); n != HistoryLines {
		t.Errorf("%d lines were kept", n)
	}
	f = Open("")
	if f.Change(func(*State) {}); f.Save() != nil || f.Load().History != nil {
		t.Error("something is kept nowhere")
	}
}

// Whichever of two saves is first, the later change is made last.
func TestChangesKeepTheirOrder(t *testing.T) {
	f := Open(filepath.Join(t.TempDir(), "dashboard.json"))
	for _, preset := range []string{"video", "rules"} {
		f.Change(func(s *State) { s.Preset = preset })
	}
	for range 2 {
		if err := f.Save(); err != nil {
			t.Fatal(err)
		}
		if got := f.Load().Preset; got != "rules" {
			t.Errorf("the preset is %q", got)
		}
	}
}
