package app

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
)

// builtIn is the configuration inside the program. Where it cannot be read most
// tests fail.
var builtIn, _ = os.ReadFile("../../rvo.toml")

// testLoader reads configurations as the program does, but for the look at what
// is installed, and with its own environment.
func testLoader(env ...string) config.Loader {
	made := newKinds()
	made.close() // no test here makes a detector
	kinds := made.all.Unchecked(func(detectors.Kind) bool { return true })
	return config.Loader{Default: builtIn, Kinds: kinds, Secrets: new(config.Secrets), Getenv: func(name string) (string, bool) {
		for _, e := range env {
			if value, ok := strings.CutPrefix(e, name+"="); ok {
				return value, true
			}
		}
		return "", false
	}}
}

func TestCheck(t *testing.T) {
	var out bytes.Buffer
	err := check(t.Context(), testLoader(), newKinds(), cli.Flags{Check: cli.CheckFlags{File: "../config/testdata/no_cycle.toml"}}, &out)
	if want := "../config/testdata/no_cycle.toml: ok (2 cameras, 4 detectors, 0 rules)\n"; err != nil || out.String() != want {
		t.Errorf("got %q, %v; want %q", out.String(), err, want)
	}
	out.Reset()
	loader := testLoader()
	t.Chdir(t.TempDir())
	err = check(t.Context(), loader, newKinds(), cli.Flags{}, &out)
	if want := config.BuiltIn + ": ok (1 camera, 2 detectors, 2 rules)\n"; err != nil || out.String() != want {
		t.Errorf("got %q, %v; want %q", out.String(), err, want)
	}
}

// What reaches everybody on the network is said before it does.
func TestCheckWarnsOfExposedMetrics(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rvo.toml")
	if err := os.WriteFile(file, []byte("[metrics]\nlisten = \":9090\"\n[[camera]]\nname = \"a\"\nsource = \"synthetic:dark\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err := check(t.Context(), testLoader(), newKinds(), cli.Flags{Check: cli.CheckFlags{File: file}}, &out)
	if err != nil || !strings.Contains(out.String(), "warning: metrics are served beyond this machine") {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

func TestPrintedTextControlsNoTerminal(t *testing.T) {
	var out bytes.Buffer
	const text = "a\x1b[31m \u202eb\n"
	if n, err := (visible{&out}).Write([]byte(text)); err != nil || n != len(text) || strings.ContainsAny(out.String(), "\x1b\u202e") || !strings.HasSuffix(out.String(), "b\n") {
		t.Errorf("%d, %v, %q", n, err, out.String())
	}
}
