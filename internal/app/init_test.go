package app

import (
	"path/filepath"
	"strings"
	"testing"

	"rvo-tui/internal/cli"
)

// A file that cannot be written is reported before the first question.
func TestInitLooksAtTheDirectoryFirst(t *testing.T) {
	var out strings.Builder
	err := initialise(testLoader(), filepath.Join(t.TempDir(), "none", "rvo.toml"), cli.Flags{}, strings.NewReader(""), &out)
	if err == nil || !strings.Contains(err.Error(), "cannot be written") || !strings.Contains(err.Error(), "make its directory") || out.Len() > 0 {
		t.Errorf("got %v after\n%s", err, &out)
	}
}
