package api

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"net/http"
	"strings"
	"sync"

	"rvo-tui/runtime"
)

// sse writes server-sent events, compressed if the client accepts that. The gzip stream
// consists of a header and independent blocks, so that a snapshot is compressed only
// once for all clients.
type sse struct {
	sender
	gzip bool
	sum  uint32 // CRC of the data sent, for the gzip trailer
	size uint32
	wait bytes.Buffer // messages not flushed yet
}

// newSSE starts the response to a request.
func newSSE(w http.ResponseWriter, r *http.Request) *sse {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies must not buffer messages
	h.Set("Vary", "Accept-Encoding")
	o := &sse{sender: newSender(w), gzip: takesGzip(r.Header.Get("Accept-Encoding"))}
	if o.gzip {
		h.Set("Content-Encoding", "gzip")
	}
	return o
}

// takesGzip reports whether an Accept-Encoding value allows gzip.
func takesGzip(accepted string) bool {
	for item := range strings.SplitSeq(accepted, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(item), ";")
		if name = strings.TrimSpace(name); strings.EqualFold(name, "gzip") {
			weight = strings.ReplaceAll(weight, " ", "")
			return weight != "q=0" && weight != "q=0.0"
		}
	}
	return false
}

var (
	gzipHead  = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff} // RFC 1952
	gzipFinal = []byte{1, 0, 0, 0xff, 0xff}                   // an empty last block
)

// compressors are reused, because each has several hundred kB of tables.
var compressors = sync.Pool{New: func() any {
	c, _ := flate.NewWriter(nil, flate.BestSpeed) // the level is valid
	return c
}}

// deflated returns data as independent deflate blocks.
func deflated(data []byte) []byte {
	var b bytes.Buffer
	c := compressors.Get().(*flate.Writer)
	defer compressors.Put(c)
	c.Reset(&b)
	_, _ = c.Write(data) // a buffer never fails
	_ = c.Flush()
	return b.Bytes()
}

// begin sends the header and the browser's reconnect delay.
func (o *sse) begin() error {
	if o.gzip {
		if err := o.send(gzipHead); err != nil {
			return err
		}
	}
	o.wait.WriteString("retry: 1000\n\n")
	return o.flush()
}

// end sends the end of the response.
func (o *sse) end() error {
	if !o.gzip {
		return nil
	}
	tail := binary.LittleEndian.AppendUint32(nil, o.sum)
	return o.send(gzipFinal, binary.LittleEndian.AppendUint32(tail, o.size))
}

// comment sends a keep-alive.
func (o *sse) comment() error {
	o.wait.WriteString(":\n\n")
	return o.flush()
}

// maxWait is the maximum number of buffered bytes.
const maxWait = 64 << 10

// message adds a message, which flush sends.
func (o *sse) message(event, id string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	for _, part := range []string{"id: ", id, "\nevent: ", event, "\ndata: "} {
		o.wait.WriteString(part)
	}
	o.wait.Write(data)
	o.wait.WriteString("\n\n")
	if o.wait.Len() < maxWait {
		return nil
	}
	return o.flush()
}

// flush sends the added messages.
func (o *sse) flush() error {
	if o.wait.Len() == 0 {
		return nil
	}
	defer o.wait.Reset()
	plain := o.wait.Bytes()
	if !o.gzip {
		return o.send(plain)
	}
	return o.block(plain, deflated(plain))
}

// block sends a message that is already compressed.
func (o *sse) block(plain, packed []byte) error {
	o.sum = crc32.Update(o.sum, crc32.IEEETable, plain)
	o.size += uint32(len(plain))
	return o.send(packed)
}

// state sends a snapshot.
func (o *sse) state(all *states, snap *runtime.Snapshot) error {
	x := all.of(snap)
	plain, err := x.message()
	if err != nil || !o.gzip {
		if err == nil {
			err = o.send(plain)
		}
		return err
	}
	return o.block(plain, x.packed())
}

// states encodes and compresses the message of each snapshot once for all clients. It
// keeps the newest few. The zero value is ready to use.
type states struct {
	mu   sync.Mutex // guards the fields below; not held while encoding
	kept [4]*encoded
	next int
}

// encoded is the message of a snapshot. It is immutable.
type encoded struct {
	of      *runtime.Snapshot
	message func() ([]byte, error)
	packed  func() []byte // empty if encoding failed
}

func (t *states) of(s *runtime.Snapshot) *encoded {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, x := range t.kept {
		if x != nil && x.of == s {
			return x
		}
	}
	x := &encoded{of: s}
	x.message = sync.OnceValues(func() ([]byte, error) {
		text, err := s.MarshalJSON()
		return append(append([]byte("event: state\ndata: "), text...), "\n\n"...), err
	})
	x.packed = sync.OnceValue(func() []byte {
		plain, err := x.message()
		if err != nil {
			return nil
		}
		return deflated(plain)
	})
	t.kept[t.next] = x
	t.next = (t.next + 1) % len(t.kept)
	return x
}
