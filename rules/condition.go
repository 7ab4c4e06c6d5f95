package rules

import (
	"fmt"
	"slices"
	"time"

	"rvo-tui/detectors"
)

// Condition is an expression compiled against one table. It must be used only on the
// goroutine that owns the table. Evaluation does not allocate.
type Condition struct {
	table *detectors.Table
	eval  eval
	ids   []detectors.ID // of the signals, without duplicates

	clauses []explained // in source order
	counts  []*counted  // the clauses that compare values derived from detections
}

// explained is a compiled clause, with what Explain needs.
type explained struct {
	clause        Clause
	signal, other detectors.ID
	eval          eval
	counted       *counted // nil: the clause compares the signal's value
}

// eval is a compiled node.
type eval func(now time.Duration) Truth

// Compile compiles the condition against table. It interns the signal names and fails
// when the table is full.
func (e *Expr) Compile(table *detectors.Table) (*Condition, error) {
	c := &Condition{table: table}
	for _, name := range e.Signals() {
		id, err := table.Intern(name)
		if err != nil {
			return nil, fmt.Errorf("compile condition: %w", err)
		}
		c.ids = append(c.ids, id)
	}
	counted := map[*node]*counted{}
	e.root.each(func(n *node) {
		k := explained{
			clause: Clause{Text: n.String(), Signal: n.signal, Zone: n.zone, Op: n.op, Threshold: n.threshold, Other: n.other},
			signal: c.id(n.signal),
		}
		if n.where != nil {
			k.clause.Where = n.where.String()
		}
		if n.line != "" {
			k.clause.Line = n.line + "." + n.way
		}
		if n.derived() {
			k.counted = c.count(n)
			c.counts = append(c.counts, k.counted)
			k.eval = k.counted.eval
			counted[n] = k.counted
		} else {
			k.eval = c.compile(n, nil)
		}
		if n.other != "" {
			k.other = c.id(n.other)
		}
		c.clauses = append(c.clauses, k)
	})
	c.eval = c.compile(e.root, counted)
	return c, nil
}

// Signals returns the IDs of the signals that the condition reads, without duplicates.
// Do not free them while the condition is in use. The condition owns the slice.
func (c *Condition) Signals() []detectors.ID { return c.ids }

// Eval evaluates the condition at time now.
func (c *Condition) Eval(now time.Duration) Truth { return c.eval(now) }

// Expires returns the earliest time after now at which a fresh signal or attribute
// becomes stale. Never: none is fresh.
func (c *Condition) Expires(now time.Duration) time.Duration {
	at := Never
	for _, id := range c.ids {
		if s := c.table.Signal(id); s.At(now) == detectors.Known {
			at = min(at, s.Expires())
		}
	}
	for _, k := range c.counts {
		at = min(at, k.expires(now))
	}
	return at
}

// forgets returns the earliest time after now at which a crossing leaves its window.
// Never: there is none.
func (c *Condition) forgets(now time.Duration) time.Duration {
	at := Never
	for _, k := range c.counts {
		if k.crosses {
			at = min(at, k.expires(now))
		}
	}
	return at
}

// Newest returns the trace of the most recently captured signal that the condition
// reads. It is zero when no signal has a result yet.
func (c *Condition) Newest() detectors.Trace {
	var newest *detectors.Trace
	for _, id := range c.ids {
		if s := c.table.Signal(id); answered(s) && (newest == nil || s.Trace.Captured > newest.Captured) {
			newest = &s.Trace
		}
	}
	if newest == nil {
		return detectors.Trace{}
	}
	return *newest
}

// answered reports whether the signal was ever set.
func answered(s *detectors.Signal) bool { return s.TTL != 0 || s.Trace != detectors.Trace{} }

// id returns the ID of a name interned by Compile.
func (c *Condition) id(name string) detectors.ID {
	id, _ := c.table.Lookup(name)
	return id
}

