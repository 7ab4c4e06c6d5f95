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

// The messages of GET /api/media. Clients skip types that they do not know.
const (
	MessageIdle   MessageType = iota // sent after a second without another message; no payload
	MessageCamera                    // a Camera as JSON: before all else of that camera, and when its codec changes
	MessagePacket                    // a packet of video as the camera sent it
	MessageJPEG                      // a JPEG file
	MessageResult                    // a Result as JSON
	MessageGap                       // a Lost as JSON: the client was too slow
)

// Flags of a MessagePacket.
const (
	FlagKey     = 1 << iota // a decoder can begin here
	FlagDamaged             // data was lost between the camera and here
	FlagHidden              // decode it, do not show it
)

// Message is one message of GET /api/media. On the wire it is a header of 24 bytes,
// big-endian, and the payload.
type Message struct {
	Type     MessageType
	Flags    uint8
	Camera   uint16    // Index of the Camera
	Captured time.Time // in microseconds since 1970; zero: none
	Frame    uint64    // ID of the frame, which is that of its packet; 0: none
	Payload  []byte
}

// HeaderSize is the size of a message's header, in bytes.
const HeaderSize = 24

// MaxPayload is the largest payload, in bytes.
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
// io.ErrUnexpectedEOF when a message is cut off. A payload above MaxPayload is an error.
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
	// The announced length is not trusted: memory grows as data arrives.
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
	Index  uint16 `json:"index"` // of its messages
	// Codec is FFmpeg's name of the codec, empty before the first packet. CodecString
	// is its RFC 6381 name for WebCodecs, empty where there is none.
	Codec       string `json:"codec,omitempty"`
	CodecString string `json:"codec_string,omitempty"`
	Width       int    `json:"width,omitempty"` // coded size; 0: unknown
	Height      int    `json:"height,omitempty"`
	Rotation    int    `json:"rotation,omitempty"` // clockwise, degrees
	Mirror      bool   `json:"mirror,omitempty"`
	// Config is what a decoder needs before the first packet. For H.264 and H.265: the
	// parameter sets as Annex B, to be prepended to each key frame.
	Config []byte `json:"config,omitempty"`
}

// DescribeTrack returns the description of a camera whose packets belong to a track;
// nil: there was no packet yet.
func DescribeTrack(camera string, index uint16, t *capture.Track) Camera {
	c := Camera{Camera: camera, Index: index}
	if t != nil {
		c.Codec, c.CodecString, c.Config = string(t.Codec), t.CodecString(), t.Config
		c.Width, c.Height, c.Rotation, c.Mirror = t.Width, t.Height, t.Rotation, t.Mirror
	}
	return c
}
