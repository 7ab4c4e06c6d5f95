// Package rtsp receives streams of cameras over RTSP 1.0 (RFC 2326): it logs in,
// asks for the tracks it can use, and assembles what comes over RTP, by TCP or
// UDP, into packets. It decodes nothing and needs no cgo.
package rtsp
