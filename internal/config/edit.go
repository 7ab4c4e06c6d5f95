package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/option"
	"rvo-tui/internal/text"
	"rvo-tui/internal/tomldoc"
	"rvo-tui/runtime"
)

// Edit applies edits of [[zone]] and [[line]] to a file's text. It fails if an edit is impossible.
// If the result is not a valid configuration, Diff.Refused says why.
func (l Loader) Edit(file string, text []byte, flags cli.Flags, edits []runtime.FileEdit) (Revision, error) {
	p, err := l.planner(file, text)
	if err != nil {
		return Revision{}, err
	}
	for _, e := range edits {
		if err := p.edit(e); err != nil {
			return Revision{}, err
		}
	}
	r := p.revision()
	if r.Diff.Refused == "" {
		l.check(&r, flags)
	}
	return r, nil
}

// Revert undoes the edit that changed a file from before to after. Later changes elsewhere in text
// stay.
func (l Loader) Revert(file string, text, before, after []byte, flags cli.Flags) (Revision, error) {
	next, ok := reverted(text, before, after)
	if !ok {
		return Revision{}, errors.New("the file has since changed at that place; change it by hand")
	}
	r := Revision{Diff: runtime.FileDiff{File: file}, Text: next}
	l.check(&r, flags)
	return r, nil
}

// reverted replaces the lines that the edit added by those that it removed. It finds them in text
// together with the lines around them, and returns false unless they occur exactly once.
func reverted(text, before, after []byte) ([]byte, bool) {
	if bytes.Equal(text, after) {
		return before, true
	}
	was, is, now := slices.Collect(bytes.Lines(before)), slices.Collect(bytes.Lines(after)), slices.Collect(bytes.Lines(text))
	n, i, j := commonLines(was, is)
	from, to := max(n-1, 0), min(j+1, len(is))
	at, found := 0, 0
	for k := range len(now) - (to - from) + 1 {
		if slices.EqualFunc(now[k:k+to-from], is[from:to], bytes.Equal) {
			at, found = k, found+1
		}
	}
	if found != 1 {
		return nil, false
	}
	return bytes.Join(slices.Concat(now[:at+n-from], was[n:i], now[at+j-from:]), nil), true
}

// edit plans one edit.
func (p *planner) edit(e runtime.FileEdit) error {
	what := fmt.Sprintf("%s %q", e.Table, e.Name)
	var keys []string
	switch e.Table {
	case "zone":
		keys = option.Keys(option.List(detectors.Zone{}))
	case "line":
		keys = option.Keys(option.List(detectors.Line{}))
	default:
		return fmt.Errorf("%s: only zones and lines can be edited; set the table to %q or %q", what, "zone", "line")
	}
	for key := range e.Set {
		if !slices.Contains(keys, key) {
			return fmt.Errorf("%s: %s", what, text.Unknown("key", key, keys))
		}
	}
	i := p.place(e)
	path := tomldoc.IndexPath(e.Table, i)
	switch {
	case i < 0 && e.Remove:
		return fmt.Errorf("%s: the file has none on this camera", what)
	case e.Remove:
		p.change(what, func(d *tomldoc.Document) (*tomldoc.Document, error) { return d.Remove(path) })
	case i < 0:
		pairs := []tomldoc.Pair{{Key: "name", Value: e.Name}}
		if _, given := e.Set["cameras"]; e.Camera != "" && !given {
			pairs = append(pairs, tomldoc.Pair{Key: "cameras", Value: []string{e.Camera}})
		}
		for _, key := range keys {
			if value, given := e.Set[key]; given && value != nil && key != "name" {
				pairs = append(pairs, tomldoc.Pair{Key: key, Value: value})
			}
		}
		p.change(what, func(d *tomldoc.Document) (*tomldoc.Document, error) { return d.Append(e.Table, pairs...) })
	default:
		for _, key := range keys {
			value, given := e.Set[key]
			if !given {
				continue
			}
			p.change(what, func(d *tomldoc.Document) (*tomldoc.Document, error) {
				if value == nil {
					return d.Unset(path, key)
				}
				return d.Set(path, key, value)
			})
		}
	}
	for _, u := range p.diff.Unwritable {
		return fmt.Errorf("%s: %s", u.What, u.Why)
	}
	return nil
}

// place returns the index of the camera's zone or line to edit; -1 if there is none.
func (p *planner) place(e runtime.FileEdit) int {
	tables, _ := p.doc.Tree[e.Table].([]any)
	return slices.IndexFunc(tables, func(v any) bool {
		t, _ := v.(map[string]any)
		cameras, _ := t["cameras"].([]any)
		return t["name"] == e.Name && (e.Camera == "" || len(cameras) == 0 || slices.Contains(cameras, any(e.Camera)))
	})
}

