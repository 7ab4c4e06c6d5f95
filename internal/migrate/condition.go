package migrate

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// condition is the condition of an event, converted to a key of a rule.
type condition struct {
	key, value string
	from       string   // key in the YAML
	signals    []string // signals in it, without duplicates
	note       string
}

// operators are the comparison operators by their names in rvo's documents and code.
var operators = map[string]string{
	"gte": ">=", "gt": ">", "eq": "==", "lt": "<", "lte": "<=",
	">=": ">=", ">": ">", "==": "==", "<": "<", "<=": "<=",
}

// condition reads the condition of an event: all or any of a list, or one signal with a threshold.
func (r *reader) condition(f *fields) condition {
	signal := f.text("signal_type", "Dummy")
	given := !null(f.all["signal_threshold"])
	single := fmt.Sprintf("%s >= %d", signal, f.whole("signal_threshold", 0))
	block := f.take("condition")
	if block == nil {
		if !given {
			r.bad(f.node, f.where, "signal_threshold", "is missing; write the minimum value of the signal, as in 1")
		}
		return condition{key: "when", value: quote(single), from: "signal_type", signals: []string{signal}}
	}
	c := condition{from: "condition", note: "rvo's documents describe this condition; rvo itself ignores it."}
	if given {
		c.note = fmt.Sprintf("rvo's documents describe this condition; rvo itself uses only %s.", single)
	}
	of := r.mapping(block, f.where)
	all, any := of.list("all"), of.list("any")
	switch {
	case len(all) > 0 && len(any) > 0:
		r.bad(block, f.where, "condition", "has both all and any, of which only one is possible; write two events")
		return c
	case len(all) == 0 && len(any) == 0:
		r.bad(block, f.where, "condition", "needs a list of comparisons under all or any")
		return c
	}
	c.key = "all"
	if len(any) > 0 {
		c.key = "any"
	}
	var items []string
	for _, n := range slices.Concat(all, any) {
		signal, text := r.comparison(n, f.where)
		items = append(items, text)
		if !slices.Contains(c.signals, signal) {
			c.signals = append(c.signals, signal)
		}
	}
	c.value = quoted(items)
	return c
}

// comparison reads one comparison of a condition.
func (r *reader) comparison(n *yaml.Node, where string) (signal, text string) {
	f := r.mapping(n, where)
	signal = f.text("signal_type", "")
	if signal == "" {
		r.bad(n, where, "condition", "an item has no signal_type; write the signal to compare")
	}
	key := "value"
	if !null(f.all["signal_threshold"]) {
		key = "signal_threshold"
	}
	if null(f.all[key]) {
		r.bad(n, where, "condition", "an item has no value; write the value to compare with, as in value: 1")
	}
	name := f.text("op", "gte")
	op, ok := operators[name]
	if !ok {
		r.bad(f.all["op"], where, "op", "%q is not a comparison; write gte, gt, eq, lt or lte", name)
	}
	value := f.whole(key, 0)
	for _, unknown := range f.rest {
		r.bad(f.all[unknown], where, unknown, "is not a key of a comparison; keys are signal_type, op and value")
	}
	return signal, fmt.Sprintf("%s %s %d", signal, op, value)
}
