package clips

import (
	"bytes"
	"time"

	"rvo-tui/capture"
)

// sample is a packet that a ring remembers.
type sample struct {
	*capture.Packet
	seq     uint64        // counts the samples of a ring
	ts      time.Duration // capture, since the epoch
	frame   uint64        // ID of the frame that it was encoded from; 0: the camera sent it
	skipped uint64        // frames that the ring had skipped when it took this one
}

// decodes returns when the sample is decoded, on the clock of ts. It never
// decreases in a stream, other than ts.
func (s *sample) decodes() time.Duration { return s.ts - (s.PTS - s.DTS) }

// key reports whether a movie can begin with the sample.
func (s *sample) key() bool { return s.Track.Video && s.Key }

// sameTrack reports whether packets of two tracks can be in one track of a
// movie. Encoded video may change its size, which the encoder evens out.
func sameTrack(a, b *capture.Track, encode bool) bool {
	if a == b {
		return true
	}
	if a.Codec != b.Codec || a.Rotation != b.Rotation || a.Mirror != b.Mirror || a.SampleRate != b.SampleRate || a.Channels != b.Channels {
		return false
	}
	return encode || a.Width == b.Width && a.Height == b.Height && bytes.Equal(a.Config, b.Config)
}
