package rules

import "time"

// objects parses the rest of a value after the signal's name: attributes in brackets,
// and a zone.
func (p *parser) objects(signal token, depth int) (value, error) {
	v := value{signal: signal.text}
	if p.peek().kind == openBracket {
		where, err := p.where(depth)
		if err != nil {
			return v, err
		}
		v.where = where
	}
	if t := p.peek(); t.kind != name || t.text != "in" || p.brackets {
		return v, nil
	}
	p.take()
	zone, err := p.name("a zone is missing after \"in\"; write for example \"person in door >= 1\"")
	v.zone = zone
	return v, err
}

// function parses the arguments of a function.
func (p *parser) function(call token, depth int) (value, error) {
	if p.brackets {
		return value{}, p.fail(call, "names in brackets are attributes; write %s outside of them", call.text)
	}
	p.take() // the parenthesis
	signal, err := p.name(callHelp[call.text])
	if err != nil {
		return value{}, err
	}
	v, err := p.objects(token{text: signal}, depth)
	if err != nil {
		return v, err
	}
	v.call = call.text
	switch call.text {
	case callCount:
		err = p.labels(&v)
	case callCrossed:
		err = p.crossing(&v)
	default:
		if t := p.peek(); v.zone == "" {
			err = p.fail(t, "%s", callHelp[call.text])
		}
	}
	if err != nil {
		return v, err
	}
	return v, p.expect(shut, callHelp[call.text])
}

var callHelp = map[string]string{
	callCount:   "count takes a signal and labels of its boxes, as in \"count(things, car, truck) >= 3\"",
	callDwell:   "dwell takes a signal and a zone, as in \"dwell(person in door) >= 30s\"",
	callCrossed: "crossed takes a signal, a line with one of its directions and a time, as in \"crossed(person, gate.in, 1m) >= 1\"",
	callNew:     "new takes a signal and a zone, as in \"new(person in yard) >= 1\"",
}

// labels parses the labels of count, of which there must be at least one.
func (p *parser) labels(v *value) error {
	for len(v.labels) == 0 || p.peek().kind == comma {
		if err := p.expect(comma, callHelp[callCount]); err != nil {
			return err
		}
		label, err := p.name(callHelp[callCount])
		if err != nil {
			return err
		}
		v.labels = append(v.labels, label)
	}
	return nil
}

// crossing parses the line and the window of crossed.
func (p *parser) crossing(v *value) (err error) {
	help := callHelp[callCrossed]
	if v.where != nil || v.zone != "" {
		return p.fail(p.peek(), "%s", help)
	}
	if err := p.expect(comma, help); err != nil {
		return err
	}
	if v.line, err = p.name(help); err != nil {
		return err
	}
	if err := p.expect(dot, help); err != nil {
		return err
	}
	if v.way, err = p.name(help); err != nil {
		return err
	}
	if err := p.expect(comma, help); err != nil {
		return err
	}
	t := p.peek()
	if err := p.expect(interval, help); err != nil {
		return err
	}
	v.window = seconds(t.value)
	if v.window < time.Millisecond || v.window > MaxWindow {
		return p.fail(t, "the time is %s; crossings are counted over 1ms to %v", t.text, MaxWindow)
	}
	return nil
}

// name consumes a name.
func (p *parser) name(help string) (string, error) {
	t := p.peek()
	return t.text, p.expect(name, help)
}

// expect consumes a token of a kind.
func (p *parser) expect(k kind, help string) error {
	t := p.peek()
	if t.kind != k {
		return p.fail(t, "%s", help)
	}
	p.take()
	return nil
}