func (c *Condition) compile(n *node, derived map[*node]*counted) eval {
	kids := make([]eval, len(n.kids))
	for i, kid := range n.kids {
		kids[i] = c.compile(kid, derived)
	}
	switch n.shape {
	case negation:
		inner := kids[0]
		return func(now time.Duration) Truth { return not(inner(now)) }
	case allOf:
		return every(kids)
	case anyOf:
		return some(kids)
	default:
		if k := derived[n]; k != nil {
			return k.eval
		}
		if n.other != "" {
			return c.between(n)
		}
		return c.against(n)
	}
}

// every and some are separate on purpose: one function for both, with the deciding
// value in a variable, was 10% slower.
func every(kids []eval) eval {
	if len(kids) == 2 {
		first, second := kids[0], kids[1]
		return func(now time.Duration) Truth {
			a := first(now)
			if a == False {
				return False
			}
			b := second(now)
			if a == True || b == False {
				return b
			}
			return Unknown
		}
	}
	return func(now time.Duration) Truth {
		all := True
		for _, kid := range kids {
			switch kid(now) {
			case False:
				return False
			case Unknown:
				all = Unknown
			}
		}
		return all
	}
}

func some(kids []eval) eval {
	if len(kids) == 2 {
		first, second := kids[0], kids[1]
		return func(now time.Duration) Truth {
			a := first(now)
			if a == True {
				return True
			}
			b := second(now)
			if a == False || b == True {
				return b
			}
			return Unknown
		}
	}
	return func(now time.Duration) Truth {
		found := False
		for _, kid := range kids {
			switch kid(now) {
			case True:
				return True
			case Unknown:
				found = Unknown
			}
		}
		return found
	}
}

// against compiles a comparison of a signal with a number. Each operator has its own
// closure: a second call inside one would double the cost.
func (c *Condition) against(n *node) eval {
	t, id, threshold := c.table, c.id(n.signal), n.threshold
	switch n.op {
	case "<":
		return func(now time.Duration) Truth {
			if s := t.Signal(id); s.At(now) == detectors.Known {
				return truth(s.Value < threshold)
			}
			return Unknown
		}
	case "<=":
		return func(now time.Duration) Truth {
			if s := t.Signal(id); s.At(now) == detectors.Known {
				return truth(s.Value <= threshold)
			}
			return Unknown
		}
	case "==":
		return func(now time.Duration) Truth {
			if s := t.Signal(id); s.At(now) == detectors.Known {
				return truth(s.Value == threshold)
			}
			return Unknown
		}
	case "!=":
		return func(now time.Duration) Truth {
			if s := t.Signal(id); s.At(now) == detectors.Known {
				return truth(s.Value != threshold)
			}
			return Unknown
		}
	case ">=":
		return func(now time.Duration) Truth {
			if s := t.Signal(id); s.At(now) == detectors.Known {
				return truth(s.Value >= threshold)
			}
			return Unknown
		}
	default:
		return func(now time.Duration) Truth {
			if s := t.Signal(id); s.At(now) == detectors.Known {
				return truth(s.Value > threshold)
			}
			return Unknown
		}
	}
}

// between compiles a comparison of two signals.
func (c *Condition) between(n *node) eval {
	t, left, right := c.table, c.id(n.signal), c.id(n.other)
	holds := n.holds()
	return func(now time.Duration) Truth {
		a, b := t.Signal(left), t.Signal(right)
		if a.At(now) != detectors.Known || b.At(now) != detectors.Known {
			return Unknown
		}
		return truth(holds(a.Value, b.Value))
	}
}

// holds returns the comparison function of the node's operator.
func (n *node) holds() func(a, b float64) bool {
	return operators[slices.IndexFunc(operators[:], func(o operator) bool { return o.text == n.op })].holds
}

type operator struct {
	text  string
	holds func(a, b float64) bool
}

var operators = [...]operator{
	{"<", func(a, b float64) bool { return a < b }},
	{"<=", func(a, b float64) bool { return a <= b }},
	{"==", func(a, b float64) bool { return a == b }},
	{"!=", func(a, b float64) bool { return a != b }},
	{">=", func(a, b float64) bool { return a >= b }},
	{">", func(a, b float64) bool { return a > b }},
}
