package remote

import (
	"math"
	"slices"
	"strings"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	detectv1 "rvo-tui/proto/rvo/detect/v1"
)

// Limits for a response.
const (
	// MaxTTL is the longest TTL that a service can set; longer ones are reduced to it.
	MaxTTL = time.Minute
	// MaxDetections is the maximum number of detections of one signal.
	MaxDetections = 1000

	maxKeypoints = 1000 // of one detection
)

// readings appends to out the readings of the provided signals in a response. Only the
// first entry for a signal is used. Entries for other signals are ignored if the
// response also has a provided one, or if expects reports that another detector uses
// them. Otherwise they are an error, because a response with only other signals does
// not mean that nothing was found.
func readings(out []detectors.Reading, answer *detectv1.DetectResponse, provides []string, expects func(string) bool) ([]detectors.Reading, error) {
	stranger := ""
	for _, s := range answer.GetSignals() {
		name := s.GetSignalType()
		if !slices.Contains(provides, name) {
			if stranger == "" && !expects(name) {
				stranger = text.Clean(name)
				if stranger == "" {
					stranger = "without a name"
				}
			}
			continue
		}
		if slices.ContainsFunc(out, func(r detectors.Reading) bool { return r.Signal == name }) {
			continue
		}
		r, err := reading(s)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	if stranger != "" && len(out) == 0 {
		return nil, fault(ReasonSignal, "returned signal %q instead of %s: name it in signal or signals, or correct the service",
			stranger, strings.Join(provides, " or "))
	}
	return out, nil
}

func reading(s *detectv1.SignalOut) (detectors.Reading, error) {
	r := detectors.Reading{Signal: s.GetSignalType(), Value: float64(s.GetValue())}
	if s.Number != nil {
		r.Value = s.GetNumber()
	}
	switch {
	case !finite(r.Value):
		return r, fault(ReasonNaN, "returned %v for %s: correct the service", r.Value, r.Signal)
	case r.Value < 0:
		return r, fault(ReasonNegative, "returned %v for %s: correct the service, values must be 0 or more", r.Value, r.Signal)
	case s.Number == nil && s.GetValue() > math.MaxInt64:
		return r, fault(ReasonNegative, "returned %d for %s: correct the service, values must be 0 or more", int64(s.GetValue()), r.Signal)
	}
	r.TTL = time.Duration(min(s.GetTtlNs(), uint64(MaxTTL)))
	if len(s.GetDetections()) > MaxDetections {
		return r, fault(ReasonLarge, "returned %d detections for %s: correct the service, at most %d are allowed", len(s.GetDetections()), r.Signal, MaxDetections)
	}
	if len(s.GetDetections()) > 0 {
		r.Detections = make([]detectors.Detection, len(s.GetDetections()))
	}
	for i, d := range s.GetDetections() {
		if err := detection(&r.Detections[i], d); err != nil {
			return r, err
		}
	}
	return r, nil
}

func detection(to *detectors.Detection, d *detectv1.Detection) error {
	to.Label = text.Clean(d.GetLabel())
	to.Score, to.Angle = float64(d.GetScore()), float64(d.GetAngle())
	b := d.GetBox()
	x, y, w, h := float64(b.GetX()), float64(b.GetY()), float64(b.GetW()), float64(b.GetH())
	if !finite(to.Score) || !finite(to.Angle) || !finite(x) || !finite(y) || !finite(w) || !finite(h) {
		return fault(ReasonNaN, "returned a score, angle or box of %q that is not a number: correct the service", to.Label)
	}
	// Models place boxes slightly beyond the frame. Pixels instead of fractions are a
	// mistake that must not be taken for a box that covers the whole frame.
	const beyond = 1
	if w < 0 || h < 0 || x < -beyond || y < -beyond || x+w > 1+beyond || y+h > 1+beyond {
		return fault(ReasonBox, "returned a box of %q at %g,%g of size %g,%g: correct the service, boxes are in fractions of the frame, 0 to 1",
			to.Label, x, y, w, h)
	}
	if len(d.GetKeypoints()) > maxKeypoints {
		return fault(ReasonLarge, "returned %d keypoints of %q: correct the service, at most %d are allowed", len(d.GetKeypoints()), to.Label, maxKeypoints)
	}
	for _, p := range d.GetKeypoints() {
		point := detectors.Keypoint{X: float64(p.GetX()), Y: float64(p.GetY()), Score: float64(p.GetScore())}
		if !finite(point.X + point.Y + point.Score) {
			return fault(ReasonNaN, "returned a keypoint of %q that is not a number: correct the service", to.Label)
		}
		to.Keypoints = append(to.Keypoints, point)
	}
	x0, y0, x1, y1 := unit(x), unit(y), unit(x+w), unit(y+h)
	to.Box = detectors.Box{X: x0, Y: y0, W: x1 - x0, H: y1 - y0}
	return nil
}

func unit(v float64) float64 { return min(max(v, 0), 1) }

func finite(v float64) bool { return v-v == 0 }
