package capture

// A Decoder turns the packets of one video track into frames. It is used by one
// goroutine at a time.
type Decoder interface {
	// Decode decodes packets, which must follow those of the previous call in decode
	// order, and returns the newest frame. With drain, all pending frames are output at
	// once, and the next packet must be a key frame. An error means that the decoder is
	// no longer usable. Faults in single packets are only counted.
	Decode(packets []*Packet, drain bool) (Decoded, error)
	// Drain returns one of the frames still held back at the end of a stream. A nil
	// image means that there are no more. The next packet must then be a key frame.
	Drain() (Decoded, error)
	// Flush discards all input. The next packet must be a key frame.
	Flush()
	// Close frees the decoder. Images that it returned stay valid.
	Close()
}

// Decoded is the result of one call of Decode.
type Decoded struct {
	// Image is the newest frame, owned by the caller. It is nil if there is none, since
	// a decoder may hold frames back to reorder them.
	Image Image
	// Packet is the packet that the image was decoded from.
	Packet *Packet
	// Damaged means that parts of the image are missing and were concealed, or that it
	// depends on such an image since the last key frame.
	Damaged bool
	// Frames counts all frames that were output, and DamagedFrames those with missing
	// parts of their own. Refused counts invalid packets.
	Frames, DamagedFrames, Refused int
}

// A DecoderOpener opens a decoder for a track, configured by cfg.
type DecoderOpener func(t *Track, cfg Config) (Decoder, error)
