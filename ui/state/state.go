// Package state saves the dashboard's command history and pane preset between runs.
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

// Path returns the path of the user's state file, below $XDG_STATE_HOME or ~/.local/state. Empty
// if the user has no home directory.
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
	// MaxLine is the maximum length of a line in the history, in characters.
	MaxLine = 512
)

// maxState is the maximum size of a state file in bytes, enough for a full history.
const maxState = 8 * HistoryLines * MaxLine

// State is what a dashboard saves for the next one.
type State struct {
	History []string `json:"history"`          // lines of the palette without secrets, oldest first
	Preset  string   `json:"preset,omitempty"` // arrangement of the panes
}

// File stores a State in a file that only its user can read. It is safe for concurrent use.
// A nil *File stores nothing.
type File struct {
	path string
	mu   sync.Mutex // held while the file is replaced

	queue   sync.Mutex // guards pending; held briefly
	pending []func(*State)
}

// Open returns the file at a path, which need not exist; nil if the path is empty.
func Open(path string) *File {
	if path == "" {
		return nil
	}
	return &File{path: path}
}

// Load returns the stored State; an empty one if the file cannot be read or is invalid.
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

// Change queues a change for the next Save. It never blocks on a Save in progress.
func (f *File) Change(change func(*State)) {
	if f == nil {
		return
	}
	f.queue.Lock()
	defer f.queue.Unlock()
	f.pending = append(f.pending, change)
}

// Save applies the queued changes, in order, to the current content of the file, which other
// dashboards may have changed. After an error the changes are lost.
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
		return nil // another Save has applied them
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

// Remember adds a line to the history, unless it is longer than MaxLine, and drops the oldest one
// when the history is full.
func (s *State) Remember(line string) {
	if n := len(s.History); utf8.RuneCountInString(line) <= MaxLine && (n == 0 || s.History[n-1] != line) {
		s.History = append(s.History[max(n-HistoryLines+1, 0):n:n], line)
	}
}

// WithoutSecrets masks the secrets in a line: passwords in addresses, and options with names such
// as password.
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
