package capture

import "time"

// MovieTrack is one track of a movie to be written.
type MovieTrack struct {
	// First is a packet of the track at which a decoder can start. Its Track
	// says the rest.
	First *Packet
	// Encode decodes the track and encodes it as H.264 or AAC, instead of
	// copying what the camera sent.
	Encode bool
	// MaxWidth scales encoded video down, in pixels; 0: as it is.
	MaxWidth int
	// Step is the least distance between two frames of encoded video; those in
	// between are left out. 0: every frame.
	Step time.Duration
}

// MovieWriter writes one movie, which grows on disk as it is written. One
// goroutine at a time uses it.
type MovieWriter interface {
	// Write adds a packet to a track. Times are on the movie's clock: what lies
	// before 0 is in the file, because what follows is decoded from it, but not
	// shown. A duration of 0 is unknown. An error is final, except that Close
	// must still be called.
	Write(track int, p *Packet, pts, dts, duration time.Duration) error
	// Close writes what is still held and closes the file. It reports an error
	// of writing that no Write has reported yet.
	Close() error
}

// Movie says what a movie file holds, found by reading all of it.
type Movie struct {
	// Codec and Sound name the tracks; empty where there is none.
	Codec, Sound Codec
	// Width and Height are the coded size in pixels.
	Width, Height int
	// Duration is how long it plays.
	Duration time.Duration
	// Times are when its frames are shown, in order. Frames before 0 are hidden.
	Times []time.Duration
	// Hidden is how many of Times lie before 0, KeyFrames how many frames a
	// decoder can start at, Samples how many packets of sound there are.
	Hidden, KeyFrames, Samples int
	// Cut says that the end is missing.
	Cut bool
}
