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

// document is a TOML text: its values and their places, which are found by path: "log.level", "camera[0].name", "rule[1].all[0]".
type document struct {
	text  []byte
	tree  map[string]any
	marks map[string]mark
	lines []int // offset at which each line begins
}

// mark is the place of a key or value, as offsets into the text.
type mark struct {
	key   int    // of the key, or of the table's name in its header
	value int    // of the value; the key's where there is none
	raw   string // a string value as it is written, with its quotes
}

// syntaxError is a violation of TOML's grammar.
type syntaxError struct {
	line, column int // from 1; the column in characters
	text         string
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.line, e.column, e.text)
}

// parseDocument reads a TOML text. Its error is a *syntaxError.
func parseDocument(text []byte) (*document, error) {
	d := &document{text: text, tree: map[string]any{}, marks: map[string]mark{}, lines: []int{0}}
	for i, c := range text {
		if c == '\n' {
			d.lines = append(d.lines, i+1)
		}
	}
	if err := toml.Unmarshal(text, &d.tree); err != nil {
		e := &syntaxError{1, 1, strings.TrimPrefix(err.Error(), "toml: ")}
		if bad := new(toml.DecodeError); errors.As(err, &bad) {
			line, column := bad.Position()
			start := d.lines[min(line, len(d.lines))-1]
			e.line, e.column = d.position(min(start+column-1, len(text)))
		}
		return nil, e
	}
	d.index()
	return d, nil
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

// index notes the place of everything. The text has been parsed before.
func (d *document) index() {
	var p unstable.Parser
	p.Reset(d.text)
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

// literalOffset returns at which byte of a TOML string literal its n-th character
// (from 0) is written: the last one before which the literal, closed there, has n.
func literalOffset(raw string, n int) int {
	quotes := raw[:min(1, len(raw))]
	for _, q := range []string{`"""`, `'''`} {
		if len(raw) >= 6 && strings.HasPrefix(raw, q) {
			quotes = q
		}
	}
	last := len(quotes)
	for i := last; i <= len(raw)-len(quotes); i++ {
		var part struct{ V string }
		if toml.Unmarshal([]byte("V = "+raw[:i]+quotes), &part) != nil {
			continue // within an escape or a character
		}
		if utf8.RuneCountInString(part.V) > n {
			break
		}
		last = i
	}
	return last
}
