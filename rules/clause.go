package rules

import (
	"bytes"
	"encoding/json"
	"math"
	"time"

	"rvo-tui/detectors"
)

// Clause is one comparison of a condition, with the values it was decided on.
type Clause struct {
	Text      string // as in Expr.String
	Signal    string
	Where     string // which detections of the signal are counted, as in Expr.String; empty: its value counts
	Zone      string // where they are counted; empty: anywhere
	Line      string // that they cross, with the direction, as "gate.in"; empty: none
	Op        string
	Threshold float64 // the number, in seconds where a time is compared, or the value of Other
	Other     string  // the signal on the right-hand side; empty: Threshold is a number
	// Value is the signal's last one, even if it is stale, or what is derived from its
	// detections, as how many are known to count: NaN when there never was one.
	Value float64
	// Track is the ID of the track that decides: the one that is longest in a zone, or
	// came there or crossed last, or the first of those that are counted. 0: none.
	Track uint64
	// Age is that of the signal's frame since its capture, and where two signals
	// are compared, of the older frame: Never when there was no answer.
	Age   time.Duration
	Truth Truth
	Why   detectors.Why // why it is unknown
}

// Explain returns every comparison of the condition at the time now, in source
// order. Negations around a comparison are not part of it.
func (c *Condition) Explain(now time.Duration) []Clause {
	return c.AppendExplain(make([]Clause, 0, len(c.clauses)), now)
}

// AppendExplain appends what Explain returns. It allocates nothing
// when the slice has room.
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

// Len returns how many comparisons the condition has.
func (c *Condition) Len() int { return len(c.clauses) }

func (c *Condition) read(id detectors.ID, now time.Duration) (value float64, age time.Duration, why detectors.Why) {
	s := c.table.Signal(id)
	if !answered(s) {
		return math.NaN(), Never, s.At(now)
	}
	return s.Value, max(0, now-s.Trace.Captured), s.At(now)
}

// clauseJSON is a Clause as JSON.
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

// MarshalJSON writes one object. Numbers that are not known are null.
func (c Clause) MarshalJSON() ([]byte, error) {
	return appendJSON(nil, clauseJSON{c.Text, c.Signal, c.Where, c.Zone, c.Line, c.Track, c.Op, finite(c.Threshold), c.Other, finite(c.Value), age(c.Age), c.Truth, because(c.Why)})
}

// appendJSON appends v and a line feed, and leaves "<", ">" and "&" as they are.
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
