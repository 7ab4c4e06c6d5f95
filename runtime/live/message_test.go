package live

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"
	"time"
)

// written returns a message in wire format.
func written(m Message) []byte {
	head := m.Header()
	return append(head[:], m.Payload...)
}

func TestMessageOnTheWire(t *testing.T) {
	m := Message{
		Type: MessagePacket, Flags: FlagKey | FlagHidden, Camera: 0x0102,
		Captured: time.UnixMicro(1_700_000_000_123_456), Frame: 0x0a0b0c0d0e0f, Payload: []byte("data"),
	}
	want := []byte{0, 0, 0, 4, 2, 5, 1, 2, 0, 6, 0x0a, 0x24, 0x18, 0x20, 0x22, 0x40, 0, 0, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 'd', 'a', 't', 'a'}
	if got := written(m); !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
	for _, m := range []Message{m, {}, {Type: MessageIdle, Captured: time.UnixMicro(-5)}} {
		got, err := ReadMessage(bytes.NewReader(written(m)))
		if err != nil || !got.Captured.Equal(m.Captured) {
			t.Errorf("%+v read as %+v, %v", m, got, err)
		}
		got.Captured = m.Captured
		if !reflect.DeepEqual(got, m) {
			t.Errorf("%+v read as %+v", m, got)
		}
	}
}

func TestReadMessageRefusesWhatIsNotWhole(t *testing.T) {
	whole := written(Message{Payload: []byte("data")})
	for n := range whole {
		want := io.ErrUnexpectedEOF
		if n == 0 {
			want = io.EOF
		}
		if _, err := ReadMessage(bytes.NewReader(whole[:n])); !errors.Is(err, want) {
			t.Errorf("%d bytes of %d: %v, want %v", n, len(whole), err, want)
		}
	}
	huge := written(Message{})
	huge[0] = 0xff
	if _, err := ReadMessage(io.MultiReader(bytes.NewReader(huge), bytes.NewReader(make([]byte, 100)))); err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("4 GB are announced: %v", err)
	}
}

func FuzzReadMessage(f *testing.F) {
	f.Add(written(Message{Type: MessageJPEG, Captured: time.UnixMicro(1), Payload: []byte("x")}))
	f.Add([]byte{3, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		m, err := ReadMessage(r)
		if err != nil {
			return
		}
		if again := written(m); !bytes.Equal(again, data[:len(data)-r.Len()]) {
			t.Errorf("%x was read as %x", data[:len(data)-r.Len()], again)
		}
	})
}
