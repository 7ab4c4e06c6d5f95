package rules

import (
	"bytes"
	"encoding/json"
	"math"
	"time"

	"rvo-tui/detectors"
)

// Clause is one comparison of a condition, with the values it was evaluated on.
type Clause struct {
	Text      string // as in Expr.String
	Signal    string
	Where     string // filter on the signal's detections, as in Expr.String; empty: none
	Zone      string // zone that the detections must be in; empty: anywhere
	Line      string // line that they must cross, with the direction, as in "gate.in"; empty: none
	Op        string
	Threshold float64 // number compared with, in seconds for durations, or the value of Other
	Other     string  // the signal on the right-hand side; empty: Threshold is a number
	// Value is the last value of the signal, even if it is stale, or the last value
	// derived from its detections, such as a count. NaN: there never was one.
	Value float64
	// Track is the ID of the track that decides: the one with the longest dwell, the
	// one that arrived or crossed last, or the first of those counted. 0: none.
	Track uint64
	// Age is the time since the signal's frame was captured. Where two signals are
	// compared, it is that of the older frame. Never: there was no result yet.
	Age   time.Duration
	Truth Truth
	Why   detectors.Why // why Truth is unknown
}

// Explain returns every comparison of the condition at time now, in source order.
// Negations around a comparison are left out.
func (c *Condition) Explain(now time.Duration) []Clause {
	return c.AppendExplain(make([]Clause, 0, len(c.clauses)), now)
}

// AppendExplain appends the result of Explain to dst. It does not allocate when dst has
// room.
func (c *Condition) AppendExplain(dst []Clause, now time.Duration) []Clause {
	for i := range c.clauses {
		k := &c.clauses[i]
		clause := k.clause
		clause.Value, clause.Age, clause.Why = c.read(k.signal, now)
		if clause.Other != "" {
			value, age, why := c.read(k.other, now)
			clause.Threshold, clause.Age = value, max(clause.Age, age)
			if clause.Why == detectors.Known {
				clause.Why = why
			}
		}
		clause.Truth = k.eval(now)
		if k.counted != nil {
			c.explainCount(&clause, k.counted, now)
		}
		dst = append(dst, clause)
	}
	return dst
}

// Len returns the number of comparisons in the condition.
func (c *Condition) Len() int { return len(c.clauses) }

func (c *Condition) read(id detectors.ID, now time.Duration) (value float64, age time.Duration, why detectors.Why) {
	s := c.table.Signal(id)
	if !answered(s) {
		return math.NaN(), Never, s.At(now)
	}
	return s.Value, max(0, now-s.Trace.Captured), s.At(now)
}

type clauseJSON struct {
	Text      string   `json:"text"`
	Signal    string   `json:"signal"`
	Where     string   `json:"where,omitempty"`
	Zone      string   `json:"zone,omitempty"`
	Line      string   `json:"line,omitempty"`
	Track     uint64   `json:"track,omitempty"`
	Op        string   `json:"op"`
	Threshold *float64 `json:"threshold"`
	Other     string   `json:"other,omitempty"`
	Value     *float64 `json:"value"`
	AgeMS     *float64 `json:"age_ms"`
	Truth     Truth    `json:"truth"`
	Because   string   `json:"unknown_because,omitempty"`
}

// MarshalJSON writes one JSON object. Unknown numbers are null.
func (c Clause) MarshalJSON() ([]byte, error) {
	return appendJSON(nil, clauseJSON{c.Text, c.Signal, c.Where, c.Zone, c.Line, c.Track, c.Op, finite(c.Threshold), c.Other, finite(c.Value), age(c.Age), c.Truth, because(c.Why)})
}

// appendJSON appends v as JSON and a line feed. It does not escape "<", ">" and "&".
func appendJSON(dst []byte, v any) ([]byte, error) {
	out := bytes.NewBuffer(dst)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return dst, err
	}
	return out.Bytes(), nil
}

func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

func age(d time.Duration) *float64 {
	if d == Never {
		return nil
	}
	v := milliseconds(d)
	return &v
}

func because(why detectors.Why) string {
	if why == detectors.Known {
		return ""
	}
	return why.String()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
