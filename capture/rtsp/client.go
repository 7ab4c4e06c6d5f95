package rtsp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"rvo-tui/capture"
	"rvo-tui/capture/login"
	"rvo-tui/capture/tlsverify"
)

// maxRedirects is the maximum number of redirects followed by one Open.
const maxRedirects = 5

// event is what arrives from the server: data of a channel, a message, or the end.
type event struct {
	channel int
	data    []byte // valid until the next event
	msg     *message
	err     error
}

// client speaks RTSP on one connection. It belongs to one goroutine.
type client struct {
	cfg   capture.Config
	addr  address
	login *login.Login
	// withheld is the host that the address's login is for, if a redirect led to
	// another host.
	withheld string
	udp      bool

	wire         *wire
	udpIn        *udpReceiver // nil: everything is interleaved
	cseq         int
	session      string
	timeout      time.Duration // session timeout
	getParameter bool          // GET_PARAMETER keeps sessions alive
	rtt          time.Duration // shortest one measured; 0: none yet
	broken       bool          // nothing more can be written

	ctx    context.Context // covers the whole life of the source
	onData func(event)     // called for events between a request and its response
}

// dialer connects to a host and port. Tests replace it.
type dialer func(ctx context.Context, address string) (net.Conn, error)

func dialTCP(ctx context.Context, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", address)
}

// connect opens the connection and measures its round-trip time.
func (c *client) connect(ctx context.Context, dial dialer) error {
	began := time.Now()
	conn, err := dial(ctx, c.addr.dial)
	if err != nil {
		return c.explainDial(err)
	}
	c.measure(time.Since(began))
	if c.addr.secure {
		cfg, err := tlsverify.Config(c.addr.host, c.cfg.TLS)
		if err != nil {
			conn.Close()
			return err
		}
		secure := tls.Client(conn, cfg)
		if err := secure.HandshakeContext(ctx); err != nil {
			conn.Close()
			var noTLS tls.RecordHeaderError
			if errors.As(err, &noTLS) {
				return errors.New("the camera does not speak TLS on this port: use rtsp://, or its port for rtsps://")
			}
			if errors.Is(err, io.EOF) {
				return errHungUp
			}
			return bare(tlsverify.Explain(err))
		}
		conn = secure
	}
	c.wire = newWire(conn)
	return nil
}

// measure records a round-trip time.
func (c *client) measure(took time.Duration) {
	if c.rtt == 0 || took < c.rtt {
		c.rtt = took
	}
}

func (c *client) explainDial(err error) error {
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return fmt.Errorf("host %q does not exist: check the address", c.addr.host)
	}
	for _, known := range dialErrors {
		if errors.Is(err, known.err) {
			return fmt.Errorf("%w: %s", known.err, known.remedy)
		}
	}
	return bare(err)
}

// dialErrors are connection errors, with what to do.
var dialErrors = []struct {
	err    error
	remedy string
}{
	{syscall.ECONNREFUSED, "check the port, and that the server runs"},
	{syscall.EHOSTUNREACH, "check the address and the network"},
	{syscall.ENETUNREACH, "check the network"},
	{syscall.ECONNRESET, "the server closed the connection"},
}

// bare removes the address from an error of package net; it is reported separately.
func bare(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && !errors.As(err, new(*tls.CertificateVerificationError)) {
		return op.Err
	}
	return err
}

// next returns the next event before the time until. At that time it returns an event
// with os.ErrDeadlineExceeded, or with the context's error if that is done.
func (c *client) next(until time.Time) event {
	if c.udpIn != nil && c.udpIn.running {
		return c.ended(c.udpIn.next(c.ctx, until))
	}
	_ = c.wire.SetReadDeadline(until) // if it fails, so will the read
	// If the context ends later, it sets the deadline again.
	if err := c.ctx.Err(); err != nil {
		return event{err: err}
	}
	var e event
	e.channel, e.data, e.msg, e.err = c.wire.next()
	return c.ended(e)
}

var errHungUp = fmt.Errorf("the camera closed the connection: %w", io.ErrUnexpectedEOF)

// ended sets in an event's error why the connection ended.
func (c *client) ended(e event) event {
	switch {
	case e.err == nil:
	case c.ctx.Err() != nil:
		e.err = c.ctx.Err()
	case errors.Is(e.err, os.ErrDeadlineExceeded):
		e.err = os.ErrDeadlineExceeded
	case errors.Is(e.err, io.EOF) || errors.Is(e.err, io.ErrUnexpectedEOF):
		c.broken = true
		e.err = errHungUp
	default:
		c.broken = true
		e.err = bare(e.err)
	}
	return e
}

