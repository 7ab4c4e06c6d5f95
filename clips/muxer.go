package clips

import (
	"time"

	"rvo-tui/capture"
)

// A Muxer writes the movie of a clip. One goroutine at a time uses it, off the
// live path, on a thread of low priority. Its methods use only standard
// types and those of capture, so a package that does not import clips can
// implement it.
type Muxer interface {
	// Ext is the extension of its files: ".mp4", ".avi".
	Ext() string
	// Copies reports whether its movies hold a codec as the camera sends it, so
	// that browsers play it. Others must be encoded.
	Copies(codec capture.Codec) bool
	// Create begins a movie in a new file, which need not be playable before
	// Finish. capture.ErrUnsupported means that this machine lacks a codec and
	// that no other try will go better.
	Create(path string, tracks []capture.MovieTrack) (capture.MovieWriter, error)
	// Finish makes a movie that can be played of a file that Create began, in a
	// new file. The writer need not have been closed: a crash leaves all that
	// was written up to the last second or so, or nothing and an error.
	Finish(from, to string) error
	// Read reads a finished movie to its end and decodes at least its first
	// frame. A file that is cut short is an error or has fewer frames.
	Read(path string) (capture.Movie, error)
	// Frames decodes a finished movie and calls yield for each frame that is
	// shown, as a JPEG file of at most maxWidth pixels (0: as it is), until
	// yield returns false.
	Frames(path string, maxWidth int, yield func(at time.Duration, jpeg []byte) bool) error
}

// tracksOf returns what a movie of these first packets is made of: video, and
// sound where there is any.
func tracksOf(mux Muxer, cfg Config, video sample, sound *capture.Packet) []capture.MovieTrack {
	encode := video.frame != 0 || cfg.Mode == ModeEncode || cfg.Mode == ModeAuto && !mux.Copies(video.Track.Codec)
	tracks := []capture.MovieTrack{{First: video.Packet, Encode: encode}}
	if encode && video.frame == 0 { // frames of the ring have their size and their rate already
		tracks[0].MaxWidth, tracks[0].Step = cfg.MaxWidth, cfg.step()
	}
	if sound != nil {
		tracks = append(tracks, capture.MovieTrack{First: sound, Encode: !mux.Copies(sound.Track.Codec)})
	}
	return tracks
}
