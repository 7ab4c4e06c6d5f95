package tomldoc

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Pair is a key and its value, which Literal must accept.
type Pair struct {
	Key   string
	Value any
}

// table is the position of a table: a header and the keys below it.
type table struct {
	path   string
	header int // an offset on the line of the header
	end    int // end of the last value; without values, an offset on the line of the header
}

// Set returns the document with a key of a table set to a value. It replaces an existing value. A new
// key is added after a comment with its default ("#key = …") if there is one, else at the end of the
// table. A missing table [name] is appended to the document.
func (d *Document) Set(path, key string, value any) (*Document, error) {
	literal, err := Literal(value)
	if err != nil {
		return nil, fmt.Errorf("set %s: %w", JoinPath(path, key), err)
	}
	m, written := d.Marks[JoinPath(path, key)]
	i := slices.IndexFunc(d.tables, func(t table) bool { return t.path == path })
	var text []byte
	switch {
	case written && m.end > 0:
		text = d.splice(m.Value, m.end, literal)
	case written:
		return nil, fmt.Errorf("set %s: it is a table", JoinPath(path, key))
	case i > 0:
		text = d.insert(d.behind(d.tables[i], key), d.indent(d.tables[i])+JoinPath("", key)+" = "+literal)
	case d.lookup(path) == nil && !strings.ContainsAny(path, ".[\""):
		return d.append("["+path+"]", path, []Pair{{key, value}})
	default:
		return nil, fmt.Errorf("set %s: the table has no header; write one, as in [[%s]]", JoinPath(path, key), strings.TrimRight(path, "[0123456789]"))
	}
	return d.checked("set "+JoinPath(path, key), text, func(tree map[string]any) {
		if t := lookup(tree, path); t != nil {
			t[key] = reread(literal)
		}
	})
}

// Unset returns the document without a key of a table, removing its line with any comment. It is no
// error if the key does not exist.
func (d *Document) Unset(path, key string) (*Document, error) {
	m, written := d.Marks[JoinPath(path, key)]
	if !written {
		return d, nil
	}
	start := d.lineStart(m.Key)
	if m.end == 0 || len(bytes.TrimSpace(d.Text[start:m.Key])) > 0 {
		return nil, fmt.Errorf("remove %s: it has no line of its own; write it on one", JoinPath(path, key))
	}
	return d.checked("remove "+JoinPath(path, key), d.splice(start, d.lineEnd(m.end), ""), func(tree map[string]any) {
		delete(lookup(tree, path), key)
	})
}

// Append returns the document with a new [[name]] after the last one, or at the end if there is none.
func (d *Document) Append(name string, pairs ...Pair) (*Document, error) {
	return d.append("[["+JoinPath("", name)+"]]", JoinPath("", name), pairs)
}

// append appends a table with a header.
func (d *Document) append(header, path string, pairs []Pair) (*Document, error) {
	lines := []string{header}
	values := map[string]any{}
	for _, p := range pairs {
		literal, err := Literal(p.Value)
		if err != nil {
			return nil, fmt.Errorf("add %s: %s: %w", header, p.Key, err)
		}
		lines = append(lines, JoinPath("", p.Key)+" = "+literal)
		values[p.Key] = reread(literal)
	}
	at, last := len(d.Text), -1
	for i, t := range d.tables {
		if i > 0 && within(t.path, path) {
			last = i
		}
	}
	if last >= 0 {
		at = d.trailing(d.lineEnd(d.tables[last].end))
	}
	if at > 0 {
		lines = append([]string{""}, lines...)
	}
	if rest := bytes.TrimLeft(d.Text[at:], " \t\r"); len(rest) > 0 && rest[0] != '\n' {
		lines = append(lines, "")
	}
	return d.checked("add "+header, d.insert(at, lines...), func(tree map[string]any) {
		if !strings.HasPrefix(header, "[[") {
			tree[path] = values
			return
		}
		list, _ := tree[pairKey(path)].([]any)
		tree[pairKey(path)] = append(slices.Clip(list), values)
	})
}

// Remove returns the document without one table of a list at the top level, such as "rule[1]". It
// also removes the tables in it and the comment lines directly above its header.
func (d *Document) Remove(path string) (*Document, error) {
	first := slices.IndexFunc(d.tables, func(t table) bool { return t.path == path })
	name, index, found := cutIndex(path)
	if first < 1 || !found {
		return nil, fmt.Errorf("remove %s: it has no header [[%s]]", path, name)
	}
	list, _ := d.Tree[name].([]any)
	if index >= len(list) {
		return nil, fmt.Errorf("remove %s: %w", path, errMeaning)
	}
	last := first
	for last+1 < len(d.tables) && within(d.tables[last+1].path, path) {
		last++
	}
	start := d.lineStart(d.tables[first].header)
	for start > 0 && d.comment(d.lineStart(start-1)) {
		start = d.lineStart(start - 1)
	}
	end := d.trailing(d.lineEnd(d.tables[last].end))
	for end < len(d.Text) && len(bytes.TrimSpace(d.Text[end:d.lineEnd(end)])) == 0 {
		end = d.lineEnd(end)
	}
	if end == len(d.Text) { // leave no blank lines at the end
		for start > 0 && len(bytes.TrimSpace(d.Text[d.lineStart(start-1):start])) == 0 {
			start = d.lineStart(start - 1)
		}
	}
	return d.checked("remove "+path, d.splice(start, end, ""), func(tree map[string]any) {
		if tree[name] = slices.Delete(slices.Clone(list), index, index+1); len(list) == 1 {
			delete(tree, name)
		}
	})
}

