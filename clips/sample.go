package clips

import (
	"bytes"
	"time"

	"rvo-tui/capture"
)

// sample is a packet kept by a ring.
type sample struct {
	*capture.Packet
	seq     uint64        // sequence number in the ring
	ts      time.Duration // capture time, since the epoch
	frame   uint64        // ID of the frame that it was encoded from; 0: sent by the camera
	skipped uint64        // number of frames that the ring had skipped before this sample
}

// decodes returns the decode time of the sample, on the clock of ts. Unlike ts it never
// decreases within a stream.
func (s *sample) decodes() time.Duration { return s.ts - (s.PTS - s.DTS) }

// key reports whether a movie can start with the sample.
func (s *sample) key() bool { return s.Track.Video && s.Key }

// sameTrack reports whether packets of two tracks fit into one track of a movie.
// Encoded video may change its size, because the encoder scales it.
func sameTrack(a, b *capture.Track, encode bool) bool {
	if a == b {
		return true
	}
	if a.Codec != b.Codec || a.Rotation != b.Rotation || a.Mirror != b.Mirror || a.SampleRate != b.SampleRate || a.Channels != b.Channels {
		return false
	}
	return encode || a.Width == b.Width && a.Height == b.Height && bytes.Equal(a.Config, b.Config)
}
