package clips

import (
	"time"

	"rvo-tui/capture"
)

// A Muxer writes the movie of a clip. It is used by one goroutine at a time, off the
// live path, on a low-priority thread. Its methods use only standard types and types of
// capture, so that packages can implement it without importing clips.
type Muxer interface {
	// Ext is the file extension: ".mp4" or ".avi".
	Ext() string
	// Copies reports whether its movies can hold the camera's codec unchanged in a form
	// that browsers play. Other codecs must be encoded.
	Copies(codec capture.Codec) bool
	// Create starts a movie in a new file. The file need not be playable before Finish.
	// capture.ErrUnsupported means that this machine lacks a codec, so retrying is
	// useless.
	Create(path string, tracks []capture.MovieTrack) (capture.MovieWriter, error)
	// Finish makes a playable movie in a new file from the file of Create. The writer
	// need not have been closed: after a crash, everything up to about the last second
	// is kept, or Finish fails.
	Finish(from, to string) error
	// Read reads a finished movie to its end and decodes at least its first frame. A
	// truncated file gives an error or fewer frames.
	Read(path string) (capture.Movie, error)
	// Frames decodes a finished movie and calls yield for each visible frame, as a JPEG
	// at most maxWidth pixels wide (0: original size), until yield returns false.
	Frames(path string, maxWidth int, yield func(at time.Duration, jpeg []byte) bool) error
}

// tracksOf returns the tracks of a movie that starts with these packets: video, and
// sound if there is any.
func tracksOf(mux Muxer, cfg Config, video sample, sound *capture.Packet) []capture.MovieTrack {
	encode := video.frame != 0 || cfg.Mode == ModeEncode || cfg.Mode == ModeAuto && !mux.Copies(video.Track.Codec)
	tracks := []capture.MovieTrack{{First: video.Packet, Encode: encode}}
	if encode && video.frame == 0 { // frames in the ring are already scaled and thinned
		tracks[0].MaxWidth, tracks[0].Step = cfg.MaxWidth, cfg.step()
	}
	if sound != nil {
		tracks = append(tracks, capture.MovieTrack{First: sound, Encode: !mux.Copies(sound.Track.Codec)})
	}
	return tracks
}
