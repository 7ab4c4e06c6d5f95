// Package rtsp receives streams of cameras over RTSP 1.0 (RFC 2326): it logs in,
// sets up the tracks it can use, and assembles RTP, over TCP or UDP, into
// packets. It decodes nothing and needs no cgo.
package rtsp
