package ui

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// StateFile returns the file in which dashboards of this user keep what outlives them:
// below $XDG_STATE_HOME or ~/.local/state. Empty: the user has no home.
func StateFile(getenv func(string) string) string {
	dir := getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) { // the specification says to ignore it
		home := getenv("HOME")
		if !filepath.IsAbs(home) {
			return ""
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "rvo-tui", "dashboard.json")
}

// maxState is the maximum size of a state file, in bytes: the history with its longest
// lines.
const maxState = 2 * historyLines * maxLine

// state is what a dashboard keeps for the next one.
type state struct {
	History []string `json:"history"` // of the palette, oldest first; none has a secret
	Preset  string   `json:"preset,omitempty"`
}

// stateFile is a state in a file that only its user can read. It is safe for concurrent
// use. Without a path nothing is kept.
type stateFile struct {
	path string
	mu   sync.Mutex // held while the file is replaced
}

// load returns what was kept; what cannot be read or is none is empty.
func (f *stateFile) load() (s state) {
	info, err := os.Stat(f.path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxState {
		return state{}
	}
	text, err := os.ReadFile(f.path)
	if err != nil || json.Unmarshal(text, &s) != nil {
		return state{}
	}
	s.History = slices.DeleteFunc(s.History, func(line string) bool {
		return line == "" || len(line) > maxLine || withoutSecrets(line) != line
	})
	s.History = tail(s.History, historyLines)
	return s
}

// update replaces the file by one with a change, which is made to what the file has now:
// other dashboards may have written it, too.
func (f *stateFile) update(change func(*state)) error {
	if f.path == "" {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.load()
	change(&s)
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("keep state of dashboard: %w", err)
	}
	dir := filepath.Dir(f.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("keep state of dashboard: %w", err)
	}
	file, err := os.CreateTemp(dir, ".dashboard-*") // 0600
	if err != nil {
		return fmt.Errorf("keep state of dashboard: %w", err)
	}
	_, err = file.Write(append(text, '\n'))
	err = cmp.Or(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), f.path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return fmt.Errorf("keep state of dashboard: %w", err)
	}
	return nil
}

// remember adds a line to the history.
func (s *state) remember(line string) {
	if n := len(s.History); n == 0 || s.History[n-1] != line {
		s.History = tail(append(s.History, line), historyLines)
	}
}
