// Package state keeps what outlives a dashboard: the history of its commands,
// and how its panes are arranged.
package state

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"rvo-tui/internal/fileio"
	"rvo-tui/internal/text"
)

// Path returns the file in which dashboards of this user keep what outlives them:
// below $XDG_STATE_HOME or ~/.local/state. Empty: the user has no home.
func Path(getenv func(string) string) string {
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

const (
	// HistoryLines is how many lines of the history are kept.
	HistoryLines = 100
	// MaxLine is the maximum length of a line, in characters.
	MaxLine = 512
)

// maxState is the maximum size of a state file, in bytes: the history with its longest
// lines.
const maxState = 8 * HistoryLines * MaxLine

// State is what a dashboard keeps for the next one.
type State struct {
	History []string `json:"history"`          // of the palette, oldest first; none has a secret
	Preset  string   `json:"preset,omitempty"` // by which the panes are arranged
}

// File keeps a State in a file that only its user can read. It is safe for concurrent use.
// The nil File keeps nothing.
type File struct {
	path string
	mu   sync.Mutex // held while the file is replaced

	queue   sync.Mutex // guards pending, for a moment
	pending []func(*State)
}

// Open returns the file at a path, which need not exist; nil if the path is empty.
func Open(path string) *File {
	if path == "" {
		return nil
	}
	return &File{path: path}
}

// Load returns what was kept; what cannot be read or is none is empty.
func (f *File) Load() (s State) {
	if f == nil {
		return State{}
	}
	text, err := fileio.Read(f.path, maxState)
	if err != nil || json.Unmarshal(text, &s) != nil {
		return State{}
	}
	s.History = slices.DeleteFunc(s.History, func(line string) bool {
		return line == "" || utf8.RuneCountInString(line) > MaxLine || WithoutSecrets(line) != line
	})
	s.History = s.History[max(len(s.History)-HistoryLines, 0):]
	return s
}

// Change takes a change for the next Save. It does not wait for one that is under way.
func (f *File) Change(change func(*State)) {
	if f == nil {
		return
	}
	f.queue.Lock()
	defer f.queue.Unlock()
	f.pending = append(f.pending, change)
}

// Save makes the changes since the last one, in their order, to what the file has now:
// other dashboards may have written it, too. After an error they are lost.
func (f *File) Save() error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue.Lock()
	changes := f.pending
	f.pending = nil
	f.queue.Unlock()
	if len(changes) == 0 {
		return nil // another Save has made them
	}
	s := f.Load()
	for _, change := range changes {
		change(&s)
	}
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

// Remember adds a line to the history.
func (s *State) Remember(line string) {
	if n := len(s.History); n == 0 || s.History[n-1] != line {
		s.History = append(s.History[max(n-HistoryLines+1, 0):n:n], line)
	}
}

// WithoutSecrets hides the secrets in the words of a line: in addresses, and in
// options that are named like one.
func WithoutSecrets(line string) string {
	words := strings.Fields(line)
	for i, w := range words {
		words[i] = text.Redact(w)
	}
	if clean := strings.Join(words, " "); strings.Contains(clean, "***") {
		return clean
	}
	return line
}
