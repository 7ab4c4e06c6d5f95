//go:build !cgo

package clips

import "rvo-tui/capture"

var realMuxer Muxer

var realRedraw = capture.RedrawJPEG
