package capture

import "time"

// Codec names how a track is coded, in FFmpeg's words.
type Codec string

// The codecs that sources in Go produce. Files may hold any other that FFmpeg
// has a name for.
const (
	H264  Codec = "h264"
	HEVC  Codec = "hevc"
	AV1   Codec = "av1"
	VP8   Codec = "vp8"
	VP9   Codec = "vp9"
	MJPEG Codec = "mjpeg"

	AAC  Codec = "aac"
	Opus Codec = "opus"
	PCMU Codec = "pcm_mulaw"
	PCMA Codec = "pcm_alaw"
)

// Track describes one track of one connection. It is immutable: when the
// parameters of a codec change in mid-stream, later packets point to a new
// Track, and so do the packets of another connection.
type Track struct {
	// Video is true for a video track, false for sound.
	Video bool
	Codec Codec
	// Config is what a decoder or a container needs before the first
	// packet, nil while it is unknown. H.264 and H.265: parameter sets as Annex
	// B; AV1: the sequence header OBU; AAC: AudioSpecificConfig; Opus: OpusHead;
	// others: FFmpeg's extradata.
	Config []byte
	// Width and Height are the coded size in pixels, 0 while unknown.
	Width, Height int
	// Rotation is how far a frame is turned clockwise for display: 0, 90, 180 or
	// 270 degrees. Mirror says that it is mirrored left to right before that.
	Rotation int
	Mirror   bool
	// AspectNum and AspectDen are the sample aspect ratio; 0/0 and 1/1 are square.
	AspectNum, AspectDen int
	// Color is what the container says about colors. The coded data takes
	// precedence.
	Color Color
	// SampleRate (hertz) and Channels describe sound.
	SampleRate, Channels int
	// Native is what the driver that made the track keeps for a decoder or a
	// muxer of its own, nil for most.
	Native any
}

// Color holds the code points of ISO/IEC 23091-2 (H.273), where 2 is
// "unspecified", as is 0 in Primaries and Transfer. Known is false when nothing
// is said at all.
type Color struct {
	Known                       bool
	Primaries, Transfer, Matrix uint8
	FullRange                   bool
}

// Packet is what the camera sent: one coded frame (a whole access unit) or one
// piece of sound. It lives in Go memory and is immutable once it was handed to
// more than one holder, so whoever needs it (packet ring, decoder, live view)
// just keeps the pointer.
type Packet struct {
	// ID counts the packets of video of one camera from 1, in decoding order, and
	// is that of the frame that is decoded from it. Camera fills it in before it
	// hands the packet on; it is 0 for sound.
	ID    uint64
	Track *Track
	// Data is, for H.264 and H.265, an access unit as Annex B; AV1: a temporal
	// unit of OBUs with sizes (low overhead format), without temporal delimiter;
	// MJPEG: one JPEG; AAC: a raw frame without ADTS header; others: as FFmpeg
	// has it.
	Data []byte
	// PTS and DTS are on one timeline that all tracks of a connection share.
	// They never wrap, and DTS never decreases within a track unless the source
	// itself starts again.
	PTS, DTS time.Duration
	// Duration is 0 where it is unknown.
	Duration time.Duration
	// Captured is when the camera took what PTS stands for, on our clock (wall
	// and monotonic), the one of Frame.Captured. A source that knows no better
	// than arrival times leaves it zero; Camera fills it in before it hands the
	// packet on.
	Captured time.Time
	// Arrived is when the packet was complete in memory.
	Arrived time.Time
	// Lag is how much longer than the fastest of its connection the packet took to
	// arrive, set where Captured is. It is not Arrived minus Captured, which holds
	// the time that every packet takes.
	Lag time.Duration
	// Key says that a decoder can start here. It is true for all sound.
	Key bool
	// Hidden says that the packet must be decoded but not shown: an edit list
	// leaves it out.
	Hidden bool
	// Damaged says that a part was lost on the way.
	Damaged bool
}

// PacketSource is an open connection that delivers the packets of a camera or a
// file, in decoding order. One goroutine at a time uses it. When Read fails the
// connection is over: Close it and open another one.
type PacketSource interface {
	// Tracks returns the tracks as they were known when the source was opened.
	// A later packet may point to a newer description of one.
	Tracks() []*Track
	// Read waits for the next packet, which becomes the caller's. It returns
	// io.EOF at the end of a file, and returns soon when the context that the
	// source was opened with is done. Any packet counts as progress. A
	// *CorruptError means that something came which is no packet; the source
	// goes on.
	Read() (*Packet, error)
	// Live is true for a source that runs at its own pace (a camera), and false for
	// one that can be read at any pace (a file), which Camera paces.
	Live() bool
	// Close ends the connection as its protocol asks for (RTSP: TEARDOWN), in
	// bounded time, and frees what it holds.
	Close() error
}

// PacketSink takes the packets of a camera as they come, in decoding order.
type PacketSink interface {
	// OfferPacket takes a packet whose Captured is set. It is called in the
	// goroutine that reads the source, never blocks, and drops and counts what
	// it has no room for.
	OfferPacket(p *Packet)
}
