package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// models is what the schemas describe, in the order of their first mention.
type models struct {
	types []any          // *object or *enum
	named map[string]any // the same, by name
	files map[string]*schema
}

// object is a JSON object with known keys.
type object struct {
	name, doc string
	fields    []field
}

// enum is a string that has one of some values.
type enum struct {
	name, doc string
	values    []string
}

type field struct {
	key, doc string
	of       value
	optional bool
}

// value is the type of a field, an entry of a list, or a value of a map.
type value struct {
	kind string // string, time, integer, number, boolean, any, list, map, or named
	name string // of an object or enum, if named
	elem *value // of a list or map
	only string // the one value that it has, as JSON; empty: any of its kind
	null bool   // it may be null
}

// schema is a JSON schema, as far as the schemas of docs/ use them.
type schema struct {
	Ref         string             `json:"$ref"`
	Title       string             `json:"title"`
	Description string             `json:"description"`
	Type        oneOrMany          `json:"type"`
	Format      string             `json:"format"`
	Enum        []string           `json:"enum"`
	Const       json.RawMessage    `json:"const"`
	AnyOf       []*schema          `json:"anyOf"`
	Properties  properties         `json:"properties"`
	Required    []string           `json:"required"`
	Items       *schema            `json:"items"`
	Additional  additional         `json:"additionalProperties"`
	Defs        map[string]*schema `json:"$defs"`
}

// oneOrMany is a string or a list of strings.
type oneOrMany []string

func (o *oneOrMany) UnmarshalJSON(text []byte) error {
	if text[0] != '[' {
		*o = oneOrMany{""}
		return json.Unmarshal(text, &(*o)[0])
	}
	return json.Unmarshal(text, (*[]string)(o))
}

// additional is the schema of values under other keys; nil where it is a boolean.
type additional struct{ *schema }

func (a *additional) UnmarshalJSON(text []byte) error {
	if text[0] != '{' {
		return nil
	}
	return json.Unmarshal(text, &a.schema)
}

// properties are in the order of the file.
type properties []property

type property struct {
	key string
	of  *schema
}

func (p *properties) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var of schema
		if err := d.Decode(&of); err != nil {
			return err
		}
		*p = append(*p, property{key.(string), &of})
	}
	return nil
}

// read adds the types of one file. The root object gets the name.
func (m *models) read(file, name string, text []byte) error {
	var s schema
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if m.files == nil {
		m.files = map[string]*schema{}
	}
	m.files[file] = &s
	s.Title = name
	_, err := m.value(&s, file, name)
	return err
}

var typeName = regexp.MustCompile(`^[A-Z][A-Za-z]*$`)

// value returns the type that a schema describes. Objects and enums in it become
// types of their own, with a name that they have as a title or get from where
// they are.
func (m *models) value(s *schema, file, name string) (value, error) {
	if typeName.MatchString(s.Title) {
		name = s.Title
	}
	null := slices.Contains(s.Type, "null")
	kinds := slices.DeleteFunc(slices.Clone(s.Type), func(t string) bool { return t == "null" })
	switch {
	case s.Ref != "":
		return m.refer(s.Ref, file)
	case len(s.AnyOf) == 2 && slices.Equal(s.AnyOf[1].Type, oneOrMany{"null"}):
		v, err := m.value(s.AnyOf[0], file, name)
		v.null = true
		return v, err
	case len(s.AnyOf) > 0:
		return value{}, fmt.Errorf("%s: anyOf is for a type or null", name)
	case s.Enum != nil:
		return value{kind: "named", name: name}, m.add(name, &enum{name, s.Description, s.Enum})
	case len(kinds) == 0 && s.Const == nil:
		return value{kind: "any", null: true}, nil
	case len(kinds) == 0:
		return value{kind: "integer", only: string(s.Const)}, nil
	case len(kinds) > 1:
		return value{}, fmt.Errorf("%s: several types", name)
	}
	v := value{kind: kinds[0], only: string(s.Const), null: null}
	var err error
	switch {
	case v.kind == "string" && s.Format == "date-time":
		v.kind = "time"
	case v.kind == "array":
		v.kind, v.elem = "list", new(value)
		*v.elem, err = m.value(s.Items, file, strings.TrimSuffix(name, "s"))
	case v.kind == "object" && s.Properties == nil:
		v.kind, v.elem = "map", &value{kind: "any", null: true}
		if s.Additional.schema != nil {
			*v.elem, err = m.value(s.Additional.schema, file, name)
		}
	case v.kind == "object":
		v.kind, v.name = "named", name
		err = m.object(s, file, name)
	}
	return v, err
}

func (m *models) object(s *schema, file, name string) error {
	o := &object{name: name, doc: s.Description}
	if err := m.add(name, o); err != nil {
		return err
	}
	for _, p := range s.Properties {
		v, err := m.value(p.of, file, name+camel(p.key))
		if err != nil {
			return err
		}
		o.fields = append(o.fields, field{p.key, p.of.Description, v, !slices.Contains(s.Required, p.key)})
	}
	return nil
}

// add notes a type under a name that no other has.
func (m *models) add(name string, t any) error {
	if m.named[name] != nil {
		return fmt.Errorf("two types are called %s: give one a title", name)
	}
	m.named[name] = t
	m.types = append(m.types, t)
	return nil
}

// refer returns the type behind a reference: FILE#/$defs/NAME or #/$defs/NAME.
func (m *models) refer(ref, file string) (value, error) {
	at, name, found := strings.Cut(ref, "#/$defs/")
	if at != "" {
		file = at
	}
	if !found || m.files[file] == nil || m.files[file].Defs[name] == nil {
		return value{}, errors.New("nothing is at " + ref)
	}
	def := m.files[file].Defs[name]
	name = camel(name)
	if typeName.MatchString(def.Title) {
		name = def.Title
	}
	if def.Properties != nil && m.named[name] != nil {
		return value{kind: "named", name: name, null: slices.Contains(def.Type, "null")}, nil
	}
	return m.value(def, file, name)
}

// camel returns a key as a part of a type's name: age_split_ms is AgeSplitMs.
func camel(key string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(key, "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}
