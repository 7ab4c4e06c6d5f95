package mjpeg

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"
)

// maxResponseHead is the maximum size of a response before its body, in bytes.
const maxResponseHead = 64 << 10

// dialers returns the functions that connect to a camera without and with TLS.
func dialers(config *tls.Config) (plain, encrypted func(ctx context.Context, network, addr string) (net.Conn, error)) {
	var d net.Dialer
	plain = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return newLenientConn(conn), nil
	}
	encrypted = func(ctx context.Context, network, addr string) (net.Conn, error) {
		raw, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		conn := tls.Client(raw, config)
		if err := conn.HandshakeContext(ctx); err != nil {
			raw.Close()
			return nil, err
		}
		return newLenientConn(conn), nil
	}
	return plain, encrypted
}

// lenientConn removes malformed header lines from responses. Some cameras send them,
// and net/http rejects them.
type lenientConn struct {
	net.Conn
	asked atomic.Bool // a request was written since the last head

	// Owned by the reader.
	in   *bufio.Reader
	head []byte // unread part of the head
}

func newLenientConn(conn net.Conn) *lenientConn {
	return &lenientConn{Conn: conn, in: bufio.NewReaderSize(conn, 32<<10)}
}

func (c *lenientConn) Write(b []byte) (int, error) {
	c.asked.Store(true)
	return c.Conn.Write(b)
}

func (c *lenientConn) Read(b []byte) (int, error) {
	if len(c.head) == 0 {
		if _, err := c.in.Peek(1); err != nil { // net/http starts reading before it writes
			return 0, err
		}
		if c.asked.Swap(false) {
			c.readHead()
		}
	}
	if len(c.head) > 0 {
		n := copy(b, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	return c.in.Read(b)
}

// readHead reads up to the empty line. An error shows at the next read; net/http
// rejects a head that is too long.
func (c *lenientConn) readHead() {
	c.head = c.head[:0]
	for first := true; len(c.head) <= maxResponseHead; first = false {
		line, err := c.in.ReadSlice('\n')
		text := bytes.TrimRight(line, "\r\n")
		continued := len(text) > 0 && (text[0] == ' ' || text[0] == '\t')
		if first || err != nil || len(text) == 0 || continued || bytes.IndexByte(text, ':') > 0 {
			c.head = append(c.head, line...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil, len(text) == 0:
			return
		}
	}
}
