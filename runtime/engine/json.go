package engine

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/rules"
)

// Plain returns a copy suitable for JSON: without nil lists, with finite numbers, and with
// the words for states at the time of its snapshot.
func (v View) Plain(at time.Time) View {
	v.Signals = list(v.Signals)
	v.Detectors = slices.Clone(list(v.Detectors))
	for i := range v.Detectors {
		d := &v.Detectors[i]
		d.MaxFPS, d.FPS = finite(d.MaxFPS), finite(d.FPS)
		d.Words = d.Standing(at)
		d.Needs, d.Provides, d.Errors, d.Settings = list(d.Needs), list(d.Provides), list(d.Errors), list(d.Settings)
	}
	v.Tracks = plainTracks(v.Tracks)
	v.Zones, v.Lines = plainPlaces(v.Zones, v.Lines)
	v.Rules = slices.Clone(list(v.Rules))
	for i := range v.Rules {
		r := &v.Rules[i]
		r.Status.Progress = finite(r.Status.Progress)
		r.Words, r.ToFire = r.Clock(), r.Lacks()
		r.Clause, r.Outline = list(r.Clause), list(rules.Judged(r.Outline, r.Clause))
		if r.Hours != nil {
			own := *r.Hours
			own.Active = list(own.Active)
			r.Hours = &own
		}
	}
	return v
}

// MarshalJSON writes the counts by gate name, without GateOpen.
func (s Skips) MarshalJSON() ([]byte, error) {
	m := make(map[string]uint64, GateCount)
	for g := GateOpen + 1; g < GateCount; g++ {
		m[g.String()] = s[g]
	}
	return json.Marshal(m)
}

// UnmarshalJSON reads the output of MarshalJSON. Gates unknown to this version are
// ignored.
func (s *Skips) UnmarshalJSON(text []byte) error {
	var m map[string]uint64
	if err := json.Unmarshal(text, &m); err != nil {
		return err
	}
	*s = Skips{}
	for g := GateOpen + 1; g < GateCount; g++ {
		s[g] = m[g.String()]
	}
	return nil
}

// MarshalJSON writes the histograms by stage name.
func (s Stages) MarshalJSON() ([]byte, error) {
	m := make(map[string]*Histogram, StageCount)
	for i, h := range s {
		m[Stage(i).String()] = h
	}
	return json.Marshal(m)
}

// UnmarshalJSON reads the output of MarshalJSON. Unknown stages are ignored.
func (s *Stages) UnmarshalJSON(text []byte) error {
	var m map[string]*Histogram
	if err := json.Unmarshal(text, &m); err != nil {
		return err
	}
	for i := range s {
		s[i] = m[Stage(i).String()]
	}
	return nil
}

// signalJSON is a SignalView whose value can be null.
type signalJSON struct {
	*plainSignal
	Value *float64 `json:"value"` // null: unknown or not finite
}

type plainSignal SignalView

// MarshalJSON writes one JSON object.
func (v SignalView) MarshalJSON() ([]byte, error) {
	if v.Why == "" && v.Unknown != detectors.Known {
		v.Why = v.Unknown.String()
	}
	v.Detections = PlainDetections(v.Detections)
	out := signalJSON{plainSignal: (*plainSignal)(&v)}
	if v.Value-v.Value == 0 {
		out.Value = &v.Value
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads the output of MarshalJSON. A reason unknown to this version
// becomes "detector not attached": the signal stays unknown, and Why keeps the text.
func (v *SignalView) UnmarshalJSON(text []byte) error {
	var plain plainSignal
	in := signalJSON{plainSignal: &plain}
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	plain.Value = math.NaN()
	if in.Value != nil {
		plain.Value = *in.Value
	}
	if plain.Why != "" {
		plain.Unknown, _ = detectors.ParseWhy(plain.Why)
	}
	*v = SignalView(plain)
	return nil
}

// PlainDetections returns detections suitable for JSON: a non-nil list with finite
// numbers. If they already are, it returns found itself.
func PlainDetections(found []detectors.Detection) []detectors.Detection {
	odd := func(d detectors.Detection) bool {
		sum := d.Score + d.Angle + d.Box.X + d.Box.Y + d.Box.W + d.Box.H
		for _, a := range d.Attributes {
			sum += a.Value + a.Score
		}
		for _, k := range d.Keypoints {
			sum += k.X + k.Y + k.Score
		}
		return sum-sum != 0
	}
	if !slices.ContainsFunc(found, odd) {
		return list(found)
	}
	found = slices.Clone(found)
	for i := range found {
		d := &found[i]
		d.Score, d.Angle = finite(d.Score), finite(d.Angle)
		d.Box = plainBox(d.Box)
		d.Attributes = slices.Clone(d.Attributes)
		for j := range d.Attributes {
			a := &d.Attributes[j]
			a.Value, a.Score = finite(a.Value), finite(a.Score)
		}
		d.Keypoints = slices.Clone(d.Keypoints)
		for j, k := range d.Keypoints {
			d.Keypoints[j] = detectors.Keypoint{X: finite(k.X), Y: finite(k.Y), Score: finite(k.Score)}
		}
	}
	return found
}

func plainBox(b detectors.Box) detectors.Box {
	return detectors.Box{X: finite(b.X), Y: finite(b.Y), W: finite(b.W), H: finite(b.H)}
}

// list returns l, or an empty list for nil.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

// finite returns v, or 0 if JSON cannot represent v.
func finite(v float64) float64 {
	if v-v != 0 { // NaN or infinite
		return 0
	}
	return v
}
