package config

import (
	"slices"
	"strings"

	"rvo-tui/runtime/sink/mqtt"
)

// Quarantined is a camera, detector, rule or output that is left out, because what is
// written in its table is wrong.
type Quarantined struct {
	Where    string    // `camera "door"`
	Problems []Problem // of its table, at least one
	Output   string    // the name of an output: what waits for it must not be lost; empty: it is none
}

// quarantine returns the tables that all problems lie in, and their problems. It returns
// nil where one lies elsewhere, or is about how tables fit each other.
func (b *builder) quarantine() (tables []string, list []Quarantined) {
	for i, p := range b.problems {
		table := b.inTable[i]
		if table == "" {
			return nil, nil
		}
		at := slices.Index(tables, table)
		if at < 0 {
			at = len(tables)
			tables, list = append(tables, table), append(list, Quarantined{Where: b.whereOf(table)})
		}
		list[at].Problems = append(list[at].Problems, p)
	}
	for i := range list {
		list[i].Problems = sortProblems(list[i].Problems)
		list[i].Output = b.outputOf(tables[i], list[i].Problems)
	}
	return tables, list
}

// outputOf returns the name of the output whose table has problems; empty: it is none,
// or its name is among what is wrong.
func (b *builder) outputOf(table string, problems []Problem) string {
	if table == mqtt.Name {
		return mqtt.Name
	}
	name, ok := b.tableAt(table)["name"].(string)
	wrong := slices.ContainsFunc(problems, func(p Problem) bool { return p.Key == "name" })
	if !ok || wrong || !strings.HasPrefix(table, "notify[") {
		return ""
	}
	return name
}

// ownTable returns the table of a path, if it is that of a camera, detector, rule or
// output: "camera[0]", "mqtt".
func ownTable(path string) string {
	table, _, _ := strings.Cut(path, ".")
	name, _, listed := strings.Cut(table, "[")
	if listed && slices.Contains([]string{"camera", "detector", "rule", "notify"}, name) || table == mqtt.Name {
		return table
	}
	return ""
}
