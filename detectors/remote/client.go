package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/metadata"

	"rvo-tui/detectors"
)

// Connection has the keys for connecting to a server.
type Connection struct {
	Endpoint string `toml:"endpoint" help:"address of the server, such as localhost:50051"`
	Token    string `toml:"token" help:"bearer token" is:"secret"`
	TLSCA    string `toml:"tls_ca" help:"file with the certificates to trust instead of the system's" is:"path"`
}

// Check reports every invalid key.
func (o Connection) Check(bad func(key, problem string)) {
	e, err := ParseEndpoint(o.Endpoint)
	if err != nil {
		bad("endpoint", err.Error())
	}
	if strings.ContainsFunc(o.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		bad("token", "contains a space or another character not allowed in a header: use printable ASCII")
	}
	if o.TLSCA != "" && err == nil && !e.TLS {
		bad("tls_ca", "applies to https:// endpoints only")
	}
}

// Client calls one server for one detector. Each of its errors is a *detectors.Error
// that names the endpoint and never contains the token. It belongs to one goroutine.
type Client struct {
	conn    *conn
	auth    string
	signals []string
	words   Words
	closed  bool
}

// Words are the parts of error texts that differ between protocols.
type Words struct {
	Service string // service that the endpoint must have, such as "rvo.detect.v1.Detector"
	Shrink  string // how to make requests smaller, such as "lower max_width"
}

// Client returns a client that shares the pool's connection to the endpoint. It
// connects with the first call. signals are the detector's signals. The caller must
// close it.
func (p *Pool) Client(o Connection, signals []string, words Words) (*Client, error) {
	e, err := ParseEndpoint(o.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("endpoint %w", err)
	}
	c := &Client{signals: signals, words: words}
	if o.Token != "" {
		c.auth = "Bearer " + o.Token
	}
	if c.conn, err = p.acquire(e, o.TLSCA, signals); err != nil {
		return nil, err
	}
	p.warn(e, o.Token != "")
	return c, nil
}

// Conn returns the connection for generated code, to be used within Call.
func (c *Client) Conn() grpc.ClientConnInterface { return c.conn.grpc }

// Down returns why there is no connection, if an attempt has failed and the next one is
// not due yet. Otherwise it returns nil. Use it to avoid preparing a call in vain.
func (c *Client) Down() error {
	// gRPC redials by itself.
	if c.conn.grpc.GetState() == connectivity.TransientFailure {
		if f := c.conn.dialFault(); f != nil {
			return c.At(f)
		}
	}
	return nil
}

// Call makes one call. call must use the given context and options, and return gRPC's
// error.
func (c *Client) Call(ctx context.Context, call func(ctx context.Context, opts ...grpc.CallOption) error) error {
	if c.auth != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", c.auth)
	}
	c.conn.silence.ask(time.Now())
	var trailer metadata.MD
	err := call(ctx, grpc.Trailer(&trailer))
	if end, ok := ctx.Deadline(); ok && err == nil && !time.Now().Before(end) {
		err = context.DeadlineExceeded // on a busy machine a response can arrive before the timer fires
	}
	if err == nil {
		return nil
	}
	// An error from the server has headers of its own; one made by gRPC on this side
	// has none.
	f := c.failure(ctx, err, len(trailer.Get("content-type")) > 0)
	if f.Reason == detectors.ReasonTimeout {
		c.conn.silence.late(time.Now())
	}
	return c.At(f)
}

// Answered logs the first response of a model on this connection.
func (c *Client) Answered(model string) { c.conn.answered(model) }

// At adds the endpoint to an error and keeps its reason. It hides the token, which a
// server may repeat.
func (c *Client) At(err error) error {
	reason := detectors.ReasonOf(err)
	var e *detectors.Error
	if errors.As(err, &e) {
		err = e.Err
	}
	if token := strings.TrimPrefix(c.auth, "Bearer "); token != "" && strings.Contains(err.Error(), token) {
		err = errors.New(strings.ReplaceAll(err.Error(), token, "***"))
	}
	return &detectors.Error{Reason: reason, Err: fmt.Errorf("detect at %s: %w", c.conn.endpoint, err)}
}

// Close releases the connection; the last user closes it. Further calls do nothing.
func (c *Client) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	return c.conn.release(c.signals)
}
