//go:build !cgo

package clips

var realMuxer Muxer
