package app

import (
	"io"
	"path/filepath"
	"testing"

	"rvo-tui/internal/cli"
)

// Verifying nothing is no success: the directory may be misspelt.
func TestVerifyWithoutClips(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Join(dir, "misspelt")} {
		if err := evidence(io.Discard, d, cli.Flags{Verb: "verify"}); err == nil {
			t.Errorf("%s: no error", d)
		}
		if err := evidence(io.Discard, d, cli.Flags{Verb: "list"}); err != nil {
			t.Errorf("%s: %v", d, err)
		}
	}
}
