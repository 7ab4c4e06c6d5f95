package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rvo-tui/internal/cli"
)

func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/*.toml")
	if err != nil {
		f.Fatal(err)
	}
	examples, err := filepath.Glob("../../examples/*.toml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, examples...) {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(string(builtIn))
	f.Add(twoCameras)
	f.Add("a=\"\"\"\n0")
	f.Fuzz(func(t *testing.T, text string) {
		l := testLoader("DOOR_PASSWORD=hunter2")
		cfg, err := l.Compose("rvo.toml", []byte(text), cli.Flags{})
		if err != nil {
			if got := err.Error(); strings.Contains(got, "hunter2") && !strings.Contains(text, "hunter2") {
				t.Fatalf("the error holds a secret: %s", got)
			}
			return
		}
		out := written(t, cfg)
		// A decoded string is no longer a template.
		again := strings.ReplaceAll(out, "${", "$${")
		// Omitted zeros are now written out, which some keys refuse.
		again = unset(again)
		second, err := l.Compose("rvo.toml", []byte(again), cli.Flags{})
		if err != nil {
			t.Fatalf("what was loaded cannot be loaded again: %v\n%s", err, again)
		}
		if out2 := written(t, second); out2 != out {
			t.Fatalf("loaded again it differs:\n%s\n%s", out, out2)
		}
	})
}

// unset removes lines with zeros from the detectors and rules of a marshalled configuration.
func unset(text string) string {
	var b strings.Builder
	section := ""
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "[") {
			section = strings.TrimSpace(line)
		}
		_, value, _ := strings.Cut(strings.TrimSpace(line), " = ")
		zero := value == "''" || value == "0" || value == "0.0" || value == "'0s'" || value == "[]"
		if zero && section == "[[detector]]" || value == "[]" {
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}
