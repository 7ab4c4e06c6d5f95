package capture

import "time"

// MovieTrack is one track of a movie to be written.
type MovieTrack struct {
	// First is a packet of the track at which a decoder can start. Its Track describes
	// the format.
	First *Packet
	// Encode re-encodes the track as H.264 or AAC, instead of copying it.
	Encode bool
	// MaxWidth limits the width of encoded video, in pixels; 0: no limit.
	MaxWidth int
	// Step is the minimum time between two frames of encoded video; frames in between
	// are left out. 0: keep every frame.
	Step time.Duration
}

// MovieWriter writes one movie, which grows on disk. It is used by one goroutine at a
// time.
type MovieWriter interface {
	// Write adds a packet to a track. Times are in movie time. A frame before 0 is
	// stored because later frames depend on it, but not shown. A duration of 0 means
	// unknown. An error is final; Close must still be called.
	Write(track int, p *Packet, pts, dts, duration time.Duration) error
	// Close writes buffered data and closes the file. It returns a write error that no
	// Write has returned.
	Close() error
}

// Movie describes a movie file, found by reading all of it.
type Movie struct {
	// Codec and Sound are the codecs of the tracks; empty if there is none.
	Codec, Sound Codec
	// Width and Height are the coded size in pixels.
	Width, Height int
	// Duration is the playing time.
	Duration time.Duration
	// Times are the presentation times of the frames, in order. Frames before 0 are
	// hidden.
	Times []time.Duration
	// Hidden is the number of Times before 0, KeyFrames the number of key frames, and
	// Samples the number of sound packets.
	Hidden, KeyFrames, Samples int
	// Cut means that the end is missing.
	Cut bool
}
