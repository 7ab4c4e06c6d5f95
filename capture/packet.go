package capture

import "time"

// Codec is the name of a codec, as in FFmpeg.
type Codec string

// Codecs produced by the sources in Go. Files may have any other codec that FFmpeg
// names.
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

// Track describes one track of one connection. It is immutable. When codec parameters
// change in mid-stream, later packets point to a new Track. A new connection has new
// Tracks.
type Track struct {
	// Video is true for a video track, false for sound.
	Video bool
	Codec Codec
	// Config is the codec configuration that a decoder or container needs first; nil
	// while unknown. H.264 and H.265: parameter sets in Annex B; AV1: the sequence
	// header OBU; AAC: AudioSpecificConfig; Opus: OpusHead; others: FFmpeg's extradata.
	Config []byte
	// Width and Height are the coded size in pixels, 0 while unknown.
	Width, Height int
	// Rotation is the clockwise rotation for display: 0, 90, 180 or 270 degrees. Mirror
	// mirrors the frame left to right before that.
	Rotation int
	Mirror   bool
	// AspectNum and AspectDen are the sample aspect ratio. 0/0 and 1/1 are square.
	AspectNum, AspectDen int
	// Color is the container's color information. That in the coded data takes
	// precedence.
	Color Color
	// SampleRate (in Hz) and Channels describe sound.
	SampleRate, Channels int
	// Native is data that the driver of the track passes to its own decoder or muxer.
	// Usually nil.
	Native any
}

// Color holds code points of ISO/IEC 23091-2 (H.273), where 2 is "unspecified", as is 0
// in Primaries and Transfer. Known is false if there is no information at all.
type Color struct {
	Known                       bool
	Primaries, Transfer, Matrix uint8
	FullRange                   bool
}

// Packet is one coded frame (a whole access unit) or one piece of sound, as sent by the
// camera. It is in Go memory and immutable once it has more than one holder, so holders
// (ring, decoder, live view) simply keep the pointer.
type Packet struct {
	// ID counts the video packets of one camera from 1, in decode order, and is the ID
	// of the decoded frame. Camera sets it before passing the packet on. It is 0 for
	// sound.
	ID    uint64
	Track *Track
	// Data is the payload. H.264 and H.265: an access unit in Annex B; AV1: a temporal
	// unit of OBUs with sizes (low overhead format), without temporal delimiter; MJPEG:
	// one JPEG; AAC: a raw frame without ADTS header; others: as in FFmpeg.
	Data []byte
	// PTS and DTS are on one timeline shared by all tracks of a connection. They never
	// wrap. DTS never decreases within a track unless the source itself restarts.
	PTS, DTS time.Duration
	// Duration is 0 if unknown.
	Duration time.Duration
	// Captured is the capture time corresponding to PTS, on our clock (wall and
	// monotonic), as in Frame.Captured. A source that only knows arrival times leaves
	// it zero; Camera then sets it before passing the packet on.
	Captured time.Time
	// Arrived is when the packet was complete in memory.
	Arrived time.Time
	// Lag is how much longer the packet took to arrive than the fastest one of its
	// connection. It is set whenever Captured is. It differs from Arrived minus
	// Captured, which includes the minimum delay.
	Lag time.Duration
	// Key means that a decoder can start here. It is true for all sound.
	Key bool
	// Hidden means that an edit list excludes the packet: decode it, but do not show
	// it.
	Hidden bool
	// Damaged means that a part is missing, or the frame before it.
	Damaged bool
}

// PacketSource is an open connection that delivers the packets of a camera or a file in
// decode order. It is used by one goroutine at a time. After an error of Read the
// connection is over: close it and open another one.
type PacketSource interface {
	// Tracks returns the tracks as known at opening. Later packets may point to a newer
	// description.
	Tracks() []*Track
	// Read waits for the next packet, which the caller then owns. It returns io.EOF at
	// the end of a file. It returns soon after the context passed to the opener is
	// done. Any packet counts as progress. A *CorruptError means that the data was not
	// a valid packet; the source continues.
	Read() (*Packet, error)
	// Live is true for a source with its own pace (a camera). It is false for a source
	// that can be read at any speed (a file), which Camera paces.
	Live() bool
	// Close closes the connection as its protocol requires (RTSP: TEARDOWN), in bounded
	// time, and frees its resources.
	Close() error
}

// PacketSink receives the packets of a camera as they arrive, in decode order.
type PacketSink interface {
	// OfferPacket takes a packet with Captured set. It is called on the goroutine that
	// reads the source. It must never block, and drops and counts packets for which it
	// has no room.
	OfferPacket(p *Packet)
}
