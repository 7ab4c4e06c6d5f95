package config

import (
	"cmp"
	"slices"
	"strings"

	"rvo-tui/runtime/sink/mqtt"
)

// Quarantined is a camera, detector, rule or output that was left out because its own table has
// errors.
type Quarantined struct {
	Where    string    // `camera "door"`
	Problems []Problem // of its table, at least one
	Output   string    // name of the output, whose queued messages must be kept; empty if it is not an output
}

// quarantine groups all problems by table, and returns the tables with the list of them, which is in
// the order of the file. It returns nil if any problem is outside a table that can be left out, or
// concerns the relation of several tables.
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
	slices.SortFunc(list, func(a, b Quarantined) int {
		return cmp.Or(cmp.Compare(a.Problems[0].Line, b.Problems[0].Line), cmp.Compare(a.Problems[0].Column, b.Problems[0].Column))
	})
	return tables, list
}

// outputOf returns the name of the output whose table has problems; empty if it is not an output or
// its name is invalid.
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

// ownTable returns the table of a path, such as "camera[0]" or "mqtt", if it is a camera, detector,
// rule or output.
func ownTable(path string) string {
	table, _, _ := strings.Cut(path, ".")
	name, _, listed := strings.Cut(table, "[")
	if listed && slices.Contains([]string{"camera", "detector", "rule", "notify"}, name) || table == mqtt.Name {
		return table
	}
	return ""
}
