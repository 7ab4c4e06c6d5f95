package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/internal/tomldoc"
	"rvo-tui/rules"
)

// expression is a condition of the configuration.
type expression struct {
	path  string // path of the text
	where string
	key   string
	text  string
	expr  *rules.Expr // nil when it could not be read
}

// expressions parses the conditions of a key and reports syntax errors.
func (b *builder) expressions(o origin, where, key string, texts []string, list bool) []expression {
	var all []expression
	bad := false
	for i, text := range texts {
		path := o.path + "." + key
		if b.broken[path] {
			continue
		}
		if list {
			path = tomldoc.IndexPath(path, i)
		}
		e := expression{path: path, where: where, key: key, text: text}
		expr, err := rules.Parse(text)
		if err != nil {
			var syntax *rules.SyntaxError
			if errors.As(err, &syntax) {
				b.inText(e, syntax.Column-1, fmt.Sprintf("%s (column %d of %q)", syntax.Problem, syntax.Column, text))
			} else {
				b.inText(e, 0, err.Error())
			}
			bad = true
			continue
		}
		e.expr = expr
		all = append(all, e)
	}
	if bad {
		b.broken[o.path+"."+key] = true
	}
	return all
}

// inText adds a problem at the n-th character (from 0) of a condition.
func (b *builder) inText(e expression, n int, text string) {
	b.at(e.path, e.where, e.key, text)
	m := b.doc.Marks[e.path]
	if m.Raw == "" || strings.Contains(m.Raw, "${") {
		return
	}
	p := &b.problems[len(b.problems)-1]
	p.Line, p.Column = b.doc.Position(m.Value + tomldoc.LiteralOffset(m.Raw, n))
}

// parse parses every condition. The parsed conditions of rules are kept for the engines.
func (b *builder) parse() {
	b.needs = make([][]expression, len(b.cfg.Detector))
	for i, c := range b.cfg.Detector {
		b.needs[i] = b.expressions(b.detectors[i], b.detectorAt(i), "needs", c.Needs, true)
		if detectors.ValidName(c.CropsOf) && !slices.Contains(b.provides(c), c.CropsOf) { // crops_of implies needs
			b.needs[i] = append(b.needs[i], b.expressions(b.detectors[i], b.detectorAt(i), "crops_of", []string{c.CropsOf}, false)...)
		}
	}
	b.conditions = make([][]expression, len(b.cfg.Rule))
	for i, c := range b.cfg.Rule {
		o, where := b.rules[i], b.ruleAt(i)
		var one []expression
		if c.When != "" {
			one = b.expressions(o, where, "when", []string{c.When}, false)
		}
		all := b.expressions(o, where, "all", c.All, true)
		some := b.expressions(o, where, "any", c.Any, true)
		b.conditions[i] = slices.Concat(one, all, some)
		switch rule := &b.cfg.Rule[i]; {
		case len(one)+len(c.All)+len(c.Any) != len(b.conditions[i]): // not all of it could be parsed
		case len(one) == 1 && len(all)+len(some) == 0:
			rule.Parsed = one[0].expr
		case len(all) > 0 && len(one)+len(some) == 0:
			rule.Parsed = rules.All(exprs(all)...)
		case len(some) > 0 && len(one)+len(all) == 0:
			rule.Parsed = rules.Any(exprs(some)...)
		}
	}
}

func exprs(list []expression) []*rules.Expr {
	all := make([]*rules.Expr, len(list))
	for i, e := range list {
		all[i] = e.expr
	}
	return all
}

// checkSignals reports conditions on signals that no detector provides on the camera, and cycles
// of needs.
func (b *builder) checkSignals() {
	if b.unsure() || len(b.cfg.Camera) == 0 {
		return
	}
	on := make([]map[string]int, len(b.cfg.Camera))
	for i, camera := range b.cfg.Camera {
		on[i] = b.providers(camera.Name)
		b.checkCycles(camera.Name, on[i])
	}
	for i, c := range b.cfg.Detector {
		b.checkProvided(on, b.needs[i], c.Cameras)
	}
	for i, c := range b.cfg.Rule {
		if !b.broken[b.rules[i].path+".cameras"] {
			b.checkProvided(on, b.conditions[i], c.Cameras)
		}
	}
}

