package migrate

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rvo-tui/internal/cli"
)

func TestFile(t *testing.T) {
	const sample = "testdata/services.yaml"
	var shown, told bytes.Buffer
	if err := File(testLoader(), sample, "", &shown); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rvo.toml")
	if err := File(testLoader(), sample, file, &told); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(written, shown.Bytes()) {
		t.Errorf("%v, written:\n%s\nshown:\n%s", err, written, shown.Bytes())
	}
	// The file can contain a password.
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != fs.FileMode(0o600) {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if cfg, err := testLoader().Load(cli.Flags{Config: file}); err != nil || len(cfg.Rule) != 2 || !strings.Contains(told.String(), "rvo-tui --config "+file) {
		t.Errorf("%d rules, %v, output %q", len(cfg.Rule), err, told.String())
	}
	// An existing file is kept.
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	err = File(testLoader(), sample, file, &told)
	if text, _ := os.ReadFile(file); err == nil || !strings.Contains(err.Error(), "choose another --output") || string(text) != "mine" {
		t.Errorf("%v, %q", err, text)
	}
	if err := File(testLoader(), "none.yaml", "", &told); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Error(err)
	}
}
