// Package tomldoc parses TOML with the position of each key and value, and edits single keys and
// tables. Everything else in a text stays: comments, order, ${NAME}, line endings. Set, Unset,
// Append and Remove return a new, parsed Document. Paths have the form "log" and "rule[2]".
package tomldoc

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

// Document is a TOML text with its values and their positions by path, such as "log.level",
// "camera[0].name" or "rule[1].all[0]".
type Document struct {
	Text  []byte
	Tree  map[string]any
	Marks map[string]Mark

	lines  []int // offset at which each line begins
	tables []table
}

// Mark is the position of a key and its value, as byte offsets into the text.
type Mark struct {
	Key   int    // start of the key, or of the table's name in its header
	Value int    // start of the value; that of the key if there is none
	Raw   string // a string value as written, with quotes
	end   int    // end of a key's value; 0 for a table with a header
}

// SyntaxError is a TOML syntax error.
type SyntaxError struct {
	Line, Column int // from 1; the column in characters
	Text         string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Text)
}

// Parse parses a TOML text. Its error is a *SyntaxError.
func Parse(text []byte) (*Document, error) {
	d := &Document{Text: text, Tree: map[string]any{}, Marks: map[string]Mark{}, lines: []int{0}}
	for i, c := range text {
		if c == '\n' {
			d.lines = append(d.lines, i+1)
		}
	}
	if err := toml.Unmarshal(text, &d.Tree); err != nil {
		e := &SyntaxError{1, 1, strings.TrimPrefix(err.Error(), "toml: ")}
		if bad := new(toml.DecodeError); errors.As(err, &bad) {
			line, column := bad.Position()
			start := d.lines[min(line, len(d.lines))-1]
			e.Line, e.Column = d.Position(min(start+column-1, len(text)))
			e.Text += d.firstOf(e.Text, line)
			switch e.Text {
			case "basic strings cannot have new lines", "literal strings cannot have new lines",
				"unterminated basic string", "unterminated literal string":
				e.Text = "this text has no closing quote"
			}
		}
		return nil, e
	}
	d.index()
	return d, nil
}

// firstOf completes the parser's message about a table that already exists with the line of the
// first one.
func (d *Document) firstOf(message string, line int) string {
	var name string
	if n, _ := fmt.Sscanf(message, "table %s already exists", &name); n == 0 {
		return ""
	}
	for i, start := range d.lines[:min(line-1, len(d.lines))] {
		header, _, _ := bytes.Cut(d.Text[start:], []byte("\n"))
		header, _, _ = bytes.Cut(header, []byte("#"))
		if string(bytes.TrimSpace(header)) == "["+name+"]" {
			return fmt.Sprintf(": it begins on line %d; write these keys there", i+1)
		}
	}
	return ""
}

// Position returns the line and column of an offset, both from 1, the column in
// characters.
func (d *Document) Position(offset int) (line, column int) {
	line, found := slices.BinarySearch(d.lines, offset)
	if found {
		line++
	}
	return line, utf8.RuneCount(d.Text[d.lines[line-1]:offset]) + 1
}

// index records the positions of all keys and values. The text is known to be valid.
func (d *Document) index() {
	var p unstable.Parser
	p.Reset(d.Text)
	elements := map[string]int{}
	path := ""
	d.tables = []table{{}} // the keys before the first header
	for p.NextExpression() {
		node := p.Expression()
		switch node.Kind {
		case unstable.KeyValue:
			d.indexPair(&p, path, node)
			d.tables[len(d.tables)-1].end = int(node.Raw.Offset + node.Raw.Length)
		case unstable.Table, unstable.ArrayTable:
			path = ""
			end := 0
			for it := node.Key(); it.Next(); {
				key := it.Node()
				path = JoinPath(path, string(key.Data))
				d.mark(path, Mark{Key: int(key.Raw.Offset), Value: int(key.Raw.Offset)})
				if it.IsLast() && node.Kind == unstable.ArrayTable {
					elements[path]++
				}
				if n := elements[path]; n > 0 {
					path = IndexPath(path, n-1)
					d.mark(path, Mark{Key: int(key.Raw.Offset), Value: int(key.Raw.Offset)})
				}
				end = int(key.Raw.Offset + key.Raw.Length)
			}
			d.tables = append(d.tables, table{path: path, header: end, end: end})
		}
	}
}

func (d *Document) indexPair(p *unstable.Parser, path string, pair *unstable.Node) {
	var end int
	for it := pair.Key(); it.Next(); {
		key := it.Node()
		path = JoinPath(path, string(key.Data))
		d.mark(path, Mark{Key: int(key.Raw.Offset), Value: int(key.Raw.Offset)})
		end = int(key.Raw.Offset + key.Raw.Length)
	}
	m := d.Marks[path]
	m.Value = end + len(p.Data()[end:]) - len(bytes.TrimLeft(p.Data()[end:], " \t="))
	m.end = int(pair.Raw.Offset + pair.Raw.Length)
	d.indexValue(p, path, m, pair.Value())
}

func (d *Document) indexValue(p *unstable.Parser, path string, m Mark, value *unstable.Node) {
	switch value.Kind {
	case unstable.String:
		m.Raw = string(p.Raw(value.Raw))
	case unstable.Array:
		i := 0
		for it := value.Children(); it.Next(); i++ {
			item := it.Node()
			at := m
			if first := firstOf(item); first.Raw.Length > 0 {
				at = Mark{Key: int(first.Raw.Offset), Value: int(first.Raw.Offset)}
			}
			d.indexValue(p, IndexPath(path, i), at, item)
		}
	case unstable.InlineTable:
		for it := value.Children(); it.Next(); {
			d.indexPair(p, path, it.Node())
		}
	}
	d.Marks[path] = m
}

// firstOf returns the first value in a list, because a list has no position of its own.
func firstOf(item *unstable.Node) *unstable.Node {
	for item.Kind == unstable.Array {
		it := item.Children()
		if !it.Next() {
			break
		}
		item = it.Node()
	}
	return item
}

// mark records a position unless the path has one already.
func (d *Document) mark(path string, m Mark) {
	if _, ok := d.Marks[path]; !ok {
		d.Marks[path] = m
	}
}

// JoinPath appends a key to a path, quoted unless it is a bare key.
func JoinPath(path, key string) string {
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

// IndexPath returns the path of a list element.
func IndexPath(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// LiteralOffset returns the byte offset of the n-th character (from 0) in a TOML string literal,
// taking escapes into account.
func LiteralOffset(raw string, n int) int {
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
