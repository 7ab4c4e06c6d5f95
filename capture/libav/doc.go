// Package libav reads and decodes video with FFmpeg's libraries. It reads packets from
// files and network streams, decodes them, converts pixels and encodes JPEG and MP4. In
// a build without cgo every call returns ErrBuiltWithout, except for a few implemented
// in Go.
package libav

import (
	"errors"
	"log/slog"
)

// ErrBuiltWithout is returned by a build without FFmpeg.
var ErrBuiltWithout = errors.New("built without FFmpeg: install its development files and a C compiler and build with CGO_ENABLED=1")

// Options are the settings of a Library.
type Options struct {
	// Log gets what people should know.
	Log *slog.Logger
	// NoSound skips sound: the demuxer discards it.
	NoSound bool
}
