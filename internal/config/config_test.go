package config

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx"
	"rvo-tui/detectors/opencv"
	"rvo-tui/detectors/remote"
	"rvo-tui/detectors/remote/child"
	"rvo-tui/detectors/remote/oip"
	"rvo-tui/internal/cli"
)

// builtIn is the configuration built into the program. If it cannot be read, most tests fail.
var builtIn, _ = os.ReadFile("../../rvo.toml")

var update = flag.Bool("update", false, "rewrite the golden files")

// testKinds are the program's kinds, but without checking what is installed.
func testKinds() detectors.Kinds {
	kinds := detectors.Builtin()
	for name, kind := range opencv.Kinds() {
		kind.Check, kind.Absent = nil, nil
		kinds[name] = kind
	}
	network := onnx.NewRuntime().Kind()
	network.Check, network.Absent = nil, nil
	kinds[network.Name] = network
	kinds["remote"] = remote.Kind(nil) // the pools are for making detectors, which no test here does
	server := oip.Kind(nil, nil)
	server.Check = nil
	kinds["oip"] = server
	kinds["command"] = child.Kind(new(child.Pool))
	return kinds
}

func testLoader(env ...string) Loader {
	return Loader{Default: builtIn, Kinds: testKinds(), Secrets: new(Secrets), Getenv: func(name string) (string, bool) {
		for _, e := range env {
			if value, ok := strings.CutPrefix(e, name+"="); ok {
				return value, true
			}
		}
		return "", false
	}}
}

// loadText loads a configuration from a string.
func loadText(t testing.TB, l Loader, text string, flags cli.Flags) (Config, error) {
	t.Helper()
	flags.Config = filepath.Join(t.TempDir(), "rvo.toml")
	if err := os.WriteFile(flags.Config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return l.Load(flags)
}

func TestInvalidConfigs(t *testing.T) {
	files, err := filepath.Glob("testdata/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files (%v)", err)
	}
	valid := []string{"no_cycle.toml"}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			cfg, err := testLoader("KNOWN=hunter2").Load(cli.Flags{Config: file})
			if slices.Contains(valid, filepath.Base(file)) {
				if err != nil {
					t.Fatalf("a valid configuration is refused:\n%v", err)
				}
				return
			}
			var wrong *Error
			if !errors.As(err, &wrong) {
				t.Fatalf("got %v, want a *Error", err)
			}
			if !reflect.DeepEqual(cfg, Config{}) {
				t.Error("a configuration came with the error")
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("the error holds a secret")
			}
			golden := strings.TrimSuffix(file, ".toml") + ".golden"
			got := err.Error() + "\n"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestProblemsPointIntoTheFile(t *testing.T) {
	place := regexp.MustCompile(`^.+\.toml:(\d+):(\d+): `)
	files, _ := filepath.Glob("testdata/*.golden")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		for _, line := range lines[:len(lines)-1] {
			if !place.MatchString(line) && !strings.Contains(line, "no camera is configured") && !strings.HasPrefix(line, "    ") {
				t.Errorf("%s: a problem has no place: %s", file, line)
			}
		}
	}
}

func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	locked := write("locked.toml", []byte("x"))
	if err := os.Chmod(locked, 0); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, file, want string }{
		{"missing", filepath.Join(dir, "none.toml"), "there is no such file"},
		{"below a file", filepath.Join(locked, "x"), "not a directory"},
		{"directory", dir, "this is a directory"},
		{"not text", write("utf16.toml", []byte("\xff\xfel\x00o\x00g\x00")), "not UTF-8"},
		{"too large", write("large.toml", bytes.Repeat([]byte("# x\n"), maxConfig/4+1)), "larger than 1 MiB"},
		{"locked", locked, "permission denied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name == "locked" && os.Getuid() == 0 {
				t.Skip("root may read everything")
			}
			_, err := testLoader().Load(cli.Flags{Config: c.file})
			var wrong *Error
			if !errors.As(err, &wrong) {
				t.Fatalf("got %v, want a *Error", err)
			}
			if got := err.Error(); !strings.Contains(got, c.want) || !strings.HasPrefix(got, c.file+": read configuration: ") {
				t.Errorf("got %q, want it to name the file and say %q", got, c.want)
			}
		})
	}
}

func TestTooManySignals(t *testing.T) {
	var text strings.Builder
	text.WriteString("[[camera]]\nname = \"door\"\nsource = \"synthetic:street\"\n")
	for i := range detectors.MaxSignals/3 + 1 {
		text.WriteString("[[detector]]\nkind = \"quality\"\nname = \"q" + strings.Repeat("x", i%40) + string(rune('a'+i/40)) + "\"\n")
	}
	_, err := loadText(t, testLoader(), text.String(), cli.Flags{})
	var wrong *Error
	if !errors.As(err, &wrong) || len(wrong.Problems) != 1 || !strings.Contains(err.Error(), "more than 1024 signals") {
		t.Errorf("got %v, want one problem that there are too many signals", err)
	}
}

