// Package rtsp receives camera streams over RTSP 1.0 (RFC 2326). It logs in, sets up
// the tracks that it supports, and assembles RTP packets, over TCP or UDP, into coded
// frames. It does not decode and needs no cgo.
package rtsp
