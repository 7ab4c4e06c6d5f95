package tomldoc

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
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
	d, err := Parse([]byte(strings.Replace(text, "é.", `"é".`, 1)))
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
		m, ok := d.Marks[c.path]
		if !ok {
			t.Errorf("%s has no place; there are %v", c.path, d.Marks)
			continue
		}
		at := func(offset int) string {
			line, column := d.Position(offset)
			return fmt.Sprintf("%d:%d", line, column)
		}
		if key, value := at(m.Key), at(m.Value); key != c.key || value != c.value {
			t.Errorf("%s: key at %s and value at %s, want %s and %s", c.path, key, value, c.key, c.value)
		}
	}
}

func TestLiteralOffset(t *testing.T) {
	for _, c := range []struct {
		raw  string
		n    int
		rest string // the text from there on
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
		if got := c.raw[LiteralOffset(c.raw, c.n):]; got != c.rest {
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
			i := LiteralOffset(raw, n)
			if i < last || i > len(raw) {
				t.Fatalf("%q: character %d is at %d, the one before at %d", raw, n, i, last)
			}
			last = i
		}
	})
}

// If a section is appended to a copy of the example that already has it, the error says where.
func TestSecondTable(t *testing.T) {
	_, err := Parse([]byte("a = 1\n[clips] # evidence\nbefore = \"1s\"\n[log]\n[clips]\nafter = \"1s\"\n"))
	if err == nil || !strings.Contains(err.Error(), "line 5") || !strings.Contains(err.Error(), "it begins on line 2") {
		t.Error(err)
	}
}
