package config

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"rvo-tui/internal/cli"
	"rvo-tui/internal/option"
)

var (
	defaultLine  = regexp.MustCompile(`(?m)^#([a-z_]+ *=)`)
	exampleLine  = regexp.MustCompile(`(?m)^#   (.*)$`)
	exampleValue = regexp.MustCompile(`(?m)^([a-z_]+ *=.*)# default.*$`)
)

// filled returns a configuration text with every default filled in.
func filled(t *testing.T, text string) string {
	t.Helper()
	cfg, err := loadText(t, testLoader("DOOR_PASSWORD=x", "PACKAGE_TOKEN=y", "TRITON_TOKEN=y", "WEBHOOK_SECRET=0123456789abcdef"), text, cli.Flags{})
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

// same compares a configuration with and without its documented defaults.
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
		shown := section + "."
		if field.Type.Kind() == reflect.Slice { // it has its own table
			field.Type, shown = field.Type.Elem(), ""
		}
		for _, key := range option.Keys(option.List(reflect.Zero(field.Type).Interface())) {
			if !strings.Contains(string(guide), "`"+shown+key+"`") {
				t.Errorf("docs/configuration.md does not mention `%s%s` of [%s]", shown, key, section)
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
