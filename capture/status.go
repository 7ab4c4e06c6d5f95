package capture

import "time"

// State is where a camera stands.
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

// Status is how a camera stands, as plain values.
type Status struct {
	Name   string
	Source string // redacted
	State  State
	Reason string // why it is in this state, for a person; empty when live
	Since  time.Time

	Width, Height int
	FPS           float64       // frames a second over the last two seconds or so
	LastFrame     time.Time     // capture time; zero before the first one
	Lag           time.Duration // how late the stream is read (capture to arrival, beyond its best)
	Lagging       bool          // beyond two frame intervals: slower to decode than it arrives

	Frames     uint64 // published
	Connects   uint64 // openings that worked
	Failures   uint64 // openings that did not
	Stalls     uint64
	Resizes    uint64 // changes of size in the middle of a stream
	DropPool   uint64
	DropLag    uint64
	DropRate   uint64
	DropBroken uint64
	Pool       PoolStats
}
