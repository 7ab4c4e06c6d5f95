package mqtt

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxIncoming = 256 << 10 // bytes of a packet from a broker
	writeTime   = 10 * time.Second
	// Rate limit for data from a broker: more is read later.
	incomingRate  = 128 << 10 // bytes a second
	incomingBurst = 4 << 20   // at once
	packetCost    = 1 << 10   // tokens per packet, in addition to its bytes
)

// Packet types.
const (
	connect     = 1
	connack     = 2
	publish     = 3
	puback      = 4
	pubcomp     = 7
	subscribe   = 8
	suback      = 9
	unsubscribe = 10
	unsuback    = 11
	pingreq     = 12
	pingresp    = 13
	disconnect  = 14
)

// errOldBroker means that a broker does not support version 5.
var errOldBroker = errors.New("the broker only supports MQTT 3.1.1")

// wire is a connection to a broker that limits incoming data by size and rate, and the
// duration of writes. If the broker only supports version 3.1.1, it translates between
// that and version 5, which the client library uses. It supports one reader and one
// writer at a time.
type wire struct {
	net.Conn

	old bool // 3.1.1 is used

	// of the reader
	in       *bufio.Reader
	ready    []byte // rest of a packet, not read yet
	answered bool   // the first packet has arrived
	pace     pace

	// of the writer
	out []byte // a packet being collected

	left atomic.Uint32 // reason of the broker's DISCONNECT; 0: none

	mu     sync.Mutex // guards topics
	topics int        // in the last UNSUBSCRIBE
}

func newWire(c net.Conn, old bool) *wire {
	return &wire{Conn: c, old: old, in: bufio.NewReader(c), pace: pace{tokens: incomingBurst, at: time.Now()}}
}

// pace is a token bucket.
type pace struct {
	tokens float64
	at     time.Time
}

// take takes tokens and returns how long to wait for them.
func (p *pace) take(n int, now time.Time) time.Duration {
	p.tokens = min(incomingBurst, p.tokens+now.Sub(p.at).Seconds()*incomingRate) - float64(n)
	p.at = now
	if p.tokens >= 0 {
		return 0
	}
	return time.Duration(-p.tokens / incomingRate * float64(time.Second))
}

// Read implements net.Conn. It returns at most the rest of one packet.
func (w *wire) Read(p []byte) (int, error) {
	if len(w.ready) == 0 {
		packet, err := w.receive()
		if err != nil {
			return 0, err
		}
		w.ready = packet
		time.Sleep(w.pace.take(len(packet)+packetCost, time.Now()))
	}
	n := copy(p, w.ready)
	w.ready = w.ready[n:]
	return n, nil
}

// receive reads a packet and converts it to version 5.
func (w *wire) receive() ([]byte, error) {
	header, err := w.in.ReadByte()
	if err != nil {
		return nil, err
	}
	size, err := readLength(w.in)
	switch {
	case err != nil:
		return nil, err
	case size > maxIncoming:
		return nil, fmt.Errorf("the broker sent a packet of %d bytes; at most %d are allowed", size, maxIncoming)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(w.in, body); err != nil {
		return nil, err
	}
	first := !w.answered
	w.answered = true
	switch kind := header >> 4; {
	case first && kind != connack:
		return nil, errors.New("the server is not an MQTT broker")
	case first && !w.old && (len(body) == 2 || len(body) > 2 && body[1] == 0x84):
		return nil, errOldBroker
	case w.old:
		body, err = w.fromOld(kind, header, body)
	default:
		err = sound(kind, header)
	}
	if err != nil {
		return nil, err
	}
	if header>>4 == disconnect && len(body) > 0 {
		w.left.Store(uint32(body[0]))
	}
	return append(appendLength([]byte{header}, len(body)), body...), nil
}

// sound rejects packets that would crash the client library.
func sound(kind, header byte) error {
	if kind == publish && header>>1&3 == 3 {
		return errors.New("the broker sent a message with QoS 3")
	}
	if kind == 0 || kind == connect || kind == subscribe || kind == unsubscribe || kind == pingreq {
		return fmt.Errorf("the broker sent a packet of type %d", kind)
	}
	return nil
}

// Write implements net.Conn. If packets must be translated, it collects their parts
// first.
func (w *wire) Write(p []byte) (int, error) {
	if !w.old {
		if err := w.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
			return 0, err
		}
		return w.Conn.Write(p)
	}
	w.out = append(w.out, p...)
	for {
		header, body, rest, ok := cut(w.out)
		if !ok {
			return len(p), nil
		}
		body, err := w.toOld(header>>4, header, body)
		if err != nil {
			return 0, err
		}
		if err := w.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
			return 0, err
		}
		if _, err := w.Conn.Write(append(appendLength([]byte{header}, len(body)), body...)); err != nil {
			return 0, err
		}
		w.out = append([]byte(nil), rest...)
	}
}

// cut splits off the first packet.
func cut(data []byte) (header byte, body, rest []byte, ok bool) {
	size, shift := 0, 0
	for i, b := range data[min(1, len(data)):] {
		size |= int(b&0x7f) << shift
		shift += 7
		if b < 0x80 {
			start := i + 2
			if len(data) < start+size {
				return 0, nil, nil, false
			}
			return data[0], data[start : start+size], data[start+size:], true
		}
	}
	return 0, nil, nil, false
}

var errPacket = errors.New("the broker sent an invalid packet")

// readLength reads a variable byte integer.
func readLength(r io.ByteReader) (int, error) {
	size := 0
	for shift := 0; shift < 28; shift += 7 {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		size |= int(b&0x7f) << shift
		if b < 0x80 {
			return size, nil
		}
	}
	return 0, errPacket
}

func appendLength(p []byte, n int) []byte {
	for n >= 0x80 {
		p = append(p, byte(n)|0x80)
		n >>= 7
	}
	return append(p, byte(n))
}

// fields reads the fields of a packet. It is bad after a missing field.
type fields struct {
	data []byte
	at   int
	bad  bool
}

func (f *fields) skip(n int) []byte {
	if f.bad || n < 0 || len(f.data)-f.at < n {
		f.bad = true
		return nil
	}
	f.at += n
	return f.data[f.at-n : f.at]
}

// text reads a field with a two-byte length prefix.
func (f *fields) text() []byte {
	start := f.at
	if size := f.skip(2); size != nil {
		f.skip(int(binary.BigEndian.Uint16(size)))
	}
	if f.bad {
		return nil
	}
	return f.data[start:f.at]
}

// properties skips the properties of version 5.
func (f *fields) properties() {
	size, shift := 0, 0
	for {
		b := f.skip(1)
		if b == nil || shift > 21 {
			f.bad = true
			return
		}
		size |= int(b[0]&0x7f) << shift
		shift += 7
		if b[0] < 0x80 {
			f.skip(size)
			return
		}
	}
}

func (f *fields) rest() []byte { return f.data[min(f.at, len(f.data)):] }
