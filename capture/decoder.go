package capture

// A Decoder turns the packets of one video track into frames. One goroutine at a
// time uses it.
type Decoder interface {
	// Decode feeds packets, which follow those of the call before in decoding
	// order, and returns the newest frame that came out. With drain, everything
	// that was fed comes out at once, and the next packet must be a key one. An
	// error means that the decoder can no longer be used; faults in single packets
	// are only counted.
	Decode(packets []*Packet, drain bool) (Decoded, error)
	// Drain returns the frames that are held back at the end of a stream, one with
	// each call. Once the image is nil there are no more, and the next packet must
	// be a key one.
	Drain() (Decoded, error)
	// Flush forgets everything that was fed. The next packet must be a key one.
	Flush()
	// Close frees the decoder. Images that it gave stay valid.
	Close()
}

// Decoded is the result of one call of Decode.
type Decoded struct {
	// Image is the newest frame, which becomes the caller's; nil where none came
	// out, as a decoder may hold frames back to reorder them.
	Image Image
	// Packet is what the image was decoded from.
	Packet *Packet
	// Damaged says that parts of the image were lost and are guessed, or that it
	// was decoded from an image of which that is true, since the last key frame.
	Damaged bool
	// Frames counts all that came out, DamagedFrames those of them that lost parts
	// themselves, and Refused the packets that gave no frame because they are none.
	Frames, DamagedFrames, Refused int
}

// A DecoderOpener opens a decoder for a track as cfg asks.
type DecoderOpener func(t *Track, cfg Config) (Decoder, error)
