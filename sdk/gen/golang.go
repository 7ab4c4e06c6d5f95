package main

import (
	"bytes"
	"fmt"
	"go/format"
	"regexp"
	"strings"
)

var word = regexp.MustCompile(`^[a-z_]+$`)

// golang returns the models as structs for encoding/json.
func golang(m *models) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`// Code generated from docs/*.schema.json by make sdk. DO NOT EDIT.

package rvo

import "time"
`)
	for _, t := range m.types {
		b.WriteString("\n")
		switch t := t.(type) {
		case *enum:
			goDoc(&b, t.name, t.doc)
			fmt.Fprintf(&b, "type %s string\n\nconst (\n", t.name)
			for _, v := range t.values {
				if name, ok := constant(v); ok {
					fmt.Fprintf(&b, "%s%s %s = %q\n", t.name, name, t.name, v)
				}
			}
			b.WriteString(")\n")
		case *object:
			goDoc(&b, t.name, t.doc)
			fmt.Fprintf(&b, "type %s struct {\n", t.name)
			for _, f := range t.fields {
				comment(&b, "// ", f.doc)
				of, tag := goType(f.of), f.key
				if f.optional {
					of, tag = "*"+strings.TrimPrefix(of, "*"), tag+",omitempty"
				}
				if f.optional && (f.of.kind == "list" || f.of.kind == "any") {
					of = goType(f.of)
				}
				fmt.Fprintf(&b, "%s %s `json:%q`\n", goName(f.key), of, tag)
			}
			b.WriteString("}\n")
		}
	}
	return format.Source(b.Bytes())
}

func goType(v value) string {
	of := map[string]string{"string": "string", "time": "time.Time", "integer": "int64", "number": "float64", "boolean": "bool", "any": "any", "named": v.name}[v.kind]
	switch v.kind {
	case "list":
		return "[]" + goType(*v.elem)
	case "map":
		return "map[string]" + goType(*v.elem)
	}
	if v.null && v.kind != "any" {
		return "*" + of
	}
	return of
}

// operators are values of enums that are no words.
var operators = map[string]string{"<": "Less", "<=": "LessEqual", "==": "Equal", "!=": "NotEqual", ">=": "GreaterEqual", ">": "Greater", "": "Empty"}

func constant(v string) (string, bool) {
	if word.MatchString(v) {
		return camel(v), true
	}
	name, ok := operators[v]
	return name, ok
}

// goName returns a key as a name of a field, with initialisms as Go has them.
func goName(key string) string {
	parts := strings.Split(key, "_")
	for i, part := range parts {
		switch part {
		case "id", "ms", "ns", "fps", "ttl", "sha256":
			parts[i] = strings.ToUpper(part)
		default:
			parts[i] = camel(part)
		}
	}
	return strings.Join(parts, "")
}

func goDoc(b *bytes.Buffer, name, doc string) {
	if doc == "" {
		doc = "See the schema."
	}
	comment(b, "// ", name+": "+doc)
}
