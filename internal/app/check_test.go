package app

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	detectcv "rvo-tui/detectors/opencv"
	"rvo-tui/internal/asuser"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
)

// builtIn is the configuration built into the program. If it cannot be read, most tests fail.
var builtIn, _ = os.ReadFile("../../rvo.toml")

// testLoader reads configurations like the program, but without checking what is installed, and
// with its own environment.
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

// Before a network runs, a warning tells which frames it gets, with the position in the file.
func TestCheckWarns(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"[metrics]\nlisten = \":9090\"\n", ":2:10: metrics: listen: warning: metrics, which name cameras"},
		{"[mqtt]\nserver = \"mqtt://broker.example\"\nuser = \"me\"\npassword = \"sesame street\"\n", ":2:10: mqtt: server: warning: the password is sent over the network in plain text"},
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

// A warning tells that a camera never has a frame, before check waits for one.
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

// A kind that is not in this build is neither accepted nor suggested.
func TestCheckOfKindsThatWereLeftOut(t *testing.T) {
	kinds := newKinds()
	defer kinds.close()
	loader := testLoader()
	loader.Kinds = kinds.all
	complete := detectcv.Version() != ""
	for _, kind := range []string{"person", "moton"} {
		text := "[[camera]]\nname = \"a\"\nsource = \"synthetic:dark\"\n[[detector]]\nname = \"b\"\nkind = \"" + kind + "\"\n"
		_, err := loader.Compose("rvo.toml", []byte(text), cli.Flags{})
		switch {
		case kind == "person" && complete:
			if err != nil {
				t.Error(err)
			}
		case kind == "person":
			if err == nil || !strings.Contains(err.Error(), `rvo.toml:6:8: detector "b": kind: "person" is not available in this build, which was built without OpenCV`) {
				t.Errorf("got %v", err)
			}
		case err == nil || strings.Contains(err.Error(), `"person"`) != complete || strings.Contains(err.Error(), `"onnx"`) != complete:
			t.Errorf("a program with OpenCV (%v) says %v", complete, err)
		}
	}
}

// Files are opened as the user who will read them, and the user is named.
func TestCheckOpensFiles(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "check") // other users have no access to t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file, video := filepath.Join(dir, "rvo.toml"), filepath.Join(dir, "a.mp4")
	text := "[[camera]]\nname = \"a\"\nsource = \"" + video + "\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	me := asuser.Current().Username
	says := func(as, want string) {
		t.Helper()
		var out bytes.Buffer
		err := check(t.Context(), testLoader(), newKinds(), cli.Flags{Check: cli.CheckFlags{File: file, As: as}}, &out)
		if got := fmt.Sprint(out.String(), err); !strings.Contains(got, want) {
			t.Errorf("as %q it says %q, want %q", as, got, want)
		}
	}
	says("", fmt.Sprintf("camera \"a\": source: user %q cannot read it: open %s: no such file", me, video))
	if err := os.WriteFile(video, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	says("", fmt.Sprintf("opened 1 file as user %q", me))
	says("no such user", "--as: ")
	if os.Geteuid() == 0 {
		says("nobody", `camera "a": source: user "nobody" cannot read it: open `)
	} else {
		says("root", "only root can act as another user")
	}
}

// Variables of rvo take effect, or the error names their replacement.
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

// A disk that is too full for clips is warned of, whether its directory exists or not, if clips
// are saved.
func TestCheckWarnsOfAFullDisk(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		dir, min string
		clip     bool
		want     string
	}{
		{dir, "1000000TiB", true, ", and clips.min_free is 1000000TiB; free some space there or lower clips.min_free\n"},
		{dir + "/a/b", "1000000TiB", true, ", and clips.min_free is 1000000TiB; free some space there or lower clips.min_free\n"},
		{dir, "1000000TiB", false, ""},
		{dir, "0", true, ""},
	} {
		file := filepath.Join(dir, "rvo.toml")
		text := fmt.Sprintf("[clips]\ndir = %q\nmin_free = %q\n[[camera]]\nname = \"a\"\nsource = \"synthetic:dark\"\n"+
			"[[detector]]\nname = \"motion\"\nkind = \"motion\"\n[[rule]]\nevent = \"moved\"\nwhen = \"motion > 0.1\"\nclip = %t\n", c.dir, c.min, c.clip)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err := check(t.Context(), testLoader(), newKinds(), cli.Flags{Check: cli.CheckFlags{File: file}}, &out)
		warned := strings.Contains(out.String(), fmt.Sprintf("%s: warning: clips: %q: too little free disk space: ", file, c.dir))
		if err != nil || warned != (c.want != "") || !strings.Contains(out.String(), c.want) {
			t.Errorf("%+v: got %q, %v", c, out.String(), err)
		}
		if _, err := os.Stat(dir + "/a"); err == nil {
			t.Error("check created the directory")
		}
	}
}

// If a disk that must be mounted is not, check and the start end with status 2.
func TestCheckRequiresTheMount(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "rvo.toml")
	config := "[clips]\ndir = \"" + dir + "\"\nrequire_mount = true\n[[camera]]\nname = \"a\"\nsource = \"synthetic:dark\"\n"
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err := check(t.Context(), testLoader(), newKinds(), cli.Flags{Check: cli.CheckFlags{File: file}}, &out)
	if err == nil || !strings.Contains(err.Error(), "clips: require_mount: nothing is mounted at") || !strings.Contains(err.Error(), "mount the disk there") {
		t.Errorf("got %q, %v", out.String(), err)
	}
	cfg, err := testLoader().Load(cli.Flags{Config: file})
	if err != nil {
		t.Fatal(err)
	}
	if got := status(run(t.Context(), testLoader(), cfg, cli.Flags{NoUI: true}, newKinds(), os.Stdout)); got != exitUsage {
		t.Errorf("status %d", got)
	}
}
