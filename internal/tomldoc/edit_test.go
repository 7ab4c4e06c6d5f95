package tomldoc

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"rvo-tui/internal/text"
)

const street = `# rvo-tui on the street
[[camera]] # the first
name   = "street"   # unique
source = "rtsp://user:${PW}@10.0.0.7/s"

# What moves.
[[detector]]
  name = 'motion'  # first
  kind = "motion"
  #max_fps = 10    # runs per second
  needs = [ # why
    "a > 1", # one
    "b > 2",
  ]  # until here

#enabled = false

# blind when dark
# (or covered)
[[rule]]
event = "blind"
when = "quality_brightness < 0.1"
# end of blind

[[rule]]
event = "away"
when = """
motion < 0.1"""

[ui]
rate=5
`

func parse(t *testing.T, text string) *Document {
	t.Helper()
	d, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestEdit(t *testing.T) {
	set := func(path, key string, value any) func(*Document) (*Document, error) {
		return func(d *Document) (*Document, error) { return d.Set(path, key, value) }
	}
	for _, c := range []struct {
		name string
		edit func(*Document) (*Document, error)
		old  string // that is replaced
		new  string
	}{
		{"value", set("camera[0]", "name", "yard"), `"street"   # unique`, `"yard"   # unique`},
		{"list", set("detector[0]", "needs", []string{"c"}), "[ # why\n    \"a > 1\", # one\n    \"b > 2\",\n  ]", `["c"]`},
		{"multiline", set("rule[1]", "when", "x > \"1\"\\\n"), "\"\"\"\nmotion < 0.1\"\"\"", `"x > \"1\"\\\n"`},
		{"new key", set("rule[0]", "enabled", false), "0.1\"\n# end", "0.1\"\nenabled = false\n# end"},
		{"new key behind its default", set("detector[0]", "max_fps", 2.5), "per second\n", "per second\n  max_fps = 2.5\n"},
		{"a default elsewhere", set("detector[0]", "enabled", false), "  ]  # until here\n", "  ]  # until here\n  enabled = false\n"},
		{"section", set("ui", "rate", 10), "rate=5", "rate=10"},
		{"new section", set("log", "level", "debug"), "rate=5\n", "rate=5\n\n[log]\nlevel = \"debug\"\n"},
		{"duration", set("rule[0]", "for", text.Duration(90*time.Second)), "0.1\"\n# end", "0.1\"\nfor = \"1m30s\"\n# end"},
		{"points", set("rule[0]", "p", [][]float64{{0, 0.25}, {1, 1}}), "0.1\"\n# end", "0.1\"\np = [[0, 0.25], [1, 1]]\n# end"},
		{"remove a key", func(d *Document) (*Document, error) { return d.Unset("camera[0]", "name") }, "name   = \"street\"   # unique\n", ""},
		{"remove a list", func(d *Document) (*Document, error) { return d.Unset("detector[0]", "needs") }, "  needs = [ # why\n    \"a > 1\", # one\n    \"b > 2\",\n  ]  # until here\n", ""},
		{"remove nothing", func(d *Document) (*Document, error) { return d.Unset("detector[0]", "ttl") }, "", ""},
		{"append", func(d *Document) (*Document, error) {
			return d.Append("rule", Pair{"event", "near"}, Pair{"when", "x"})
		}, "motion < 0.1\"\"\"\n", "motion < 0.1\"\"\"\n\n[[rule]]\nevent = \"near\"\nwhen = \"x\"\n"},
		{"append the first", func(d *Document) (*Document, error) { return d.Append("zone", Pair{"name", "gate"}) }, "rate=5\n", "rate=5\n\n[[zone]]\nname = \"gate\"\n"},
		{"remove", func(d *Document) (*Document, error) { return d.Remove("rule[0]") }, "# blind when dark\n# (or covered)\n[[rule]]\nevent = \"blind\"\nwhen = \"quality_brightness < 0.1\"\n# end of blind\n\n", ""},
	} {
		for _, eol := range []string{"\n", "\r\n"} {
			before := strings.ReplaceAll(street, "\n", eol)
			next, err := c.edit(parse(t, before))
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			want := strings.Replace(before, strings.ReplaceAll(c.old, "\n", eol), strings.ReplaceAll(c.new, "\n", eol), 1)
			if got := string(next.Text); got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, want)
			}
		}
	}
}

