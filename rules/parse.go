package rules

import (
	"fmt"
	"slices"
	"strconv"
)

// MaxDepth is the maximum nesting of parentheses and negations.
const MaxDepth = 64

// Parse reads a condition. Its errors are *SyntaxError.
//
//	condition  = and { "||" and }
//	and        = unary { "&&" unary }
//	unary      = "!" unary | "(" condition ")" | comparison
//	comparison = value | operand operator operand
//	operand    = value | number | time
//	value      = objects | function
//	objects    = signal [ "[" condition "]" ] [ "in" zone ]
//	function   = "count" "(" objects { "," label } ")"
//	           | "dwell" "(" objects ")" | "new" "(" objects ")"
//	           | "crossed" "(" signal "," line "." direction "," time ")"
//	operator   = "<" | "<=" | "==" | "!=" | ">=" | ">"
//
// A value without an operator holds when it is known and not 0. At least one side of a
// comparison is a value. A signal with brackets counts the detections for which the
// condition in the brackets holds. Names in brackets are attributes, without brackets,
// zones or functions of their own. Values with brackets, zones or functions are
// compared with a number only, and dwell with a duration such as "30s" or "1m30s".
func Parse(src string) (*Expr, error) {
	tokens, err := lex(src)
	if err != nil {
		return nil, err
	}
	if tokens[0].kind == end {
		return nil, &SyntaxError{src, 1, "the condition is empty; write for example \"motion > 0.02\""}
	}
	p := parser{src: src, tokens: tokens}
	root, err := p.condition(0)
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != end {
		return nil, p.unexpected(t)
	}
	return &Expr{root}, nil
}

type parser struct {
	src      string
	tokens   []token
	at       int
	brackets bool // parsing inside brackets
}

func (p *parser) peek() token { return p.tokens[p.at] }

// take consumes the next token, except the end, which is never consumed.
func (p *parser) take() token {
	t := p.tokens[p.at]
	if t.kind != end {
		p.at++
	}
	return t
}

func (p *parser) fail(t token, format string, args ...any) error {
	return &SyntaxError{p.src, t.column, fmt.Sprintf(format, args...)}
}

func (p *parser) condition(depth int) (*node, error) { return p.list(anyOf, or, depth, p.conjunction) }

func (p *parser) conjunction(depth int) (*node, error) { return p.list(allOf, and, depth, p.unary) }

func (p *parser) list(shape shape, joint kind, depth int, item func(int) (*node, error)) (*node, error) {
	var kids []*node
	for {
		kid, err := item(depth)
		if err != nil {
			return nil, err
		}
		kids = append(kids, kid)
		if p.peek().kind != joint {
			return join(shape, kids), nil
		}
		p.take()
	}
}

func (p *parser) unary(depth int) (*node, error) {
	t := p.peek()
	if (t.kind == bang || t.kind == open) && depth >= MaxDepth {
		return nil, p.fail(t, "the condition is nested deeper than %d levels; remove parentheses or split it into several rules", MaxDepth)
	}
	switch t.kind {
	case bang:
		p.take()
		return p.negation(depth + 1)
	case open:
		p.take()
		inner, err := p.condition(depth + 1)
		if err != nil {
			return nil, err
		}
		if t := p.peek(); t.kind == end {
			return nil, p.fail(t, "a parenthesis is not closed; write \")\"")
		} else if t.kind != shut {
			return nil, p.unexpected(t)
		}
		p.take()
		if t := p.peek(); t.kind == compare {
			return nil, p.fail(t, "a condition in parentheses cannot be compared; write the comparison inside them, as in \"(motion > 0.02)\"")
		}
		return inner, nil
	default:
		return p.comparison(depth)
	}
}

func (p *parser) negation(depth int) (*node, error) {
	first := p.peek()
	inner, err := p.unary(depth)
	if err != nil {
		return nil, err
	}
	if inner.shape == comparison && first.kind != open && first.kind != bang && !inner.bare {
		// Other languages read "!a > 1" as "(!a) > 1", so it is refused.
		return nil, p.fail(first, "\"!\" negates a whole condition; write \"!(%s)\"", inner)
	}
	return &node{shape: negation, kids: []*node{inner}}, nil
}

// operand is one side of a comparison: a number, a duration or a value, with its first
// token.
type operand struct {
	token
	value value
}

func (o *operand) constant() bool { return o.kind == number || o.kind == interval }

