package rules

import (
	"math"
	"time"

	"rvo-tui/detectors"
)

// counted is a compiled comparison of how many detections of a signal a condition on
// their attributes holds for.
type counted struct {
	table      *detectors.Table
	signal     detectors.ID
	attributes []string
	where      pick
	holds      func(a, b float64) bool
	exact      bool // the operator is == or !=
	threshold  float64
}

// pick is a compiled condition on the attributes of one detection.
type pick func(d *detectors.Detection, now time.Duration) Truth

func (c *Condition) count(n *node) *counted {
	return &counted{
		table: c.table, signal: c.id(n.signal), attributes: n.attributes(), where: compilePick(n.where),
		holds: n.holds(), exact: n.op == "==" || n.op == "!=", threshold: n.threshold,
	}
}

// tally returns how many detections count for sure, and how many may.
func (k *counted) tally(s *detectors.Signal, now time.Duration) (sure, unsure int) {
	for i := range s.Detections {
		switch k.where(&s.Detections[i], now) {
		case True:
			sure++
		case Unknown:
			unsure++
		}
	}
	return sure, unsure
}

// eval is true where the comparison holds however the unsure detections turn out,
// and false where it never does.
func (k *counted) eval(now time.Duration) Truth {
	s := k.table.Signal(k.signal)
	if s.At(now) != detectors.Known || len(s.Detections) == 0 && s.Value > 0 {
		return Unknown // the latter says that there is something, but not what
	}
	sure, unsure := k.tally(s, now)
	low, high := float64(sure), float64(sure+unsure)
	between := k.threshold > low && k.threshold < high && k.threshold == math.Trunc(k.threshold)
	if k.holds(low, k.threshold) != k.holds(high, k.threshold) || k.exact && between {
		return Unknown
	}
	return truth(k.holds(low, k.threshold))
}

// expires returns the earliest instant after now at which an attribute that is fresh
// now turns stale.
func (k *counted) expires(now time.Duration) time.Duration {
	at := Never
	s := k.table.Signal(k.signal)
	if s.At(now) != detectors.Known {
		return at
	}
	for i := range s.Detections {
		for _, name := range k.attributes {
			if a := s.Detections[i].Attribute(name); a != nil && a.At(now) == detectors.Known {
				at = min(at, a.Expires)
			}
		}
	}
	return at
}

// explainCount fills in how many detections count, and why that is not sure.
func (c *Condition) explainCount(clause *Clause, k *counted, now time.Duration) {
	s := k.table.Signal(k.signal)
	if answered(s) {
		sure, _ := k.tally(s, now)
		clause.Value = float64(sure)
	}
	if clause.Truth != Unknown || clause.Why != detectors.Known {
		return
	}
	clause.Why = detectors.Never // no box was looked at yet
	for i := range s.Detections {
		d := &s.Detections[i]
		if k.where(d, now) != Unknown {
			continue
		}
		for _, name := range k.attributes {
			if a := d.Attribute(name); a != nil && a.At(now) != detectors.Known {
				clause.Why = a.At(now)
				return
			}
		}
	}
}

// compilePick compiles a condition on attributes. An attribute that a detection does
// not have is unknown: no detector has looked.
func compilePick(n *node) pick {
	kids := make([]pick, len(n.kids))
	for i, kid := range n.kids {
		kids[i] = compilePick(kid)
	}
	switch n.shape {
	case negation:
		return func(d *detectors.Detection, now time.Duration) Truth { return not(kids[0](d, now)) }
	case allOf:
		return func(d *detectors.Detection, now time.Duration) Truth { return most(kids, d, now, False, True) }
	case anyOf:
		return func(d *detectors.Detection, now time.Duration) Truth { return most(kids, d, now, True, False) }
	}
	holds := n.holds()
	return func(d *detectors.Detection, now time.Duration) Truth {
		a, ok := valueOf(d, n.signal, now)
		b := n.threshold
		if ok && n.other != "" {
			b, ok = valueOf(d, n.other, now)
		}
		if !ok {
			return Unknown
		}
		return truth(holds(a, b))
	}
}

// most returns decides where one of the conditions has it, else unknown where one is,
// else otherwise.
func most(kids []pick, d *detectors.Detection, now time.Duration, decides, otherwise Truth) Truth {
	for _, kid := range kids {
		switch kid(d, now) {
		case decides:
			return decides
		case Unknown:
			otherwise = Unknown
		}
	}
	return otherwise
}

func valueOf(d *detectors.Detection, name string, now time.Duration) (float64, bool) {
	a := d.Attribute(name)
	if a == nil || a.At(now) != detectors.Known {
		return 0, false
	}
	return a.Value, true
}
