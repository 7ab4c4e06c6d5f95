package migrate

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"

	"rvo-tui/internal/config"
	"rvo-tui/internal/text"
)

// writer collects the tables of the TOML, and where in the YAML each is from.
type writer struct {
	tables []*table
}

// table is a table of the TOML.
type table struct {
	header string // "[[rule]]"
	where  string // as problems name it: `rule "motion"`
	node   *yaml.Node
	off    bool // every line is commented out
	notes  []string
	pairs  []pair
}

// pair is one key of a table.
type pair struct {
	key, value string
	from       string     // the YAML's key
	node       *yaml.Node // its value; nil: it was not set
	note       string     // follows the value; empty: nothing
}

// add begins a table.
func (w *writer) add(header, where string, node *yaml.Node) *table {
	t := &table{header: header, where: where, node: node}
	w.tables = append(w.tables, t)
	return t
}

// note adds a line of comment above the table.
func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, clean(fmt.Sprintf(format, args...)))
}

// set adds a key. The fields have the YAML's key that it is from.
func (t *table) set(key, value string, f *fields, from string) *pair {
	p := pair{key: key, value: value, from: from}
	if f != nil && !null(f.all[from]) {
		p.node = f.all[from]
	}
	t.pairs = append(t.pairs, p)
	return &t.pairs[len(t.pairs)-1]
}

// lost notes the keys of the YAML that nothing here stands for.
func (t *table) lost(f *fields) {
	for _, key := range f.rest {
		t.note("No counterpart: %s (rvo ignores it, too).", key)
	}
}

// bytes returns the TOML.
func (w *writer) bytes(file string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s, migrated by rvo-tui. docs/from-rvo.md says what is called what, and\n# rvo.toml has every key with its default.\n", clean(file))
	for _, t := range w.tables {
		b.WriteString("\n")
		for _, note := range t.notes {
			b.WriteString("# " + note + "\n")
		}
		var lines []string
		if t.header != "" {
			lines = append(lines, t.header)
		}
		width := 0
		for _, p := range t.pairs {
			width = max(width, len(p.key))
		}
		for _, p := range t.pairs {
			line := fmt.Sprintf("%-*s = %s", width, p.key, p.value)
			if p.note != "" {
				line += "  # " + clean(p.note)
			}
			lines = append(lines, line)
		}
		for _, line := range lines {
			if t.off {
				line = "#" + line
			}
			b.WriteString(line + "\n")
		}
	}
	return b.Bytes()
}

// inYAML returns a problem of the TOML with its place in the YAML.
func (w *writer) inYAML(p config.Problem) config.Problem {
	p.Line, p.Column = 0, 0
	i := slices.IndexFunc(w.tables, func(t *table) bool { return t.where == p.Where && !t.off })
	if i < 0 {
		return p
	}
	t := w.tables[i]
	if t.node != nil {
		p.Line, p.Column = t.node.Line, t.node.Column
	}
	for _, pair := range t.pairs {
		if pair.key == p.Key && pair.node != nil {
			p.Key, p.Line, p.Column = pair.from, pair.node.Line, pair.node.Column
		}
	}
	return p
}

// clean returns a text that fits into a comment.
func clean(s string) string { return text.Clean(s) }

// quote returns a text as TOML has it, in which ${ is no secret.
func quote(s string) string {
	s = strings.ReplaceAll(s, "${", "$${")
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, "\\U%08X", r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// quoted returns a list of texts as TOML has it.
func quoted(list []string) string {
	items := make([]string, len(list))
	for i, s := range list {
		items[i] = quote(s)
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// duration returns a number of units as TOML has it. What is too long stays so.
func duration(n uint64, unit time.Duration) string {
	if n > math.MaxInt64/uint64(unit) {
		n = math.MaxInt64 / uint64(unit)
	}
	s := (time.Duration(n) * unit).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	return quote(s)
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