func (p *parser) comparison(depth int) (*node, error) {
	left, err := p.operand("", depth)
	if err != nil {
		return nil, err
	}
	op := p.peek()
	if op.kind != compare {
		switch left.kind {
		case number:
			return nil, p.fail(left.token, "a number alone is not a condition; compare it with a signal, as in \"motion > %s\"", left.text)
		case interval:
			return nil, p.fail(left.token, unitHelp)
		}
		return &node{shape: comparison, bare: true, value: left.value, op: "!="}, nil
	}
	p.take()
	right, err := p.operand(op.text, depth)
	if err != nil {
		return nil, err
	}
	if next := p.peek(); next.kind == compare {
		third := "…"
		if t := p.tokens[p.at+1]; t.kind == name || t.kind == number {
			third = t.text
		}
		return nil, p.fail(next, "comparisons cannot be chained; write \"%s %s %s && %s %s %s\"", left.text, op.text, right.text, right.text, next.text, third)
	}
	switch {
	case left.constant() && right.constant():
		return nil, p.fail(left.token, "this compares two numbers; put a signal on one side")
	case left.constant():
		return p.against(right, mirror(op.text), left)
	case right.constant():
		return p.against(left, op.text, right)
	case left.value.call != "" || left.value.zone != "" || right.value.call != "" || right.value.zone != "":
		return nil, p.fail(left.token, "a zone or a function is compared with a number or a time, as in \"person in door >= 1\" or \"dwell(person in door) >= 30s\"")
	case left.value.where != nil || right.value.where != nil:
		return nil, p.fail(left.token, "a number of detections is compared with a number, as in \"person[helmet == 0] >= 1\"")
	}
	return &node{shape: comparison, value: left.value, op: op.text, other: right.text}, nil
}

// against returns the comparison of a value with a number or a duration.
func (p *parser) against(left operand, op string, right operand) (*node, error) {
	dwell := left.value.call == callDwell
	switch {
	case dwell && right.kind == number:
		return nil, p.fail(right.token, "dwell is compared with a time, as in \"dwell(person in door) >= 30s\"")
	case !dwell && right.kind == interval:
		return nil, p.fail(right.token, unitHelp)
	}
	return &node{shape: comparison, value: left.value, op: op, threshold: right.token.value}, nil
}

// operand parses a value, a number or a duration. after is the operator before it, if
// any.
func (p *parser) operand(after string, depth int) (operand, error) {
	t := p.peek()
	switch t.kind {
	case number, interval:
		return operand{token: p.take()}, nil
	case name:
		p.take()
		if p.peek().kind == open && slices.Contains(calls, t.text) {
			v, err := p.function(t, depth)
			return operand{t, v}, err
		}
		v, err := p.objects(t, depth)
		return operand{t, v}, err
	}
	found := "here"
	if t.kind != end {
		found = "before " + strconv.Quote(t.text)
	}
	if after == "" && p.at > 0 {
		after = p.tokens[p.at-1].text
	}
	if after != "" {
		found = "after " + strconv.Quote(after)
	}
	switch t.kind {
	case openBracket:
		return operand{}, p.fail(t, bracketHelp)
	case comma:
		return operand{}, p.fail(t, commaHelp)
	case dot:
		return operand{}, p.fail(t, pointHelp)
	}
	return operand{}, p.fail(t, "a signal or a number is missing %s; write for example \"motion > 0.02\"", found)
}

const bracketHelp = "\"[\" follows the name of a signal that has boxes, as in \"person[helmet == 0] >= 1\"; group conditions with \"(\""

// where parses the condition in brackets.
func (p *parser) where(depth int) (*node, error) {
	t := p.take()
	switch {
	case p.brackets:
		return nil, p.fail(t, "names in brackets are attributes, which have no boxes; remove the inner brackets")
	case depth >= MaxDepth:
		return nil, p.fail(t, "the condition is nested deeper than %d levels; remove parentheses or split it into several rules", MaxDepth)
	}
	p.brackets = true
	defer func() { p.brackets = false }()
	inner, err := p.condition(depth + 1)
	switch t := p.peek(); {
	case err != nil:
		return nil, err
	case t.kind == end:
		return nil, p.fail(t, "a bracket is not closed; write \"]\"")
	case t.kind != shutBracket:
		return nil, p.unexpected(t)
	}
	p.take()
	return inner, nil
}

// unexpected is the error for a token after a complete condition.
func (p *parser) unexpected(t token) error {
	before := p.tokens[p.at-1]
	switch {
	case t.kind == openBracket:
		return p.fail(t, bracketHelp)
	case t.kind == comma:
		return p.fail(t, commaHelp)
	case t.kind == dot:
		return p.fail(t, pointHelp)
	case t.kind == shutBracket:
		return p.fail(t, "no bracket is open; leave the \"]\" out")
	case t.kind == shut:
		return p.fail(t, "no parenthesis is open; leave the \")\" out, or write \"(\" before it")
	case t.text == "and" || t.text == "AND":
		return p.fail(t, "use \"&&\" instead of %q", t.text)
	case t.text == "or" || t.text == "OR":
		return p.fail(t, "use \"||\" instead of %q", t.text)
	case before.text == "not" || before.text == "NOT":
		return p.fail(before, "use \"!\" instead of %q", before.text)
	}
	return p.fail(t, "%q follows a complete condition; join conditions with \"&&\" or \"||\"", t.text)
}

// mirror returns the operator that means the same with the sides swapped.
func mirror(op string) string {
	switch op {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">=":
		return "<="
	case ">":
		return "<"
	default:
		return op
	}
}
