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

// writer collects the tables of the TOML with their origins in the YAML.
type writer struct {
	tables []*table
}

// table is a table of the TOML.
type table struct {
	header string // "[[rule]]"
	where  string // in messages, such as `rule "motion"`
	node   *yaml.Node
	off    bool // every line is commented out
	notes  []string
	pairs  []pair
}

// pair is one key of a table.
type pair struct {
	key, value string
	from       string     // key in the YAML
	node       *yaml.Node // value in the YAML; nil: not set
	note       string     // comment after the value; empty: none
}

// add begins a table.
func (w *writer) add(header, where string, node *yaml.Node) *table {
	t := &table{header: header, where: where, node: node}
	w.tables = append(w.tables, t)
	return t
}

// note adds a comment line above the table.
func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, clean(fmt.Sprintf(format, args...)))
}

// set adds a key that comes from the key from of the YAML.
func (t *table) set(key, value string, f *fields, from string) *pair {
	p := pair{key: key, value: value, from: from}
	if f != nil && !null(f.all[from]) {
		p.node = f.all[from]
	}
	t.pairs = append(t.pairs, p)
	return &t.pairs[len(t.pairs)-1]
}

// lost adds comments for the YAML keys that have no counterpart.
func (t *table) lost(f *fields) {
	for _, key := range f.rest {
		t.note("No counterpart: %s (rvo ignores it too).", key)
	}
}

// bytes returns the TOML.
func (w *writer) bytes(file string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s, migrated by rvo-tui. docs/from-rvo.md lists the new names, and\n# rvo.toml has every key with its default.\n", clean(file))
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

// inYAML translates the position of a problem from the TOML to the YAML.
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

// clean makes a text safe for a TOML comment.
func clean(s string) string { return text.Clean(s) }

// quote returns a text as a TOML string, with ${ escaped so that it is not expanded.
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

// quoted returns a list of texts as a TOML list.
func quoted(list []string) string {
	items := make([]string, len(list))
	for i, s := range list {
		items[i] = quote(s)
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// duration returns n units as a TOML duration. Too large values are kept for the loader to reject.
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
