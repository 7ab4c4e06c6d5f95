package live

import (
	"encoding/json"
	"math"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/runtime/engine"
)

// Result is the result of a detector for one frame. It is immutable.
type Result struct {
	Detector string         `json:"detector"`
	Frame    uint64         `json:"-"` // ID of the frame, and of its packet
	Captured time.Time      `json:"-"`
	Signals  []ResultSignal `json:"signals"`
}

// ResultSignal is one signal of a Result.
type ResultSignal struct {
	Signal     string  // its name
	Value      float64 // NaN becomes null in JSON
	Detections []detectors.Detection
}

// resultSignal is the JSON form of a ResultSignal.
type resultSignal struct {
	Signal     string                `json:"signal"`
	Value      *float64              `json:"value"`
	Detections []detectors.Detection `json:"detections"`
}

// MarshalJSON writes a value that is not finite as null.
func (s ResultSignal) MarshalJSON() ([]byte, error) {
	out := resultSignal{Signal: s.Signal, Detections: engine.PlainDetections(s.Detections)}
	if s.Value-s.Value == 0 { // finite
		out.Value = &s.Value
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads the output of MarshalJSON.
func (s *ResultSignal) UnmarshalJSON(text []byte) error {
	var in resultSignal
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	*s = ResultSignal{in.Signal, math.NaN(), in.Detections}
	if in.Value != nil {
		s.Value = *in.Value
	}
	return nil
}
