package live

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"rvo-tui/capture"
)

// MessageType is the type of a Message.
type MessageType uint8

// The values of MessageType. Clients ignore unknown types.
const (
	MessageIdle   MessageType = iota // sent after one second without messages; no payload
	MessageCamera                    // a Camera as JSON; sent first for each camera, and when its codec changes
	MessagePacket                    // a video packet as sent by the camera
	MessageJPEG                      // a JPEG file
	MessageResult                    // a Result as JSON
	MessageGap                       // a Lost as JSON: the client was too slow
)

// Flags of a MessagePacket.
const (
	FlagKey     = 1 << iota // a decoder can start here
	FlagDamaged             // data was lost on the way from the camera
	FlagHidden              // decode it, but do not show it
)

// Message is one message of GET /api/media. On the wire it is a header of 24 bytes,
// big-endian, followed by the payload.
type Message struct {
	Type     MessageType
	Flags    uint8
	Camera   uint16    // Camera.Index
	Captured time.Time // on the wire in microseconds since 1970; zero: none
	Frame    uint64    // ID of the frame, which equals that of its packet; 0: none
	Payload  []byte
}

// HeaderSize is the size of a message's header, in bytes.
const HeaderSize = 24

// MaxPayload is the maximum payload size, in bytes.
const MaxPayload = 64 << 20

// Header returns the header of the message.
func (m Message) Header() [HeaderSize]byte {
	var h [HeaderSize]byte
	binary.BigEndian.PutUint32(h[0:], uint32(len(m.Payload)))
	h[4], h[5] = byte(m.Type), m.Flags
	binary.BigEndian.PutUint16(h[6:], m.Camera)
	if !m.Captured.IsZero() {
		binary.BigEndian.PutUint64(h[8:], uint64(m.Captured.UnixMicro()))
	}
	binary.BigEndian.PutUint64(h[16:], m.Frame)
	return h
}

// ReadMessage reads one message. It returns io.EOF at the end of the stream, and
// io.ErrUnexpectedEOF for a truncated message. A payload above MaxPayload is an error.
func ReadMessage(r io.Reader) (Message, error) {
	var h [HeaderSize]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return Message{}, err
	}
	m := Message{Type: MessageType(h[4]), Flags: h[5], Camera: binary.BigEndian.Uint16(h[6:]), Frame: binary.BigEndian.Uint64(h[16:])}
	if us := int64(binary.BigEndian.Uint64(h[8:])); us != 0 {
		m.Captured = time.UnixMicro(us)
	}
	n := binary.BigEndian.Uint32(h[0:])
	if n > MaxPayload {
		return Message{}, fmt.Errorf("read media: a message has %d bytes, more than %d", n, MaxPayload)
	}
	// Do not trust the announced length: allocate as data arrives.
	payload, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err == nil && len(payload) < int(n) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return Message{}, err
	}
	if n > 0 {
		m.Payload = payload
	}
	return m, nil
}

// Camera describes a camera of GET /api/media.
type Camera struct {
	Camera string `json:"camera"`
	Index  uint16 `json:"index"` // used in its messages
	// Codec is FFmpeg's name of the codec; empty before the first packet. CodecString
	// is its RFC 6381 name for WebCodecs; empty if there is none.
	Codec       string `json:"codec,omitempty"`
	CodecString string `json:"codec_string,omitempty"`
	Width       int    `json:"width,omitempty"` // coded size; 0: unknown
	Height      int    `json:"height,omitempty"`
	Rotation    int    `json:"rotation,omitempty"` // clockwise, degrees
	Mirror      bool   `json:"mirror,omitempty"`
	// Config is the codec configuration that a decoder needs. For H.264 and H.265: the
	// parameter sets in Annex B, to be prepended to each key frame.
	Config []byte `json:"config,omitempty"`
}

// DescribeTrack returns the description of a camera with a track. t is nil before the
// first packet.
func DescribeTrack(camera string, index uint16, t *capture.Track) Camera {
	c := Camera{Camera: camera, Index: index}
	if t != nil {
		c.Codec, c.CodecString, c.Config = string(t.Codec), t.CodecString(), t.Config
		c.Width, c.Height, c.Rotation, c.Mirror = t.Width, t.Height, t.Rotation, t.Mirror
	}
	return c
}
