// Package migrate converts a YAML configuration of RealTime-Video-Orchestrator (rvo) to a TOML
// configuration of this program.
package migrate

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
)

// TOML converts a YAML configuration to an equivalent TOML one, with comments where something has
// changed or has no counterpart. The loader accepts the result. File is the name of the source in
// messages. The error is a *config.Error with every problem and its position in source.
func TOML(loader config.Loader, file string, source []byte) ([]byte, error) {
	r := &reader{file: file}
	root, err := parse(source)
	if err != nil {
		line, text := place(err)
		r.problems = append(r.problems, config.Problem{File: file, Line: line, Column: min(line, 1), Text: text})
		return nil, r.err()
	}
	w := &writer{}
	r.write(root, w)
	if len(r.problems) > 0 {
		return nil, r.err()
	}
	out := w.bytes(file)
	_, err = loader.Compose(file, out, cli.Flags{})
	if bad := new(config.Error); errors.As(err, &bad) {
		for _, p := range bad.Problems {
			r.problems = append(r.problems, w.inYAML(p))
		}
		return nil, r.err()
	}
	return out, err
}

// parse parses a YAML text, which must be a mapping.
func parse(source []byte) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(source, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("yaml: line 1: this is not a configuration of rvo, which has keys such as camera, detectors and events")
	}
	return doc.Content[0], nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// place splits an error of the YAML library into its line (0: none) and its text.
func place(err error) (line int, text string) {
	m := yamlLine.FindStringSubmatch(err.Error())
	if m == nil {
		return 0, err.Error()
	}
	line, _ = strconv.Atoi(m[1])
	return line, m[2]
}

// reader reads the YAML and collects problems.
type reader struct {
	file     string
	problems []config.Problem
}

func (r *reader) err() error { return &config.Error{File: r.file, Problems: r.problems} }

// bad reports a problem with a node.
func (r *reader) bad(n *yaml.Node, where, key, format string, args ...any) {
	r.problems = append(r.problems, config.Problem{
		File: r.file, Line: n.Line, Column: n.Column, Where: where, Key: key, Text: fmt.Sprintf(format, args...),
	})
}

// fields is a YAML mapping. Keys left in rest after reading have no counterpart.
type fields struct {
	r     *reader
	node  *yaml.Node
	where string
	all   map[string]*yaml.Node
	rest  []string // in file order
}

// mapping returns the fields of a node. Nil has none, and neither has another type, which it
// reports.
func (r *reader) mapping(n *yaml.Node, where string) *fields {
	f := &fields{r: r, node: n, where: where, all: map[string]*yaml.Node{}}
	n = resolved(n)
	switch {
	case null(n):
		return f
	case n.Kind != yaml.MappingNode:
		r.bad(n, where, "", "must be a mapping of keys to values, as in \"kind: dummy\"")
		return f
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i].Value, resolved(n.Content[i+1])
		if f.all[key] != nil {
			r.bad(n.Content[i], where, key, "is given twice; remove one of them")
			continue
		}
		f.all[key] = value
		f.rest = append(f.rest, key)
	}
	return f
}

// resolved returns the node that an alias refers to.
func resolved(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func null(n *yaml.Node) bool { return n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// take returns the value of a key and removes the key from rest. Nil: it is not set.
func (f *fields) take(key string) *yaml.Node {
	for i, k := range f.rest {
		if k == key {
			f.rest = append(f.rest[:i:i], f.rest[i+1:]...)
		}
	}
	if n := f.all[key]; !null(n) {
		return n
	}
	return nil
}

// get reads the value of a key into v. It returns false if the key is not set or has another type,
// which it reports.
func get[T any](f *fields, key, want string, v *T) bool {
	n := f.take(key)
	if n == nil {
		return false
	}
	if err := n.Decode(v); err != nil {
		f.r.bad(n, f.where, key, "%q is not a %s", n.Value, want)
		return false
	}
	return true
}

// text reads a text or number as text.
func (f *fields) text(key, otherwise string) string {
	n := f.take(key)
	switch {
	case n == nil:
		return otherwise
	case n.Kind != yaml.ScalarNode:
		f.r.bad(n, f.where, key, "must be a text")
		return otherwise
	}
	return n.Value
}

// whole reads a whole number of at least 0.
func (f *fields) whole(key string, otherwise uint64) uint64 {
	if v := uint64(0); get(f, key, "whole number of at least 0; write one, as in 1000", &v) {
		return v
	}
	return otherwise
}

// list returns the items of a list.
func (f *fields) list(key string) []*yaml.Node {
	n := f.take(key)
	switch {
	case n == nil:
		return nil
	case n.Kind != yaml.SequenceNode:
		f.r.bad(n, f.where, key, "must be a list: lines that begin with \"- \"")
		return nil
	}
	return n.Content
}
