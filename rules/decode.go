package rules

import (
	"encoding/json"
	"math"
	"time"

	"rvo-tui/detectors"
)

// UnmarshalJSON reads the output of MarshalJSON. Durations survive to the nanosecond up
// to 26 days.
func (e *Event) UnmarshalJSON(text []byte) error {
	var v struct {
		ID         string    `json:"event_id"`
		Type       string    `json:"event_type"`
		At         int64     `json:"event_ts_ns"`
		Confidence float64   `json:"confidence"`
		Camera     string    `json:"camera"`
		Time       time.Time `json:"time"`
		Phase      Phase     `json:"phase"`
		Duration   float64   `json:"duration_ms"`
		AgeSplit   ageJSON   `json:"age_split_ms"`
		Frame      uint64    `json:"frame_id"`
		Clauses    []Clause  `json:"clauses"`
		Tracks     []Track   `json:"tracks"`
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	a := v.AgeSplit
	*e = Event{
		ID: v.ID, Type: v.Type, At: time.Duration(v.At), Confidence: v.Confidence, Camera: v.Camera,
		Time: v.Time.UTC(), Phase: v.Phase, Frame: v.Frame, Clauses: v.Clauses, Tracks: v.Tracks, Duration: nanoseconds(v.Duration),
		Age: Age{
			nanoseconds(a.Capture), nanoseconds(a.Queue), nanoseconds(a.Schedule),
			nanoseconds(a.Inference), nanoseconds(a.Publish), nanoseconds(a.Event),
		},
	}
	return nil
}

// UnmarshalJSON reads the output of MarshalJSON. An unknown number becomes NaN, an
// unknown age Never. A reason that this version does not know becomes "detector not
// attached"; the truth stays unknown.
func (c *Clause) UnmarshalJSON(text []byte) error {
	var v clauseJSON
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	*c = Clause{Text: v.Text, Signal: v.Signal, Where: v.Where, Zone: v.Zone, Line: v.Line, Track: v.Track, Op: v.Op, Threshold: known(v.Threshold), Other: v.Other, Value: known(v.Value), Age: Never, Truth: v.Truth}
	if v.AgeMS != nil {
		c.Age = nanoseconds(*v.AgeMS)
	}
	if v.Because != "" {
		c.Why, _ = detectors.ParseWhy(v.Because)
	}
	return nil
}

func known(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// nanoseconds is the inverse of milliseconds, within what a Duration can be.
func nanoseconds(ms float64) time.Duration {
	ns := math.Round(ms * float64(time.Millisecond))
	switch {
	case ns >= math.MaxInt64:
		return Never
	case ns <= math.MinInt64:
		return math.MinInt64
	}
	return time.Duration(ns)
}