// planner collects changes of a configuration file.
type planner struct {
	loader  Loader
	doc     *tomldoc.Document
	diff    runtime.FileDiff
	secrets *Secrets // that are written in the file itself, or would be; nil: none
}

func (l Loader) planner(file string, text []byte) (*planner, error) {
	doc, err := tomldoc.Parse(text)
	if err != nil {
		return nil, err
	}
	return &planner{loader: l, doc: doc, diff: runtime.FileDiff{File: file, Changes: []runtime.FileChange{}, Unwritable: []runtime.Unwritable{}}}, nil
}

// revision returns the collected changes.
func (p *planner) revision() Revision {
	var b strings.Builder
	for _, c := range p.diff.Changes {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "# %s, line %d\n", c.What, c.Line)
		for line := range strings.Lines(c.Old) {
			b.WriteString("#- " + line)
		}
		b.WriteString(c.New)
	}
	p.diff.TOML = b.String()
	if p.diff.File == BuiltIn && len(p.diff.Changes) > 0 {
		p.diff.TOML = string(p.doc.Text) // has no secrets
		p.diff.Refused = "the built-in configuration is not a file; save the TOML as rvo.toml"
	}
	sum := sha256.Sum256(p.doc.Text)
	p.diff.ID = hex.EncodeToString(sum[:8])
	return Revision{Diff: p.diff, Text: p.doc.Text}
}

// cannot adds a difference that cannot be written to the file.
func (p *planner) cannot(what, why string) {
	p.diff.Unwritable = append(p.diff.Unwritable, runtime.Unwritable{What: what, Why: why})
}

// change applies one change to the document, or adds why it cannot.
func (p *planner) change(what string, edit func(*tomldoc.Document) (*tomldoc.Document, error)) {
	next, err := edit(p.doc)
	if err != nil {
		p.cannot(what, err.Error())
		return
	}
	line, old, fresh := changedLines(p.doc.Text, next.Text)
	if old == fresh {
		return
	}
	if shown := p.redact(fresh); shown != fresh {
		p.cannot(what, "it holds a secret; write it into the file by hand, as ${NAME}")
		return
	}
	p.doc = next
	p.diff.Changes = append(p.diff.Changes, runtime.FileChange{What: what, Line: line, Old: p.redact(old), New: fresh})
}

// redact masks the secrets in lines.
func (p *planner) redact(lines string) string {
	var b strings.Builder
	for line := range strings.Lines(lines) {
		b.WriteString(p.secrets.Redact(p.loader.redact(line)))
	}
	return b.String()
}

// changedLines returns the changed lines of two texts, and the number of the first.
func changedLines(a, b []byte) (line int, old, fresh string) {
	was, is := slices.Collect(bytes.Lines(a)), slices.Collect(bytes.Lines(b))
	n, i, j := commonLines(was, is)
	// If a neighbouring table begins with the same lines, start at the changed table's own header.
	for longer, end := was, max(i, j); (i == n) != (j == n); end-- {
		if j > i {
			longer = is
		}
		if n == 0 || bytes.HasPrefix(longer[n], []byte("[")) || !bytes.Equal(longer[n-1], longer[end-1]) {
			break
		}
		n, i, j = n-1, i-1, j-1
	}
	return n + 1, string(bytes.Join(was[n:i], nil)), string(bytes.Join(is[n:j], nil))
}

// commonLines returns how many lines two texts have in common at the beginning, and the line of
// each at which their common end begins.
func commonLines(a, b [][]byte) (n, endA, endB int) {
	for n < min(len(a), len(b)) && bytes.Equal(a[n], b[n]) {
		n++
	}
	endA, endB = len(a), len(b)
	for endA > n && endB > n && bytes.Equal(a[endA-1], b[endB-1]) {
		endA, endB = endA-1, endB-1
	}
	return n, endA, endB
}

// find returns the path of the table in a list whose key has a value.
func (p *planner) find(list, key, value string) (path string, ok bool) {
	tables, _ := p.doc.Tree[list].([]any)
	for i := range tables {
		if t, _ := tables[i].(map[string]any); t[key] == value {
			return tomldoc.IndexPath(list, i), true
		}
	}
	return "", false
}

// set sets a field of the table found by key and value, or removes it if to is nil.
func (p *planner) set(what, list, key, value, field string, to any) {
	path, ok := p.find(list, key, value)
	if !ok {
		p.cannot(what, "it comes from the command line")
		return
	}
	p.change(what, func(d *tomldoc.Document) (*tomldoc.Document, error) {
		if to == nil {
			return d.Unset(path, field)
		}
		return d.Set(path, field, to)
	})
}

func (p *planner) remove(what, list, key, value string) {
	path, ok := p.find(list, key, value)
	if !ok {
		p.cannot(what, "it comes from the command line")
		return
	}
	p.change(what, func(d *tomldoc.Document) (*tomldoc.Document, error) { return d.Remove(path) })
}