func TestEditAtTheEnds(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		edit             func(*Document) (*Document, error)
	}{
		{"empty", "", "[[zone]]\nname = \"a\"\n", func(d *Document) (*Document, error) { return d.Append("zone", Pair{"name", "a"}) }},
		{"no newline", "[a]\nb = 1", "[a]\nb = 1\nc = 2\n", func(d *Document) (*Document, error) { return d.Set("a", "c", 2) }},
		{"the last", "[a]\nb = 1\n\n[[z]]\nc = 1\n[z.y]\nd = 1\n", "[a]\nb = 1\n", func(d *Document) (*Document, error) { return d.Remove("z[0]") }},
		{"without keys", "[[z]]\n[[z]]\n", "[[z]]\nk = true\n[[z]]\n", func(d *Document) (*Document, error) { return d.Set("z[0]", "k", true) }},
		{"in an inline table", "z = [{ a = 1 }, { a = 2 }]\n", "z = [{ a = 1 }, { a = 3 }]\n", func(d *Document) (*Document, error) { return d.Set("z[1]", "a", 3) }},
		{"a comment of the next", "[[z]]\na = 1\n# next\n[b]\n", "# next\n[b]\n", func(d *Document) (*Document, error) { return d.Remove("z[0]") }},
		{"between", "[[z]]\na = 1\n[b]\n", "[[z]]\na = 1\n\n[[z]]\na = 2\n\n[b]\n", func(d *Document) (*Document, error) { return d.Append("z", Pair{"a", 2}) }},
	} {
		next, err := c.edit(parse(t, c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if string(next.Text) != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, next.Text, c.want)
		}
	}
}

func TestEditRefuses(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		edit             func(*Document) (*Document, error)
	}{
		{"a key in an inline table", "z = [{ a = 1 }]\n", "has no header", func(d *Document) (*Document, error) { return d.Set("z[0]", "b", 1) }},
		{"an element of an inline list", "z = [{ a = 1 }]\n", "no header", func(d *Document) (*Document, error) { return d.Remove("z[0]") }},
		{"beside an inline list", "z = [{ a = 1 }]\n", "by hand", func(d *Document) (*Document, error) { return d.Append("z", Pair{"a", 2}) }},
		{"a table as a value", "[a]\n[a.b]\nc = 1\n", "is a table", func(d *Document) (*Document, error) { return d.Set("a", "b", 2) }},
		{"half a line", "z = { a = 1, b = 2 }\n", "line of its own", func(d *Document) (*Document, error) { return d.Unset("z", "b") }},
		{"what is not there", "[[z]]\n", "no header", func(d *Document) (*Document, error) { return d.Remove("z[1]") }},
		{"a list within a table", "[[a.b]]\nc = 1\n", "by hand", func(d *Document) (*Document, error) { return d.Remove("a.b[0]") }},
		{"a list with a quoted name", "[['a b']]\nc = 1\n", "by hand", func(d *Document) (*Document, error) { return d.Remove("\"a b\"[0]") }},
		{"an index below 0", "[[z]]\n", "no header", func(d *Document) (*Document, error) { return d.Set("z[-1]", "a", 1) }},
		{"no value", "[a]\n", "cannot be written", func(d *Document) (*Document, error) { return d.Set("a", "b", nil) }},
		{"no number", "[a]\n", "not a number", func(d *Document) (*Document, error) { return d.Set("a", "b", json.Number("x")) }},
	} {
		if _, err := c.edit(parse(t, c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// Every element of the project's configurations can be changed, and restored, without changing
// anything else.
func TestEditKeepsTheRest(t *testing.T) {
	files, err := filepath.Glob("../../examples/*.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../../rvo.toml") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d := parse(t, string(text))
		for _, table := range d.tables[1:] {
			if lookup(d.Tree, table.path) == nil {
				continue
			}
			changed, err := d.Set(table.path, "new_key", "value")
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			back, err := changed.Unset(table.path, "new_key")
			if err != nil {
				t.Errorf("%s: %v", file, err)
			} else if string(back.Text) != string(d.Text) {
				t.Errorf("%s: %s has changed", file, table.path)
			}
			if _, _, listed := cutIndex(table.path); listed {
				if _, err := d.Remove(table.path); err != nil {
					t.Errorf("%s: %v", file, err)
				}
			}
		}
	}
}

func FuzzEdit(f *testing.F) {
	f.Add(street, "rule[0]", "enabled", "x\"\\\n")
	f.Add("z = [{ a = 1 }]\r\n[[y]]\na.b = 1", "y[0]", "a", "é")
	f.Add("[[a.b]]\n", "a.b[0]", "a", "b")
	f.Fuzz(func(t *testing.T, text, path, key, value string) {
		d, err := Parse([]byte(text))
		if err != nil {
			return
		}
		if next, err := d.Set(path, key, value); err == nil {
			if got := lookup(next.Tree, path)[key]; !reflect.DeepEqual(got, strings.ToValidUTF8(value, "\ufffd")) {
				t.Fatalf("%s.%s is %q, want %q", path, key, got, value)
			}
			_, _ = next.Unset(path, key)
		}
		_, _ = d.Remove(path)
		_, _ = d.Append(key, Pair{key, value})
	})
}
