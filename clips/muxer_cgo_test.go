//go:build cgo

package clips

import "rvo-tui/capture/libav"

// realMuxer is what the program writes movies with; nil in a build without cgo.
var realMuxer Muxer = libav.Muxer{}
