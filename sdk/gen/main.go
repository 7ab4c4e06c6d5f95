// Command gen writes the models of sdk/ from the JSON schemas in docs/: what the
// event log, meta.json and snapshots hold, as types of Python, TypeScript and Go.
// Run it from the repository's root; make sdk does.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"rvo-tui/docs"
)

// schemas are read in this order: a later one may refer to an earlier one.
var schemas = []struct{ file, name string }{
	{"event.schema.json", "Event"},
	{"meta.schema.json", "Meta"},
	{"snapshot.schema.json", "Snapshot"},
}

func main() {
	files, err := generate()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.FromSlash(name), text, 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "gen:", err)
			os.Exit(1)
		}
	}
}

// generate returns the text of each generated file by its path from the root.
func generate() (map[string][]byte, error) {
	m := &models{named: map[string]any{}}
	for _, s := range schemas {
		text, err := docs.Schemas.ReadFile(s.file)
		if err != nil {
			return nil, err
		}
		if err := m.read(s.file, s.name, text); err != nil {
			return nil, fmt.Errorf("%s: %w", s.file, err)
		}
	}
	golang, err := golang(m)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		"sdk/go/models.go":             golang,
		"sdk/python/rvo/models.py":     python(m),
		"sdk/typescript/src/models.ts": typescript(m),
	}, nil
}
