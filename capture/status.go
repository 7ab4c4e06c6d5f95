package capture

import (
	"strings"
	"time"
)

// State is the state of a camera.
type State string

// The states of a camera.
const (
	Connecting   State = "connecting"   // opening the source for the first time
	Live         State = "live"         // frames arrive
	Stalled      State = "stalled"      // connected, but no frame within the stall timeout
	Reconnecting State = "reconnecting" // the connection failed; waiting to reopen it, or reopening it
	Paused       State = "paused"       // by command; nothing is read
	Ended        State = "ended"        // a file without loop has reached its end
	Failed       State = "failed"       // cannot work as configured, for example a wrong password or a missing file; retried slowly
)

// Reasons for dropping frames.
const (
	DropPool    = "pool"    // all frames of the pool were in use
	DropLag     = "lag"     // skipped without decoding, to catch up with a stream read too late
	DropRate    = "rate"    // above the configured fps
	DropCorrupt = "corrupt" // could not be decoded
)

// Status is a snapshot of a camera.
type Status struct {
	Name   string    `json:"name"`
	Source string    `json:"source"` // redacted
	State  State     `json:"state"`
	Reason string    `json:"reason"` // why it is in this state, for the user; empty when live
	Since  time.Time `json:"since"`

	Width     int           `json:"width"`
	Height    int           `json:"height"`
	FPS       float64       `json:"fps"`        // frames a second over about two seconds
	LastFrame time.Time     `json:"last_frame"` // capture time; zero before the first frame
	Lag       time.Duration `json:"lag_ns"`     // how late the stream is read: capture to arrival, minus the minimum
	Lagging   bool          `json:"lagging"`    // lag exceeds two frame intervals: decoding is slower than the stream

	Decoding    Decoding `json:"decoding"`     // how much is decoded; empty if the source delivers frames
	DecodingWhy string   `json:"decoding_why"` // for the user
	SentFPS     float64  `json:"sent_fps"`     // frame rate of the source; 0: unknown
	Codec       Codec    `json:"codec"`        // of the video; empty if the source delivers frames, or before the first packet
	Bitrate     float64  `json:"bitrate"`      // video bits a second over the last second or two; 0: nothing arrives
	Packets     uint64   `json:"packets"`      // video packets received
	Decoded     uint64   `json:"decoded"`      // frames decoded
	Damaged     uint64   `json:"damaged"`      // decoded frames with missing, concealed parts

	Frames     uint64    `json:"frames"`   // frames published
	Connects   uint64    `json:"connects"` // successful attempts to open the source
	Failures   uint64    `json:"failures"` // failed attempts
	Stalls     uint64    `json:"stalls"`
	Resizes    uint64    `json:"resizes"` // changes of the frame size within a stream
	DropPool   uint64    `json:"drop_pool"`
	DropLag    uint64    `json:"drop_lag"`
	DropRate   uint64    `json:"drop_rate"`
	DropBroken uint64    `json:"drop_corrupt"`
	Pool       PoolStats `json:"pool"`
}

// Cause returns the Reason of a Status without its Source, for where the camera is already
// named: "connection refused", not "open stream rtsp://10.0.0.7/: connection refused".
func Cause(reason, source string) string {
	if _, cause, found := strings.Cut(reason, " "+source+": "); found && source != "" {
		return cause
	}
	return reason
}
