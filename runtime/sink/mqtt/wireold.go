package mqtt

import (
	"errors"
	"fmt"
	"slices"
)

// refusals are the version 5 reason codes of the return codes of version 3.1.1, from 1
// on.
var refusals = []byte{0x84, 0x85, 0x88, 0x86, 0x87}

// toOld converts the body of a packet from version 5 to 3.1.1, without properties and
// reason codes.
func (w *wire) toOld(kind, header byte, body []byte) ([]byte, error) {
	f := &fields{data: body}
	var out []byte
	switch kind {
	case connect:
		out = oldConnect(f)
	case publish:
		out = append(out, f.text()...)
		if header>>1&3 > 0 {
			out = append(out, f.skip(2)...)
		}
		f.properties()
		out = append(out, f.rest()...)
	case subscribe:
		out = append(out, f.skip(2)...)
		f.properties()
		for !f.bad && len(f.rest()) > 0 {
			out = append(out, f.text()...)
			if options := f.skip(1); options != nil {
				out = append(out, options[0]&3)
			}
		}
	case unsubscribe:
		out = append(out, f.skip(2)...)
		f.properties()
		n := 0
		for ; !f.bad && len(f.rest()) > 0; n++ {
			out = append(out, f.text()...)
		}
		w.mu.Lock()
		w.topics = n
		w.mu.Unlock()
	case pingreq, disconnect:
	default:
		if kind < puback || kind > pubcomp {
			return nil, fmt.Errorf("packet type %d does not exist in MQTT 3.1.1", kind)
		}
		out = f.skip(2)
	}
	if f.bad {
		return nil, errors.New("a packet for the broker is incomplete")
	}
	return out, nil
}

func oldConnect(f *fields) []byte {
	const clean = 2
	out := slices.Clone(f.text()) // "MQTT"
	level := f.skip(4)
	if level == nil {
		return nil
	}
	flags := level[1] | clean
	out = append(out, 4, flags, level[2], level[3])
	f.properties()
	out = append(out, f.text()...) // client ID
	if flags&4 != 0 {              // will
		f.properties()
		out = append(out, f.text()...)
		out = append(out, f.text()...)
	}
	return append(out, f.rest()...) // user, password
}

// fromOld converts the body of a packet from version 3.1.1 to 5.
func (w *wire) fromOld(kind, header byte, body []byte) ([]byte, error) {
	f := &fields{data: body}
	var out []byte
	switch kind {
	case connack:
		answer := f.skip(2)
		if answer == nil {
			return nil, errPacket
		}
		reason := answer[1]
		if n := int(reason); n > 0 {
			reason = 0x80
			if n <= len(refusals) {
				reason = refusals[n-1]
			}
		}
		return []byte{answer[0], reason, 0}, nil
	case publish:
		if err := sound(kind, header); err != nil {
			return nil, err
		}
		out = append(out, f.text()...)
		if header>>1&3 > 0 {
			out = append(out, f.skip(2)...)
		}
		out = append(out, 0)
		out = append(out, f.rest()...)
	case suback:
		out = append(out, f.skip(2)...)
		out = append(append(out, 0), f.rest()...)
	case unsuback:
		w.mu.Lock()
		n := w.topics
		w.mu.Unlock()
		out = append(append(out, f.skip(2)...), 0)
		out = append(out, make([]byte, n)...)
	case pingresp:
	default:
		if kind < puback || kind > pubcomp {
			return nil, fmt.Errorf("the broker sent a packet of type %d", kind)
		}
		out = f.skip(2)
	}
	if f.bad {
		return nil, errPacket
	}
	return out, nil
}