func (b *builder) checkProvided(on []map[string]int, conditions []expression, cameras []string) {
	for _, e := range conditions {
		b.checkAttributes(e, cameras)
		b.checkNamed(e, cameras)
		for _, signal := range e.expr.Signals() {
			var without, with []string
			provider := -1
			for i, camera := range b.cfg.Camera {
				if j, ok := on[i][signal]; ok {
					provider, with = j, append(with, camera.Name)
				} else if covers(cameras, camera.Name) {
					without = append(without, camera.Name)
				}
			}
			if len(without) == 0 && provider >= 0 || b.mayProvide(signal) {
				continue
			}
			at := wordIndex(e.text, signal)
			if provider < 0 {
				b.inText(e, at, fmt.Sprintf("no detector provides the signal %q%s", signal, others(signal, on)))
				continue
			}
			b.inText(e, at, fmt.Sprintf("no detector provides the signal %q on %s (%s does on %s); set cameras to choose where this applies",
				signal, quoteAll(without), b.detectorAt(provider), quoteAll(with)))
		}
	}
}

// checkAttributes reports attributes that no detector adds to the boxes of their signal.
func (b *builder) checkAttributes(e expression, cameras []string) {
	for _, a := range e.expr.Attributes() {
		var known []string
		for _, camera := range b.cfg.Camera {
			if !covers(cameras, camera.Name) {
				continue
			}
			var here []string
			for i, d := range b.cfg.Detector {
				if covers(d.Cameras, camera.Name) && d.CropsOf == a.Signal {
					here = append(here, b.signals[i]...)
				}
			}
			known = append(known, here...)
			if slices.Contains(here, a.Name) || b.mayProvide(a.Name) {
				continue
			}
			b.inText(e, wordIndex(e.text, a.Name), fmt.Sprintf(
				"no detector with crops_of = %q provides %q on camera %q; names in brackets are signals of detectors that run on these boxes%s",
				a.Signal, a.Name, camera.Name, text.DidYouMean(a.Name, known)))
			break
		}
	}
}

// others suggests alternatives to a signal that does not exist.
func others(signal string, on []map[string]int) string {
	var names []string
	for _, by := range on {
		for name := range by {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 {
		return "; no detector is configured that provides one"
	}
	return text.DidYouMean(signal, names) + " (provided: " + strings.Join(names, ", ") + ")"
}

// checkCycles reports each cycle of needs and crops_of on one camera, at its first detector.
func (b *builder) checkCycles(camera string, by map[string]int) {
	const (
		fresh = iota
		open
		done
	)
	state := make([]int, len(b.cfg.Detector))
	var path []int
	var visit func(i int)
	visit = func(i int) {
		switch state[i] {
		case done:
			return
		case open:
			b.reportCycle(slices.Clone(path[slices.Index(path, i):]))
			return
		}
		state[i] = open
		path = append(path, i)
		for _, e := range b.needs[i] {
			for _, signal := range e.expr.Signals() {
				if j, ok := by[signal]; ok {
					visit(j)
				}
			}
		}
		path = path[:len(path)-1]
		state[i] = done
	}
	for i, c := range b.cfg.Detector {
		if covers(c.Cameras, camera) {
			visit(i)
		}
	}
}

func (b *builder) reportCycle(cycle []int) {
	first := slices.Index(cycle, slices.Min(cycle))
	cycle = append(cycle[first:len(cycle):len(cycle)], cycle[:first+1]...)
	var names []string
	for _, i := range cycle {
		names = append(names, b.cfg.Detector[i].Name)
	}
	key := "needs"
	if len(b.cfg.Detector[cycle[0]].Needs) == 0 {
		key = "crops_of"
	}
	b.of(b.detectors[cycle[0]], b.detectorAt(cycle[0]), key, fmt.Sprintf(
		"wait for each other in a cycle: %s; remove one of these needs", strings.Join(names, " → ")))
}

// wordIndex returns the index in characters of a name in a condition.
func wordIndex(text, name string) int {
	runes, word := []rune(text), []rune(name)
	part := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]) || runes[i] == '_')
	}
	for i := 0; i+len(word) <= len(runes); i++ {
		if slices.Equal(runes[i:i+len(word)], word) && !part(i-1) && !part(i+len(word)) {
			return i
		}
	}
	return 0
}

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(quoted, ", ")
}