// Header returns the offset of the line of a table's header, and whether it has one.
func (d *Document) Header(path string) (offset int, ok bool) {
	i := slices.IndexFunc(d.tables, func(t table) bool { return t.path == path })
	if i < 1 {
		return 0, false
	}
	return d.lineStart(d.tables[i].header), true
}

// errMeaning is the error for an edit that would change the meaning of other keys.
var errMeaning = errors.New("it cannot be changed there without changing other things; change it by hand")

// checked parses an edited text. It fails unless the result equals the old values with the change
// applied.
func (d *Document) checked(what string, text []byte, change func(tree map[string]any)) (*Document, error) {
	next, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", what, errMeaning, err)
	}
	want := clone(d.Tree).(map[string]any)
	change(want)
	if !reflect.DeepEqual(want, next.Tree) {
		return nil, fmt.Errorf("%s: %w", what, errMeaning)
	}
	return next, nil
}

// splice returns the text with one part replaced.
func (d *Document) splice(from, to int, with string) []byte {
	return slices.Concat(d.Text[:from], []byte(with), d.Text[to:])
}

// insert returns the text with lines inserted at the start of a line, or at the end.
func (d *Document) insert(at int, lines ...string) []byte {
	eol := "\n"
	if i := bytes.IndexByte(d.Text, '\n'); i > 0 && d.Text[i-1] == '\r' {
		eol = "\r\n"
	}
	with := strings.Join(lines, eol) + eol
	if at > 0 && d.Text[at-1] != '\n' {
		with = eol + with
	}
	return d.splice(at, at, with)
}

// behind returns the offset at which to insert a new key of a table.
func (d *Document) behind(t table, key string) int {
	end := d.lineEnd(t.end)
	for from := d.lineEnd(t.header); from < d.trailing(end); from = d.lineEnd(from) {
		line := strings.TrimLeft(string(d.Text[from:d.lineEnd(from)]), " \t")
		rest, shown := strings.CutPrefix(line, "#"+key)
		if shown && strings.HasPrefix(strings.TrimLeft(rest, " \t"), "=") {
			return d.lineEnd(from)
		}
	}
	return end
}

// trailing returns the end of the comment lines at an offset, if they belong to the text before them.
// If text follows directly, they belong to that, and it returns at.
func (d *Document) trailing(at int) int {
	end := at
	for end < len(d.Text) && d.comment(end) {
		end = d.lineEnd(end)
	}
	if end < len(d.Text) && len(bytes.TrimSpace(d.Text[end:d.lineEnd(end)])) > 0 {
		return at
	}
	return end
}

// indent returns the indentation for new keys of a table: that of its last key, else of its header.
func (d *Document) indent(t table) string {
	at := d.lineStart(t.header)
	if d.lineStart(t.end) > at {
		at = d.lineStart(t.end)
	}
	line := d.Text[at:d.lineEnd(at)]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}

// comment reports whether the line at an offset is a comment.
func (d *Document) comment(at int) bool {
	return bytes.HasPrefix(bytes.TrimLeft(d.Text[at:d.lineEnd(at)], " \t"), []byte("#"))
}

// lineStart returns the start of the line of an offset, lineEnd the start of the next line.
func (d *Document) lineStart(at int) int { return bytes.LastIndexByte(d.Text[:at], '\n') + 1 }

func (d *Document) lineEnd(at int) int {
	if i := bytes.IndexByte(d.Text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(d.Text)
}

// within reports whether a path is a table, one of its elements, or inside of them.
func within(path, table string) bool {
	rest, ok := strings.CutPrefix(path, table)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// pairKey returns the key in a path that consists of one key.
func pairKey(path string) string {
	table, _ := reread("{ " + path + " = 0 }").(map[string]any)
	for key := range table {
		return key
	}
	return path
}

// cutIndex splits "rule[1]".
func cutIndex(path string) (name string, index int, ok bool) {
	name, _, _ = strings.Cut(path, "[")
	n, err := fmt.Sscanf(path[len(name):], "[%d]", &index)
	return name, index, err == nil && n == 1 && index >= 0 && IndexPath(name, index) == path
}

// lookup returns the table at a path such as "log" or "rule[1]"; nil if there is none.
func lookup(tree map[string]any, path string) map[string]any {
	name, index, listed := cutIndex(path)
	if !listed {
		t, _ := tree[path].(map[string]any)
		return t
	}
	list, _ := tree[name].([]any)
	if index >= len(list) {
		return nil
	}
	t, _ := list[index].(map[string]any)
	return t
}

func (d *Document) lookup(path string) map[string]any { return lookup(d.Tree, path) }

// clone copies a tree.
func clone(value any) any {
	switch v := value.(type) {
	case map[string]any:
		m := maps.Clone(v)
		for key := range m {
			m[key] = clone(m[key])
		}
		return m
	case []any:
		list := slices.Clone(v)
		for i := range list {
			list[i] = clone(list[i])
		}
		return list
	}
	return value
}
