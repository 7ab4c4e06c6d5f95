package config

import (
	"bytes"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx"
	"rvo-tui/detectors/opencv"
	"rvo-tui/detectors/remote"
	"rvo-tui/detectors/remote/child"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/option"
)

// builtIn is the configuration inside the program. Where it cannot be read most
// tests fail.
var builtIn, _ = os.ReadFile("../../rvo.toml")

var update = flag.Bool("update", false, "write the golden files anew")

// testKinds are the kinds that the program has, but for their look at what is
// installed.
func testKinds() detectors.Kinds {
	kinds := detectors.Builtin()
	for name, kind := range opencv.Kinds() {
		kind.Check = nil
		kinds[name] = kind
	}
	network := onnx.NewRuntime().Kind()
	network.Check = nil
	kinds[network.Name] = network
	kinds["remote"] = remote.Kind(nil) // the pools are for making detectors, which no test here does
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

// loadText loads a configuration that is given as text.
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

var (
	defaultLine  = regexp.MustCompile(`(?m)^#([a-z_]+ *=)`)
	exampleLine  = regexp.MustCompile(`(?m)^#   (.*)$`)
	exampleValue = regexp.MustCompile(`(?m)^([a-z_]+ *=.*)# default.*$`)
)

// filled returns the text of a configuration with every default filled in.
func filled(t *testing.T, text string) string {
	t.Helper()
	cfg, err := loadText(t, testLoader("DOOR_PASSWORD=x", "PACKAGE_TOKEN=y"), text, cli.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cfg.Detector {
		cfg.Detector[i] = c.Fill(testKinds()[c.Kind])
	}
	return strings.ReplaceAll(written(t, cfg), "needs = []\n", "")
}

// written returns a configuration as text, with the detectors at the end.
func written(t *testing.T, cfg Config) string {
	t.Helper()
	rest := cfg
	rest.Detector = nil
	out, err := toml.Marshal(rest)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.ReplaceAll(string(out), "detector = []\n", "")
	for _, d := range cfg.Detector {
		common, err := toml.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		all += "\n[[detector]]\n" + string(common)
		if d.Options != nil {
			own, err := toml.Marshal(d.Options)
			if err != nil {
				t.Fatal(err)
			}
			all += string(own)
		}
	}
	return all
}

// same compares a configuration with its documented defaults written out to the
// one without them.
func same(t *testing.T, documented, builtIn string) {
	t.Helper()
	a, b := strings.Split(documented, "\n"), strings.Split(builtIn, "\n")
	if len(a) != len(b) {
		t.Errorf("got\n%s\nwith the documented defaults, want\n%s", documented, builtIn)
		return
	}
	section := ""
	for i := range a {
		if strings.HasPrefix(a[i], "name") || strings.HasPrefix(a[i], "event") || strings.HasPrefix(a[i], "[") {
			section = a[i]
		}
		if a[i] != b[i] {
			t.Errorf("%s: documented is %s, built in is %s", section, a[i], b[i])
		}
	}
}

func TestDocumentedDefaults(t *testing.T) {
	text := string(builtIn)
	if n := len(defaultLine.FindAllString(text, -1)); n < 40 {
		t.Fatalf("only %d defaults are documented", n)
	}
	same(t, filled(t, defaultLine.ReplaceAllString(text, "$1")), filled(t, text))

	var examples strings.Builder
	for _, m := range exampleLine.FindAllStringSubmatch(text, -1) {
		examples.WriteString(m[1] + "\n")
	}
	with := text + "\n" + examples.String()
	if !exampleValue.MatchString(with) {
		t.Fatal("the examples show no default")
	}
	same(t, filled(t, with), filled(t, exampleValue.ReplaceAllString(with, "")))
}

func TestEveryKeyIsDocumented(t *testing.T) {
	header := regexp.MustCompile(`^(?:#   )?\[+([a-z]+)\]+$`)
	key := regexp.MustCompile(`^(?:#|#   )?([a-z_]+) *= `)
	seen := map[string]bool{}
	section := ""
	for line := range strings.Lines(string(builtIn)) {
		line = strings.TrimSpace(line)
		if m := header.FindStringSubmatch(line); m != nil {
			section = m[1]
		}
		if m := key.FindStringSubmatch(line); m != nil {
			seen[section+"."+m[1]] = true
		}
	}
	guide, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	for i := range reflect.TypeFor[Config]().NumField() {
		field := reflect.TypeFor[Config]().Field(i)
		section := option.KeyOf(field)
		if section == "" {
			continue
		}
		if field.Type.Kind() == reflect.Slice {
			field.Type = field.Type.Elem()
		}
		for _, key := range option.Keys(option.List(reflect.Zero(field.Type).Interface())) {
			if !strings.Contains(string(guide), "`"+key+"`") {
				t.Errorf("docs/configuration.md does not mention `%s` of [%s]", key, section)
			}
			alternative := key == "all" || key == "any"
			if !seen[section+"."+key] && !alternative {
				t.Errorf("rvo.toml does not mention %s of [%s]", key, section)
			}
		}
	}
}

func TestExamples(t *testing.T) {
	l := testLoader("DOOR_PASSWORD=p@ss/word #1")
	files, err := filepath.Glob("../../examples/*.toml")
	if err != nil || len(files) < 2 {
		t.Fatalf("got %v (%v), want the examples", files, err)
	}
	for _, file := range files {
		if _, err := l.Load(cli.Flags{Config: file}); err != nil {
			t.Error(err)
		}
	}
	cfg, err := l.Load(cli.Flags{Config: "../../examples/doors.toml"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "rtsp://viewer:p%40ss%2Fword%20%231@10.0.0.7:554/stream1"; cfg.Camera[0].Source != want {
		t.Errorf("got %q, want %q", cfg.Camera[0].Source, want)
	}
}

// rvo.toml has an example of every kind, with every key that only this kind has.
func TestExamplesHaveTheKeysOfKinds(t *testing.T) {
	header := regexp.MustCompile(`^(?:#   )?\[+([a-z]+)\]+$`)
	key := regexp.MustCompile(`^(?:#|#   )?([a-z_]+) *= *(?:"([a-z]*)")?`)
	shown := make(map[string]map[string]bool) // keys, by kind
	var block map[string]bool
	for line := range strings.Lines(string(builtIn)) {
		line = strings.TrimSpace(line)
		if header.MatchString(line) {
			block = make(map[string]bool)
			continue
		}
		m := key.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if m[1] == "kind" {
			if all := shown[m[2]]; all != nil {
				maps.Copy(all, block)
				block = all
			}
			shown[m[2]] = block
		}
		block[m[1]] = true
	}
	for name, k := range testKinds() {
		if shown[name] == nil {
			t.Errorf("rvo.toml has no example of kind %s", name)
			continue
		}
		for _, o := range k.Own() {
			if !shown[name][o.Key] {
				t.Errorf("rvo.toml does not show the key %s of kind %s: %s", o.Key, name, o.Help)
			}
		}
	}
}

// The table of the guide has every key of every kind, with its default, and no
// other one.
func TestGuideHasTheKeysOfKinds(t *testing.T) {
	guide, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(guide), "\nKeys of single kinds")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := make(map[string]string) // the cell of the default, by "kind key"
	key := ""
	for line := range strings.Lines(table) {
		cells := strings.Split(line, " | ")
		if len(cells) < 4 || cells[0] == "| Key" {
			continue
		}
		if given, found := strings.CutPrefix(cells[0], "| `"); found { // else it is that of the row before
			key = given
		}
		for kind := range strings.SplitSeq(cells[1], ", ") {
			rows[kind+" "+strings.TrimSuffix(key, "`")] = cells[2]
		}
	}
	for name, k := range testLoader().Kinds {
		for _, o := range k.Own() {
			preset, found := rows[name+" "+o.Key]
			delete(rows, name+" "+o.Key)
			value := option.Field(reflect.ValueOf(k.Defaults.Options), o.Key)
			switch {
			case !found:
				t.Errorf("docs/configuration.md has no row for %s of kind %s: %s", o.Key, name, o.Help)
			case !value.IsZero() && !strings.Contains(preset, option.Text(value)):
				t.Errorf("docs/configuration.md has the default %s for %s of kind %s, which is %s", preset, o.Key, name, option.Text(value))
			case o.Help == "" || strings.Contains(o.Help, "\n"):
				t.Errorf("%s of kind %s has no help in one line", o.Key, name)
			}
		}
	}
	for row := range rows {
		t.Errorf("docs/configuration.md has a row for a key that there is not: %s", row)
	}
}