// write writes a message or interleaved data.
func (c *client) write(text []byte) error {
	if c.broken {
		return net.ErrClosed
	}
	if err := c.wire.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return bare(err)
	}
	if _, err := c.wire.Write(text); err != nil {
		c.broken = true
		return bare(err)
	}
	return nil
}

// writeTimeout is the timeout for writing to a server that does not read.
const writeTimeout = time.Second

// request sends a request without waiting for its response.
func (c *client) request(method, uri string, fields ...string) error {
	c.cseq++
	var out strings.Builder
	fmt.Fprintf(&out, "%s %s RTSP/1.0\r\nCSeq: %d\r\nUser-Agent: rvo-tui\r\n", method, uri, c.cseq)
	if c.session != "" {
		fmt.Fprintf(&out, "Session: %s\r\n", c.session)
	}
	if answer := c.login.Authorization(method, uri); answer != "" {
		fmt.Fprintf(&out, "Authorization: %s\r\n", answer)
	}
	for _, field := range fields {
		out.WriteString(field + "\r\n")
	}
	out.WriteString("\r\n")
	return c.write([]byte(out.String()))
}

// do sends a request and returns its response with any status. It logs in if required.
func (c *client) do(until time.Time, method, uri string, fields ...string) (*message, error) {
	for {
		began := time.Now()
		if err := c.request(method, uri, fields...); err != nil {
			return nil, err
		}
		msg, err := c.response(until)
		if err != nil {
			return nil, err
		}
		c.measure(time.Since(began))
		if msg.status != 401 {
			c.login.Accept()
			return msg, nil
		}
		if !c.login.Challenge(msg.header["www-authenticate"]) {
			return msg, nil
		}
	}
}

// response waits for the response to the last request.
func (c *client) response(until time.Time) (*message, error) {
	for {
		e := c.next(until)
		switch {
		case e.err != nil:
			return nil, e.err
		case e.msg == nil:
			c.onData(e)
		case e.msg.method != "":
			if err := c.answer(e.msg); err != nil {
				return nil, err
			}
		default:
			// Some servers do not send CSeq. A response to an older request is late.
			if n, _ := strconv.Atoi(e.msg.header.get("cseq")); n == c.cseq || n == 0 {
				return e.msg, nil
			}
		}
	}
}

// answer responds to a request of the server.
func (c *client) answer(msg *message) error {
	status := "501 Not Implemented"
	if slices.Contains([]string{"OPTIONS", "GET_PARAMETER", "SET_PARAMETER"}, msg.method) {
		status = "200 OK"
	}
	cseq, err := strconv.ParseUint(msg.header.get("cseq"), 10, 32)
	if err != nil {
		cseq = 0
	}
	return c.write(fmt.Appendf(nil, "RTSP/1.0 %s\r\nCSeq: %d\r\n\r\n", status, cseq))
}

// redirected returns the target of a redirect, or nil if the response is not one.
func (c *client) redirected(msg *message) (*address, *login.Login, error) {
	if msg.status < 300 || msg.status > 399 || msg.status == 304 {
		return nil, nil, nil
	}
	location := msg.header.get("location")
	scheme, _, _ := strings.Cut(strings.ToLower(location), "://")
	switch {
	case location == "":
		return nil, nil, fmt.Errorf("the camera redirects (status %d) without an address", msg.status)
	case scheme == "http" || scheme == "https":
		return nil, nil, fmt.Errorf("the camera redirects to an %s:// address: give that one as the source", scheme)
	}
	if strings.HasPrefix(location, "/") {
		location = c.addr.base + location
	}
	to, user, err := parse(location)
	if err != nil {
		return nil, nil, errors.New("the camera redirects to an address that is not rtsp://: give the address of the stream itself")
	}
	if c.addr.secure && !to.secure {
		return nil, nil, fmt.Errorf("the camera redirects from rtsps:// to rtsp://%s, which is not encrypted: if that is intended, give that address as the source", to.host)
	}
	return &to, login.New(user), nil
}

// keepAlive sends an empty request so that the session does not expire. The response is
// handled by the next reads.
func (c *client) keepAlive(uri string) error {
	if c.getParameter {
		return c.request("GET_PARAMETER", uri)
	}
	return c.request("OPTIONS", uri)
}

// takeSession reads the Session field of a response.
func (c *client) takeSession(msg *message) {
	id, rest, _ := strings.Cut(msg.header.get("session"), ";")
	if id = strings.TrimSpace(id); id == "" || len(id) > 1024 {
		return
	}
	c.session = id
	if seconds, err := strconv.Atoi(parameters(rest)["timeout"]); err == nil && seconds > 0 {
		c.timeout = time.Duration(min(seconds, 3600)) * time.Second
	}
}
