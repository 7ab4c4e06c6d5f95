package mqtt

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/packets"
)

// stub is the network side of a wire: what the broker sends, and what it received.
type stub struct {
	net.Conn

	in  io.Reader
	out bytes.Buffer
}

func (s *stub) Read(p []byte) (int, error)         { return s.in.Read(p) }
func (s *stub) Write(p []byte) (int, error)        { return s.out.Write(p) }
func (s *stub) SetWriteDeadline(t time.Time) error { return nil }

// Version 5 packets are translated for an old broker.
func TestOldBrokerIsWrittenTo(t *testing.T) {
	user := packets.User{Key: "event_id", Value: "1"}
	expiry := uint32(7)
	tests := []struct {
		name   string
		packet packets.Packet
		kind   byte
		flags  byte
		want   string
	}{
		{"connect", &packets.Connect{
			ProtocolName: "MQTT", ProtocolVersion: 5, ClientID: "me", KeepAlive: 30, UsernameFlag: true, Username: "u", PasswordFlag: true, Password: []byte("p"),
			WillFlag: true, WillRetain: true, WillQOS: 1, WillTopic: "w", WillMessage: []byte("off"), WillProperties: &packets.Properties{WillDelayInterval: &expiry},
			Properties: &packets.Properties{SessionExpiryInterval: &expiry},
		}, connect, 0, "\x10\x1c\x00\x04MQTT\x04\xee\x00\x1e\x00\x02me\x00\x01w\x00\x03off\x00\x01u\x00\x01p"},
		{"publish", &packets.Publish{Topic: "a/b", QoS: 1, PacketID: 258, Payload: []byte("x"), Properties: &packets.Properties{User: []packets.User{user}}}, publish, 0, "\x32\x08\x00\x03a/b\x01\x02x"},
		{"publish at most once", &packets.Publish{Topic: "a", Retain: true, Payload: []byte("x"), Properties: &packets.Properties{}}, publish, 0, "\x31\x04\x00\x01ax"},
		{"acknowledge", &packets.Puback{PacketID: 3, Properties: &packets.Properties{}, ReasonCode: 0x10}, puback, 0, "\x40\x02\x00\x03"},
		{"subscribe", &packets.Subscribe{PacketID: 4, Properties: &packets.Properties{}, Subscriptions: []packets.SubOptions{{Topic: "a/+", QoS: 1, NoLocal: true}}}, subscribe, 2, "\x82\x08\x00\x04\x00\x03a/+\x01"},
		{"disconnect", &packets.Disconnect{ReasonCode: 4, Properties: &packets.Properties{}}, disconnect, 0, "\xe0\x00"},
		{"ping", &packets.Pingreq{}, pingreq, 0, "\xc0\x00"},
	}
	for _, tt := range tests {
		s := &stub{}
		w := newWire(s, true)
		p := packets.ControlPacket{Content: tt.packet, FixedHeader: packets.FixedHeader{Type: tt.kind, Flags: tt.flags}}
		if _, err := p.WriteTo(w); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if got := s.out.String(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Packets of an old broker are translated to version 5.
func TestOldBrokerIsRead(t *testing.T) {
	s := &stub{in: bytes.NewBufferString(
		"\x20\x02\x00\x05" + // connack: not authorized
			"\x33\x07\x00\x02ab\x01\x02x" + // publish, QoS 1, retained
			"\x40\x02\x00\x07" + // puback
			"\x90\x04\x00\x08\x01\x80" + // suback
			"\xb0\x02\x00\x09" + // unsuback of two topics
			"\xd0\x00")}
	w := newWire(s, true)
	w.topics = 2
	read := func() *packets.ControlPacket {
		t.Helper()
		p, err := packets.ReadPacket(w)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if c := read().Content.(*packets.Connack); c.ReasonCode != 0x87 {
		t.Errorf("connack: got %#x", c.ReasonCode)
	}
	if p := read().Content.(*packets.Publish); p.Topic != "ab" || p.PacketID != 258 || string(p.Payload) != "x" || !p.Retain || p.QoS != 1 {
		t.Errorf("publish: got %+v", p)
	}
	if p := read().Content.(*packets.Puback); p.PacketID != 7 {
		t.Errorf("puback: got %+v", p)
	}
	if p := read().Content.(*packets.Suback); p.PacketID != 8 || !bytes.Equal(p.Reasons, []byte{1, 0x80}) {
		t.Errorf("suback: got %+v", p)
	}
	if p := read().Content.(*packets.Unsuback); p.PacketID != 9 || len(p.Reasons) != 2 {
		t.Errorf("unsuback: got %+v", p)
	}
	if p := read(); p.Type != pingresp {
		t.Errorf("pingresp: got %+v", p)
	}
}

func TestWireRefusesWhatIsNoBroker(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"a web server", "HTTP/1.1 400 Bad Request\r\n" + string(make([]byte, 200)), "the server is not an MQTT broker"},
		{"an old broker", "\x20\x02\x00\x01", errOldBroker.Error()},
		{"a broker that says so", "\x20\x03\x00\x84\x00", errOldBroker.Error()},
		{"a packet without end", "\x20\xff\xff\xff\xff\x7f", errPacket.Error()},
		{"a large packet", "\x20\xff\xff\xff\x7f", "the broker sent a packet of 268435455 bytes; at most 262144 are allowed"},
		{"a client", "\x20\x03\x00\x00\x00\x10\x00", "the broker sent a packet of type 1"},
		{"QoS 3", "\x20\x03\x00\x00\x00\x36\x04\x00\x01a\x00", "the broker sent a message with QoS 3"},
	}
	for _, tt := range tests {
		_, err := io.ReadAll(newWire(&stub{in: bytes.NewBufferString(tt.in)}, false))
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestPace(t *testing.T) {
	now := time.Unix(0, 0)
	p := pace{tokens: incomingBurst, at: now}
	if d := p.take(incomingBurst, now); d != 0 {
		t.Errorf("a burst waits for %v", d)
	}
	if d := p.take(incomingRate, now); d != time.Second {
		t.Errorf("got %v, want 1s", d)
	}
	if d := p.take(0, now.Add(2*time.Second)); d != 0 {
		t.Errorf("after a pause: %v", d)
	}
}

// Whatever a broker sends is parsed or refused, and the library that parses the rest survives it.
func FuzzWire(f *testing.F) {
	f.Add([]byte("\x20\x03\x00\x00\x00\x30\x05\x00\x01a\x00x"), false)
	f.Add([]byte("\x20\x02\x00\x00\x90\x03\x00\x01\x01\x40\x02\x00\x01"), true)
	f.Add([]byte("\x20\x09\x00\x00\x06\x22\x00\x0a\x21\x00\x14\xe0\x02\x8e\x00"), false)
	f.Fuzz(func(t *testing.T, data []byte, old bool) {
		if len(data) > 1<<12 {
			return
		}
		w := newWire(&stub{in: bytes.NewReader(data)}, old)
		for {
			if _, err := packets.ReadPacket(w); err != nil {
				return // the connection is given up
			}
		}
	})
}
