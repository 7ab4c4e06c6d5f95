//go:build cgo

package clips

import "rvo-tui/capture/libav"

// realMuxer is what the program writes movies with; nil in a build without cgo.
var realMuxer Muxer = libav.Muxer{}

// realRedraw is what the program draws thumbnails with.
var realRedraw = new(libav.Library).RedrawJPEG
