package app

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rvo-tui/capture"
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

// What a network gets to see is said before it does, with its place.
func TestCheckWarns(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"[metrics]\nlisten = \":9090\"\n", ":2:10: metrics: listen: warning: metrics are served beyond this machine"},
		{"[mqtt]\nserver = \"mqtt://broker.example\"\nuser = \"me\"\npassword = \"sesame street\"\n", ":2:10: mqtt: server: warning: the password crosses the network as plain text"},
		{"[mqtt]\nserver = \"mqtts://broker.example\"\nuser = \"me\"\npassword = \"sesame street\"\n", ""},
		{"[mqtt]\nserver = \"mqtt://broker.example\"\n", ""},
		{"[mqtt]\nserver = \"mqtt://localhost\"\nuser = \"me\"\npassword = \"sesame street\"\n", ""},
		{"[mqtt]\nserver = \"mqtt://[::1]:1883\"\nuser = \"me\"\npassword = \"sesame street\"\n", ""},
	} {
		file := filepath.Join(t.TempDir(), "rvo.toml")
		if err := os.WriteFile(file, []byte(c.text+"[[camera]]\nname = \"a\"\nsource = \"synthetic:dark\"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err := check(t.Context(), testLoader(), newKinds(), cli.Flags{Check: cli.CheckFlags{File: file}}, &out)
		if err != nil || strings.Contains(out.String(), "sesame") ||
			c.want == "" && strings.Contains(out.String(), "warning") || c.want != "" && !strings.HasPrefix(out.String(), file+c.want) {
			t.Errorf("%q: got %q, %v; want %q", c.text, out.String(), err, c.want)
		}
	}
}

// A camera that never has a frame is said before it is waited for.
func TestCheckWarnsOfWhatIsNotDecoded(t *testing.T) {
	for _, c := range []struct {
		source string
		ffmpeg bool
		want   string
	}{
		{"rtsp://cam/main", false, "no event fires"},
		{"device:0", false, ""},
		{"video.mp4", false, "cannot open it"},
		{"https://cam/live.m3u8", false, "cannot open it"},
		{"http://cam/video.mjpg", false, ""},
		{"synthetic:street", false, ""},
		{"rtsp://cam/main", true, ""},
	} {
		got := undecoded(capture.Config{Source: c.source}, c.ffmpeg)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s, with FFmpeg %v: %q, want %q", c.source, c.ffmpeg, got, c.want)
		}
	}
}

// Variables that rvo reads have an effect, or it is said what is in their place.
func TestCheckSaysWhatReplacesVariablesOfRVO(t *testing.T) {
	var out bytes.Buffer
	err := check(t.Context(), testLoader("RVO_WEB_PORT=8080", "RVO_CONFIG=../config/testdata/no_cycle.toml"), newKinds(), cli.Flags{}, &out)
	if err != nil || !strings.Contains(out.String(), "no_cycle.toml: ok") || !strings.Contains(out.String(), "warning: RVO_WEB_PORT has no effect here: set listen of [control]") {
		t.Errorf("got %q, %v", out.String(), err)
	}
	err = check(t.Context(), testLoader("RVO_CONFIG=../migrate/testdata/services.yaml"), newKinds(), cli.Flags{}, &out)
	if err == nil || !strings.Contains(err.Error(), "rvo-tui migrate ../migrate/testdata/services.yaml") {
		t.Errorf("got %v", err)
	}
}

func TestPrintedTextControlsNoTerminal(t *testing.T) {
	var out bytes.Buffer
	const text = "a\x1b[31m \u202eb\n"
	if n, err := (visible{&out}).Write([]byte(text)); err != nil || n != len(text) || strings.ContainsAny(out.String(), "\x1b\u202e") || !strings.HasSuffix(out.String(), "b\n") {
		t.Errorf("%d, %v, %q", n, err, out.String())
	}
}
