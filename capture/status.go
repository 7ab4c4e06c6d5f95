package capture

import "time"

// State is the state of a camera.
type State string

// The states of a camera.
const (
	Connecting   State = "connecting"   // the first opening is under way
	Live         State = "live"         // frames come
	Stalled      State = "stalled"      // connected, but no frame within the stall timeout
	Reconnecting State = "reconnecting" // the connection failed; waiting to open it again, or opening it
	Paused       State = "paused"       // by command; nothing is read
	Ended        State = "ended"        // a file without loop has been played
	Failed       State = "failed"       // cannot work as configured; a wrong password or a missing file is tried again, slowly
)

// Reason names of dropped frames.
const (
	DropPool    = "pool"    // every buffer of the pool was held
	DropLag     = "lag"     // skipped undecoded to catch up with a stream read too late
	DropRate    = "rate"    // above the configured fps
	DropCorrupt = "corrupt" // could not be decoded
)

// Status is the status of a camera, as plain values.
type Status struct {
	Name   string    `json:"name"`
	Source string    `json:"source"` // redacted
	State  State     `json:"state"`
	Reason string    `json:"reason"` // why it is in this state, for a person; empty when live
	Since  time.Time `json:"since"`

	Width     int           `json:"width"`
	Height    int           `json:"height"`
	FPS       float64       `json:"fps"`        // frames a second over the last two seconds or so
	LastFrame time.Time     `json:"last_frame"` // capture time; zero before the first one
	Lag       time.Duration `json:"lag_ns"`     // how late the stream is read (capture to arrival, beyond its best)
	Lagging   bool          `json:"lagging"`    // beyond two frame intervals: slower to decode than it arrives

	Decoding    Decoding `json:"decoding"`     // how much of the packets; empty where the source gives frames
	DecodingWhy string   `json:"decoding_why"` // for a person
	SentFPS     float64  `json:"sent_fps"`     // frames a second that the source sends; 0: not known
	Codec       Codec    `json:"codec"`        // of the video; empty where the source gives frames, or nothing has come yet
	Bitrate     float64  `json:"bitrate"`      // bits of video a second, over the last second or two; 0: nothing arrives
	Packets     uint64   `json:"packets"`      // of video, received
	Decoded     uint64   `json:"decoded"`      // frames that were decoded
	Damaged     uint64   `json:"damaged"`      // of them, parts of which were lost and are guessed

	Frames     uint64    `json:"frames"`   // published
	Connects   uint64    `json:"connects"` // openings that worked
	Failures   uint64    `json:"failures"` // openings that did not
	Stalls     uint64    `json:"stalls"`
	Resizes    uint64    `json:"resizes"` // changes of size in the middle of a stream
	DropPool   uint64    `json:"drop_pool"`
	DropLag    uint64    `json:"drop_lag"`
	DropRate   uint64    `json:"drop_rate"`
	DropBroken uint64    `json:"drop_corrupt"`
	Pool       PoolStats `json:"pool"`
}
