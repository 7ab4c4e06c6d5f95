// Package libav reads and decodes video with FFmpeg's libraries: packets out of
// files and network streams, frames out of packets, and pixels and JPEG files
// out of frames. In a build without cgo everything here exists and answers
// ErrBuiltWithout.
package libav

import "errors"

// ErrBuiltWithout is what everything here answers in a build without FFmpeg.
var ErrBuiltWithout = errors.New("built without FFmpeg: install its development files and a C compiler and build with CGO_ENABLED=1")
