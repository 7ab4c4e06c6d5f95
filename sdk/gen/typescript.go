package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// typescript returns the models as interfaces: what JSON.parse returns.
func typescript(m *models) []byte {
	var b bytes.Buffer
	b.WriteString(`// Generated from docs/*.schema.json by make sdk. DO NOT EDIT.

// What rvo-tui writes as JSON: events, meta.json of clips, and snapshots. Keys may be
// added. Integers above 2^53 are rounded by JSON.parse: nanoseconds from 104 days on.
`)
	for _, t := range m.types {
		b.WriteString("\n")
		switch t := t.(type) {
		case *enum:
			quoted := make([]string, len(t.values))
			for i, v := range t.values {
				quoted[i] = strconv.Quote(v)
			}
			jsdoc(&b, "", t.doc)
			fmt.Fprintf(&b, "export type %s = %s;\n", t.name, strings.Join(quoted, " | "))
		case *object:
			jsdoc(&b, "", t.doc)
			fmt.Fprintf(&b, "export interface %s {\n", t.name)
			for _, f := range t.fields {
				jsdoc(&b, "  ", f.doc)
				mark := ""
				if f.optional {
					mark = "?"
				}
				fmt.Fprintf(&b, "  %s%s: %s;\n", f.key, mark, typescriptType(f.of))
			}
			b.WriteString("}\n")
		}
	}
	return b.Bytes()
}

func typescriptType(v value) string {
	of := map[string]string{"string": "string", "time": "string", "integer": "number", "number": "number", "boolean": "boolean", "any": "unknown", "named": v.name}[v.kind]
	switch {
	case v.only != "":
		of = v.only
	case v.kind == "list":
		of = typescriptType(*v.elem) + "[]"
		if v.elem.null && v.elem.kind != "any" {
			of = "(" + typescriptType(*v.elem) + ")[]"
		}
	case v.kind == "map":
		of = "Record<string, " + typescriptType(*v.elem) + ">"
	}
	if v.null && v.kind != "any" {
		return of + " | null"
	}
	return of
}

func jsdoc(b *bytes.Buffer, indent, text string) {
	if text != "" {
		fmt.Fprintf(b, "%s/** %s */\n", indent, text)
	}
}