func TestTooManyElements(t *testing.T) {
	var text strings.Builder
	for _, element := range []string{
		"[[camera]]\nname = \"c%\"\nsource = \"synthetic:street\"\n",
		"[[detector]]\nname = \"d%\"\nkind = \"dummy\"\ncameras = [\"c1\"]\n",
		"[[rule]]\nevent = \"r%\"\nwhen = \"d%\"\ncameras = [\"c1\"]\n",
	} {
		for i := range maxElements + 1 {
			text.WriteString(strings.ReplaceAll(element, "%", strconv.Itoa(i)))
		}
	}
	_, err := loadText(t, testLoader(), text.String(), cli.Flags{})
	if err == nil || strings.Count(err.Error(), "at most 1024 are possible") != 3 {
		t.Errorf("got %v, want a problem with the cameras, one with the detectors and one with the rules", err)
	}
}

func TestDefaultsHold(t *testing.T) {
	cfg, err := loadText(t, testLoader(), `
[[camera]]
name = "door"
source = "synthetic:street"
[[detector]]
name = "motion"
kind = "motion"
[[detector]]
name = "off"
kind = "dummy"
enabled = false
[[rule]]
event = "moved"
when = "motion > 0.1"
[clips]
dir = "elsewhere"
`, cli.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Clips.Dir = "elsewhere"
	if cfg.Clips != want.Clips || cfg.Log != want.Log || cfg.Metrics != want.Metrics || cfg.Runtime != want.Runtime {
		t.Errorf("sections that the file leaves out differ from the defaults: %+v", cfg)
	}
	if c := cfg.Camera[0]; c.Transport != "tcp" || c.StallTimeout == 0 {
		t.Errorf("camera without defaults: %+v", c)
	}
	if !cfg.Detector[0].Enabled || cfg.Detector[1].Enabled {
		t.Error("enabled must be true unless the file says otherwise")
	}
	if r := cfg.Rule[0]; !r.Enabled || r.Cooldown == 0 {
		t.Errorf("rule without defaults: %+v", r)
	}
}

func TestFileOrder(t *testing.T) {
	const camera = "[[camera]]\nname = %q\nsource = \"synthetic:street\"\n[log]\nlevel = \"error\"\n"
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(file, name string) {
		text := strings.ReplaceAll(camera, "%q", `"`+name+`"`)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("flag.toml", "flag")
	write("env.toml", "env")
	check := func(want string, flags cli.Flags, env ...string) {
		t.Helper()
		cfg, err := testLoader(env...).Load(flags)
		if err != nil {
			t.Fatal(err)
		}
		if got := cfg.Camera[0].Name; got != want {
			t.Errorf("got camera %q, want %q (from %s)", got, want, cfg.File)
		}
	}
	check("street", cli.Flags{})
	write("rvo.toml", "here")
	check("here", cli.Flags{})
	check("env", cli.Flags{}, "RVO_CONFIG=env.toml")
	check("flag", cli.Flags{Config: "flag.toml"}, "RVO_CONFIG=env.toml")

	level := "debug"
	cfg, err := testLoader().Load(cli.Flags{LogLevel: &level})
	if err != nil || cfg.Log.Level != "debug" {
		t.Errorf("got level %q (%v), want the flag's", cfg.Log.Level, err)
	}
	if err := os.Remove("rvo.toml"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", "rvo.toml"); err != nil {
		t.Fatal(err)
	}
	if _, err := testLoader().Load(cli.Flags{}); err == nil {
		t.Error("a rvo.toml that leads nowhere was passed over")
	}
}

func TestBuiltInConfig(t *testing.T) {
	t.Chdir(t.TempDir())
	l := testLoader()
	l.Kinds = detectors.Builtin() // it must work without OpenCV
	cfg, err := l.Load(cli.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.File != BuiltIn {
		t.Errorf("got %q, want %q", cfg.File, BuiltIn)
	}
	want := Default()
	if cfg.Clips != want.Clips || cfg.Log != want.Log || cfg.Metrics != want.Metrics || cfg.Runtime != want.Runtime || cfg.Events != want.Events {
		t.Errorf("the sections differ from the built-in defaults:\n%+v\n%+v", cfg, want)
	}
}

// A limit smaller than a clip would delete each at once.
func TestMaxBytesHoldsAClip(t *testing.T) {
	const base = "[[camera]]\nname = \"door\"\nsource = \"synthetic:street\"\n[[detector]]\nname = \"motion\"\nkind = \"motion\"\n[[rule]]\nevent = \"moved\"\nwhen = \"motion > 0.1\"\n"
	for _, c := range []struct{ text, want string }{
		{"[clips]\nmax_bytes = \"100KiB\"\n", "clips: max_bytes: is 100KiB, less than a single clip of 5s needs"},
		{"[clips]\nmax_bytes = \"1MiB\"\n", ""},
		{"[clips]\nmax_bytes = 0\n", ""},
		{"after = \"2m\"\n[clips]\nmax_bytes = \"1MiB\"\n", `rule "moved": after: makes clips of 2m3s, but max_bytes of [clips] is 1MiB`},
		{"clip = false\n[clips]\nmax_bytes = \"1MiB\"\n", ""},
	} {
		_, err := loadText(t, testLoader(), base+c.text, cli.Flags{})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q: got %v, want %q", c.text, err, c.want)
		}
	}
}

// A shell's <(command) is a pipe: it is read to its end, and given up if it is silent.
func TestConfigurationThroughAPipe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(file, os.O_RDWR|syscall.O_NONBLOCK, 0) // it is also the writer
	if _, err := readText(f, err, time.Millisecond); err == nil || !strings.Contains(err.Error(), "its writer has not ended") {
		t.Errorf("a silent writer: %v", err)
	}
}
