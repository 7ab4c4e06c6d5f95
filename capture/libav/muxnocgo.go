//go:build !cgo

package libav

import (
	"fmt"
	"time"

	"rvo-tui/capture"
)

// Muxer writes MP4 in a build with cgo. In this build every call fails with
// capture.ErrUnsupported.
type Muxer struct{}

var errNoMuxer = fmt.Errorf("write movie: %w: %w", capture.ErrUnsupported, ErrBuiltWithout)

// Ext returns ".mp4".
func (Muxer) Ext() string { return ".mp4" }

// Copies returns false.
func (Muxer) Copies(capture.Codec) bool { return false }

// Create fails.
func (Muxer) Create(string, []capture.MovieTrack) (capture.MovieWriter, error) {
	return nil, errNoMuxer
}

// Finish fails.
func (Muxer) Finish(string, string) error { return errNoMuxer }

// Read fails.
func (Muxer) Read(string) (capture.Movie, error) { return capture.Movie{}, errNoMuxer }

// Frames fails.
func (Muxer) Frames(string, int, func(time.Duration, []byte) bool) error { return errNoMuxer }
