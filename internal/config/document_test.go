package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"

	"rvo-tui/internal/cli"
)

func TestDocumentPlaces(t *testing.T) {
	const text = `top = 1
[log]
level = "info" # é
"odd key" = { a = [1, { b = 'x' }], c = true }

[[camera]]
  name = "a"
[camera.sub]
x.y = 2
[[camera]]
é."" = 3
`
	d, err := parseDocument([]byte(strings.Replace(text, "é.", `"é".`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, key, value string }{
		{"top", "1:1", "1:7"},
		{"log", "2:2", "2:2"},
		{"log.level", "3:1", "3:9"},
		{`log."odd key"`, "4:1", "4:13"},
		{`log."odd key".a`, "4:15", "4:19"},
		{`log."odd key".a[0]`, "4:20", "4:20"},
		{`log."odd key".a[1].b`, "4:25", "4:29"},
		{`log."odd key".c`, "4:37", "4:41"},
		{"camera[0]", "6:3", "6:3"},
		{"camera[0].name", "7:3", "7:10"},
		{"camera[0].sub", "8:9", "8:9"},
		{"camera[0].sub.x", "9:1", "9:1"},
		{"camera[0].sub.x.y", "9:3", "9:7"},
		{"camera[1]", "10:3", "10:3"},
		{`camera[1]."é".""`, "11:5", "11:10"},
	} {
		m, ok := d.marks[c.path]
		if !ok {
			t.Errorf("%s has no place; there are %v", c.path, d.marks)
			continue
		}
		at := func(offset int) string {
			line, column := d.position(offset)
			return fmt.Sprintf("%d:%d", line, column)
		}
		if key, value := at(m.key), at(m.value); key != c.key || value != c.value {
			t.Errorf("%s: key at %s and value at %s, want %s and %s", c.path, key, value, c.key, c.value)
		}
	}
}

func TestLiteralOffset(t *testing.T) {
	for _, c := range []struct {
		raw  string
		n    int
		rest string // what is written from there
	}{
		{`"abc"`, 0, `abc"`},
		{`"abc"`, 2, `c"`},
		{`'a\c'`, 2, `c'`},
		{`"a\tc"`, 2, `c"`},
		{`"\u00e9\U0001F600x\x41y"`, 2, `x\x41y"`},
		{`"\u00e9\U0001F600x\x41y"`, 4, `y"`},
		{`"éü"`, 1, `ü"`},
		{"\"\"\"\nab\"\"\"", 1, `b"""`},
		{"\"\"\"\r\nab\"\"\"", 0, `ab"""`},
		{"'''ab'''", 1, `b'''`},
		{"\"\"\"a\\\n   b\"\"\"", 1, `b"""`},
		{`"abc"`, 99, `"`},
		{`""`, 0, `"`},
	} {
		if got := c.raw[literalOffset(c.raw, c.n):]; got != c.rest {
			t.Errorf("%s, %d: got %q, want %q", c.raw, c.n, got, c.rest)
		}
	}
}

func FuzzLiteralOffset(f *testing.F) {
	for _, seed := range []string{`"a\tb"`, `'a\tb'`, "\"\"\"\na\\\n b\"\"\"", `"\u00e9x"`, "'''\nx'''"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		var out struct{ V string }
		if toml.Unmarshal([]byte("V = "+raw), &out) != nil || strings.ContainsAny(raw, "#") {
			return
		}
		raw = strings.TrimSpace(raw)
		last := 0
		for n := range utf8.RuneCountInString(out.V) + 1 {
			i := literalOffset(raw, n)
			if i < last || i > len(raw) {
				t.Fatalf("%q: character %d is at %d, the one before at %d", raw, n, i, last)
			}
			last = i
		}
	})
}

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
		// A text of the configuration is not a template any more.
		again := strings.ReplaceAll(out, "${", "$${")
		// Zeros that were left out are written out now, which some keys refuse.
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

// unset takes lines with zeros out of the detectors and rules of a marshalled
// configuration.
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
