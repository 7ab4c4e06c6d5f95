package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// python returns the models as typed dictionaries: what json.loads returns.
func python(m *models) []byte {
	var b bytes.Buffer
	b.WriteString(`# Generated from docs/*.schema.json by make sdk. DO NOT EDIT.
"""What rvo-tui writes as JSON: events, meta.json of clips, and snapshots. Keys may be
added; a key that is NotRequired can be missing."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict
`)
	for _, t := range m.types {
		switch t := t.(type) {
		case *enum:
			quoted := make([]string, len(t.values))
			for i, v := range t.values {
				quoted[i] = strconv.Quote(v)
			}
			fmt.Fprintf(&b, "\n%s = Literal[%s]\n", t.name, strings.Join(quoted, ", "))
		case *object:
			fmt.Fprintf(&b, "\n\nclass %s(TypedDict):\n", t.name)
			if t.doc != "" {
				fmt.Fprintf(&b, "    \"\"\"%s\"\"\"\n\n", t.doc)
			}
			for _, f := range t.fields {
				comment(&b, "    # ", f.doc)
				of := pythonType(f.of)
				if f.optional {
					of = "NotRequired[" + of + "]"
				}
				fmt.Fprintf(&b, "    %s: %s\n", f.key, of)
			}
		}
	}
	return b.Bytes()
}

func pythonType(v value) string {
	of := map[string]string{"string": "str", "time": "str", "integer": "int", "number": "float", "boolean": "bool", "any": "Any", "named": v.name}[v.kind]
	switch {
	case v.only != "":
		of = "Literal[" + v.only + "]"
	case v.kind == "list":
		of = "list[" + pythonType(*v.elem) + "]"
	case v.kind == "map":
		of = "dict[str, " + pythonType(*v.elem) + "]"
	}
	if v.null && v.kind != "any" {
		return "None | " + of
	}
	return of
}

// comment writes a text in lines of at most 100 characters, each with the prefix.
func comment(b *bytes.Buffer, prefix, text string) {
	line := prefix
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word) > 100 {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = prefix
		}
		line += word + " "
	}
	if line != prefix {
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}
