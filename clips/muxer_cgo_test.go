//go:build cgo

package clips

import "rvo-tui/capture/libav"

// realMuxer is the program's muxer; nil in a build without cgo.
var realMuxer Muxer = libav.Muxer{}

// realRedraw is the program's function for drawing thumbnails.
var realRedraw = new(libav.Library).RedrawJPEG
