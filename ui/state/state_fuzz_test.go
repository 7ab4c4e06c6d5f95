package state

import (
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"
)

// FuzzLoad: whatever the file contains, the history is bounded and has no secret.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"history":["attach motion","add rtsp://joe:secret@h/"],"preset":"wide"}`))
	f.Add([]byte(`{"history":[""," "]}`))
	path := filepath.Join(f.TempDir(), "state.json")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		s := Open(path).Load()
		if len(s.History) > HistoryLines {
			t.Fatalf("%d lines", len(s.History))
		}
		for _, line := range s.History {
			if line == "" || utf8.RuneCountInString(line) > MaxLine || WithoutSecrets(line) != line {
				t.Fatalf("line %q", line)
			}
		}
	})
}
