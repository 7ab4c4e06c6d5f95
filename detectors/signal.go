// Package detectors turns frames into typed signals that expire: the detector
// contract, the table that holds the newest value of every signal, and the
// kinds in pure Go. Kinds that need C libraries are in detectors/opencv and
// detectors/onnx.
package detectors

import (
	"fmt"
	"time"
)

// MaxSignals is how many signals one camera can have.
const MaxSignals = 1024

// Box is a rectangle in fractions of the frame, 0..1: left edge, top edge, width
// and height.
type Box struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	W float64 `json:"w"`
	H float64 `json:"h"`
}

// Detection is one thing that a detector found in a frame.
type Detection struct {
	Label string  `json:"label"`
	Score float64 `json:"score"` // 0..1 where the detector has probabilities; else its own measure, as its kind documents
	Box   Box     `json:"box"`
	// Track is the ID of the track that follows the object on this camera; 0: nobody
	// does, or it was seen too rarely so far.
	Track uint64 `json:"track,omitempty"`
	// Keypoints are what the detector marked within it, in the order of its
	// model; nil: nothing.
	Keypoints []Keypoint `json:"keypoints,omitempty"`
	// Angle is how far the object is turned clockwise, in radians, where the model
	// tells; the box is the upright one around it.
	Angle float64 `json:"angle,omitempty"`
	// Attributes are what detectors of crops found in the box, sorted by name; nil:
	// none has looked yet.
	Attributes []Attribute `json:"attributes,omitempty"`
}

// Keypoint is a marked point in fractions of the frame. It can be beyond 0..1, and
// is always finite.
type Keypoint struct {
	X     float64 `json:"x"`
	Y     float64 `json:"y"`
	Score float64 `json:"score"` // 0..1; 1 where the model does not tell
}

// Trace is when a result passed each stage on its way, as time since the
// engine's epoch (the start of the process). Latency is always age since
// Captured.
type Trace struct {
	Frame    uint64        // ID of the frame that was looked at
	Captured time.Duration // the camera took the frame
	Arrived  time.Duration // it was complete in memory
	Seen     time.Duration // the engine saw it
	Started  time.Duration // the detector began with it
	Done     time.Duration // the detector answered
	Applied  time.Duration // the engine wrote the answer into the table
}

// Why is why a signal is unknown.
type Why uint8

// The reasons for a signal to be unknown.
const (
	Known      Why = iota // it is not: the value is fresh
	Never                 // no answer yet
	Stale                 // older than its TTL
	Errored               // the detector's last answer was an error
	Stuck                 // the detector exceeded its timeout and has not answered
	NotANumber            // the detector answered NaN or an infinity
	Off                   // the detector is disabled
	Absent                // the detector is not attached
	Nowhere               // the camera does not have the zone or line
	Blind                 // the detector has not looked all the time that counts
)

var whys = [...]string{"known", "no answer yet", "stale", "detector failed", "detector stuck", "not a number", "detector disabled", "detector not attached", "no such place", "detector did not look all the time"}

func (w Why) String() string {
	if int(w) < len(whys) {
		return whys[w]
	}
	return fmt.Sprintf("Why(%d)", uint8(w))
}

// MarshalText writes what String returns.
func (w Why) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText reads what MarshalText writes. A reason that it does not know, as of
// a newer program, reads as Absent.
func (w *Why) UnmarshalText(text []byte) error {
	*w, _ = ParseWhy(string(text))
	return nil
}

// ParseWhy is the inverse of String. False: the reason is unknown, as when a newer
// program wrote the text.
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
	Unknown    Why // why the value does not count; Known: it counts until Expires
}

// Expires returns when the value becomes stale.
func (s *Signal) Expires() time.Duration { return s.Trace.Captured + s.TTL }

// At returns whether the signal is unknown at the time now, and why. It is fresh
// while now < captured + TTL.
func (s *Signal) At(now time.Duration) Why {
	if s.Unknown == Known && now >= s.Trace.Captured+s.TTL {
		return Stale
	}
	return s.Unknown
}

// ValidName reports whether name can name a signal: a letter, then letters,
// digits and underscores.
func ValidName(name string) bool {
	for i, r := range []byte(name) {
		letter := r|0x20 >= 'a' && r|0x20 <= 'z'
		if !letter && (i == 0 || r != '_' && (r < '0' || r > '9')) {
			return false
		}
	}
	return name != "" && len(name) <= 64
}

// SignalOf returns the name of the signal that counts a label: the label with what
// cannot be in a name replaced by "_". A label that makes no name comes back as it
// is.
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
