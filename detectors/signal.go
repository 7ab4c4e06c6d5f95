// Package detectors turns frames into typed signals that expire. It has the Detector
// interface, the table with the newest value of every signal, and the kinds in pure Go.
// Kinds that need C libraries are in detectors/opencv and detectors/onnx.
package detectors

import (
	"fmt"
	"time"
)

// MaxSignals is the maximum number of signals of one camera.
const MaxSignals = 1024

// Box is a rectangle in fractions of the frame, 0..1: left, top, width and height.
type Box struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	W float64 `json:"w"`
	H float64 `json:"h"`
}

// Detection is one object that a detector found in a frame.
type Detection struct {
	Label string  `json:"label"`
	Score float64 `json:"score"` // 0..1 if the detector has probabilities; otherwise a measure documented by its kind
	Box   Box     `json:"box"`
	// Track is the ID of the object's track on this camera. 0: it is not tracked, or
	// has been seen too rarely so far.
	Track uint64 `json:"track,omitempty"`
	// Keypoints are the keypoints in the object, in the order of the model; nil: none.
	Keypoints []Keypoint `json:"keypoints,omitempty"`
	// Angle is the clockwise rotation of the object in radians, if the model reports
	// it. Box is the upright box around it.
	Angle float64 `json:"angle,omitempty"`
	// Attributes are the results of detectors of crops, sorted by name; nil: none so
	// far.
	Attributes []Attribute `json:"attributes,omitempty"`
}

// Keypoint is a point in fractions of the frame. It can be outside 0..1, but is always
// finite.
type Keypoint struct {
	X     float64 `json:"x"`
	Y     float64 `json:"y"`
	Score float64 `json:"score"` // 0..1; 1 if the model does not report it
}

// Trace has the times at which a result passed each stage, since the engine's epoch
// (the start of the process). Latency always means the time since Captured.
type Trace struct {
	Frame    uint64        // ID of the frame that was processed
	Captured time.Duration // the camera took the frame
	Arrived  time.Duration // complete in memory
	Seen     time.Duration // received by the engine
	Started  time.Duration // detector started
	Done     time.Duration // detector returned
	Applied  time.Duration // stored in the table by the engine
}

// Why is the reason for which a signal is unknown.
type Why uint8

// The values of Why.
const (
	Known      Why = iota // not unknown: the value is fresh
	Never                 // no result yet
	Stale                 // older than its TTL
	Errored               // the detector's last run failed
	Stuck                 // the detector exceeded its timeout and has not returned
	NotANumber            // the result was NaN or infinite
	Off                   // the detector is disabled
	Absent                // the detector is not attached
	Nowhere               // the camera has no such zone or line
	Blind                 // the detector did not run throughout the condition's window
	Uncounted             // there were more crossings than are kept, or more objects than can be tracked
)

var whys = [...]string{"known", "no answer yet", "stale", "detector failed", "detector stuck", "not a number", "detector disabled", "detector not attached", "no such place", "detector did not run all the time", "too many to count"}

func (w Why) String() string {
	if int(w) < len(whys) {
		return whys[w]
	}
	return fmt.Sprintf("Why(%d)", uint8(w))
}

// MarshalText returns the result of String.
func (w Why) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText reads the output of MarshalText. A reason unknown to this version
// becomes Absent.
func (w *Why) UnmarshalText(text []byte) error {
	*w, _ = ParseWhy(string(text))
	return nil
}

// ParseWhy is the inverse of String. It returns false for a reason unknown to this
// version.
func ParseWhy(text string) (Why, bool) {
	for i, name := range whys {
		if name == text {
			return Why(i), true
		}
	}
	return Absent, false
}

// Signal is the newest state of one signal.
type Signal struct {
	Value      float64
	Detections []Detection // shared and immutable
	Trace      Trace
	TTL        time.Duration
	Unknown    Why // why the value is invalid; Known: it is valid until Expires
}

// Expires returns when the value becomes stale.
func (s *Signal) Expires() time.Duration { return s.Trace.Captured + s.TTL }

// At returns whether and why the signal is unknown at time now. It is fresh while now <
// captured + TTL.
func (s *Signal) At(now time.Duration) Why {
	if s.Unknown == Known && now >= s.Trace.Captured+s.TTL {
		return Stale
	}
	return s.Unknown
}

// ValidName reports whether name is a valid signal name: a letter, then letters, digits
// and underscores.
func ValidName(name string) bool {
	for i, r := range []byte(name) {
		letter := r|0x20 >= 'a' && r|0x20 <= 'z'
		if !letter && (i == 0 || r != '_' && (r < '0' || r > '9')) {
			return false
		}
	}
	return name != "" && len(name) <= 64
}

// SignalOf returns the name of the signal for a label: the label with invalid
// characters replaced by "_". A label that cannot become a valid name is returned
// unchanged.
func SignalOf(label string) string {
	name := []byte(label)
	for i, c := range name {
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9') {
			name[i] = '_'
		}
	}
	if s := string(name); ValidName(s) {
		return s
	}
	return label
}
