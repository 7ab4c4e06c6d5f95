package config

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// document is a TOML text: its values, and where in it each of them stands.
// Places are found by path: "log.level", "camera[0].name", "rule[1].all[0]".
type document struct {
	text   []byte
	tree   map[string]any
	marks  map[string]mark
	lines  []int // offset at which each line begins
	faults []fault
}

// mark is where something stands, as offsets into the text.
type mark struct {
	key   int    // of the key, or of the table's name in its header
	value int    // of the value; the key's where there is none
	raw   string // a string value as it is written, with its quotes
}

// fault is a breach of TOML's grammar.
type fault struct {
	line, column int
	text         string
}

// maxFaults bounds how many breaches of the grammar are looked for.
const maxFaults = 10

// parseDocument reads a TOML text. Where its grammar is broken the line is left
// out and reading goes on, so that one slip does not hide the others; faults
// then says so.
func parseDocument(text []byte) *document {
	d := &document{text: text, marks: map[string]mark{}, lines: []int{0}}
	for i, c := range text {
		if c == '\n' {
			d.lines = append(d.lines, i+1)
		}
	}
	rest := slices.Clone(text)
	for last := 0; ; {
		d.tree = map[string]any{}
		err := toml.Unmarshal(rest, &d.tree)
		if err == nil {
			d.index(rest)
			return d
		}
		if last = d.leaveOut(rest, err, last); last == 0 {
			d.tree = nil
			return d
		}
	}
}

// leaveOut notes a breach of the grammar and blanks its line in rest. It returns
// the line, or 0 when nothing more can be learnt: last is the line that was left
// out before, and a breach right behind it is most likely its consequence, as
// with a list that is never closed.
func (d *document) leaveOut(rest []byte, err error, last int) int {
	text := strings.TrimPrefix(err.Error(), "toml: ")
	var bad *toml.DecodeError
	if !errors.As(err, &bad) {
		d.faults = append(d.faults, fault{1, 1, text})
		return 0
	}
	line, column := bad.Position()
	start, end := d.line(line)
	if last > 0 && (line <= last || len(bytes.TrimSpace(rest[d.lineStart(last+1):start])) == 0) {
		return 0
	}
	column = utf8.RuneCount(d.text[start:min(start+column-1, end)]) + 1
	d.faults = append(d.faults, fault{line, column, text})
	broken := bytes.TrimSpace(rest[start:end])
	if len(d.faults) == maxFaults || len(broken) == 0 || broken[0] == '[' { // what follows a lost header belongs to nobody
		return 0
	}
	for i := start; i < end; i++ {
		rest[i] = ' '
	}
	return line
}

// lineStart returns the offset at which a line, counted from 1, begins.
func (d *document) lineStart(line int) int {
	if line < 1 {
		return 0
	}
	if line > len(d.lines) {
		return len(d.text)
	}
	return d.lines[line-1]
}

// line returns the offsets of a line's text, without its end of line.
func (d *document) line(line int) (start, end int) {
	start, end = d.lineStart(line), d.lineStart(line+1)
	for end > start && (d.text[end-1] == '\n' || d.text[end-1] == '\r') {
		end--
	}
	return start, end
}

// position returns the line and column of an offset, both from 1, the column in
// characters.
func (d *document) position(offset int) (line, column int) {
	line, found := slices.BinarySearch(d.lines, offset)
	if found {
		line++
	}
	return line, utf8.RuneCount(d.text[d.lines[line-1]:offset]) + 1
}

// index notes where everything stands. The text has been parsed before.
func (d *document) index(text []byte) {
	var p unstable.Parser
	p.Reset(text)
	elements := map[string]int{}
	table := ""
	for p.NextExpression() {
		node := p.Expression()
		switch node.Kind {
		case unstable.KeyValue:
			d.indexPair(&p, table, node)
		case unstable.Table, unstable.ArrayTable:
			table = ""
			for it := node.Key(); it.Next(); {
				key := it.Node()
				table = joinPath(table, string(key.Data))
				d.mark(table, mark{key: int(key.Raw.Offset), value: int(key.Raw.Offset)})
				if it.IsLast() && node.Kind == unstable.ArrayTable {
					elements[table]++
				}
				if n := elements[table]; n > 0 {
					table = indexPath(table, n-1)
					d.mark(table, mark{key: int(key.Raw.Offset), value: int(key.Raw.Offset)})
				}
			}
		}
	}
}

func (d *document) indexPair(p *unstable.Parser, path string, pair *unstable.Node) {
	var end int
	for it := pair.Key(); it.Next(); {
		key := it.Node()
		path = joinPath(path, string(key.Data))
		d.mark(path, mark{key: int(key.Raw.Offset), value: int(key.Raw.Offset)})
		end = int(key.Raw.Offset + key.Raw.Length)
	}
	m := d.marks[path]
	m.value = end + len(p.Data()[end:]) - len(bytes.TrimLeft(p.Data()[end:], " \t="))
	d.indexValue(p, path, m, pair.Value())
}

func (d *document) indexValue(p *unstable.Parser, path string, m mark, value *unstable.Node) {
	switch value.Kind {
	case unstable.String:
		m.raw = string(p.Raw(value.Raw))
	case unstable.Array:
		i := 0
		for it := value.Children(); it.Next(); i++ {
			item := it.Node()
			at := m
			if item.Raw.Length > 0 {
				at = mark{key: int(item.Raw.Offset), value: int(item.Raw.Offset)}
			}
			d.indexValue(p, indexPath(path, i), at, item)
		}
	case unstable.InlineTable:
		for it := value.Children(); it.Next(); {
			d.indexPair(p, path, it.Node())
		}
	}
	d.marks[path] = m
}

// mark notes a place unless the path has one already.
func (d *document) mark(path string, m mark) {
	if _, ok := d.marks[path]; !ok {
		d.marks[path] = m
	}
}

// joinPath appends a key to a path, in quotes unless it is a plain one.
func joinPath(path, key string) string {
	plain := key != ""
	for _, c := range []byte(key) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		plain = plain && (letter || c >= '0' && c <= '9' || c == '-' || c == '_')
	}
	if !plain {
		key = strconv.Quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func indexPath(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// literalOffset returns at which byte of a TOML string literal its n-th
// character (from 0) is written.
func literalOffset(raw string, n int) int {
	quotes := 1
	for _, q := range []string{`"""`, `'''`} {
		if strings.HasPrefix(raw, q) {
			quotes = 3
		}
	}
	i := min(quotes, len(raw))
	basic := strings.HasPrefix(raw, `"`)
	if quotes == 3 { // a line break right after the quotes does not belong to the string
		i += len(raw[i:]) - len(strings.TrimPrefix(strings.TrimPrefix(raw[i:], "\r"), "\n"))
	}
	for i < len(raw)-quotes {
		size, blank := 0, false
		if basic && raw[i] == '\\' {
			size, blank = escapeLength(raw[i:])
		} else {
			_, size = utf8.DecodeRuneInString(raw[i:])
		}
		if n == 0 && !blank {
			break
		}
		i += size
		if !blank {
			n--
		}
	}
	return i
}

// escapeLength returns how many bytes the escape at the beginning of s takes,
// and whether it stands for no character.
func escapeLength(s string) (n int, blank bool) {
	n = 2
	if len(s) > 1 {
		switch s[1] {
		case 'x':
			n = 4
		case 'u':
			n = 6
		case 'U':
			n = 10
		case ' ', '\t', '\r', '\n': // the line goes on after the white space
			n, blank = len(s)-len(strings.TrimLeft(s[1:], " \t\r\n")), true
		}
	}
	return min(n, len(s)), blank
}
