package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"rvo-tui/internal/fileio/pem"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// Limits and timing of a connection.
const (
	// MaxAnswer is the maximum size of a response, in bytes. A larger one is an error,
	// and is not read completely.
	MaxAnswer = 1 << 20

	maxHeaders  = 64 << 10
	maxModels   = 8
	dialTimeout = 5 * time.Second
)

// Pool holds the connections to model services: one for each endpoint, shared by its
// users. The program owns it and closes it after the last detector. It is safe for
// concurrent use.
type Pool struct {
	// Log receives warnings about endpoints. It must not be changed once there are
	// detectors.
	Log *slog.Logger

	dial func(ctx context.Context, network, addr string) (net.Conn, error)

	mu     sync.Mutex // guards the fields below
	conns  map[connKey]*conn
	warned map[Endpoint]bool
	closed bool
}

type connKey struct {
	endpoint Endpoint
	ca       string
}

// NewPool returns a pool without connections. It logs warnings about endpoints; a nil
// log discards them.
func NewPool(log *slog.Logger) *Pool {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Pool{Log: log, dial: new(net.Dialer).DialContext, conns: make(map[connKey]*conn), warned: make(map[Endpoint]bool)}
}

// Close closes all connections; pending calls fail. The pool cannot be used afterwards.
func (p *Pool) Close() error {
	p.mu.Lock()
	conns := p.conns
	p.conns, p.closed = nil, true
	for _, c := range conns {
		c.shut = true
	}
	p.mu.Unlock()
	var errs []error
	for _, c := range conns {
		errs = append(errs, c.grpc.Close())
	}
	return errors.Join(errs...)
}

// conn is the connection to one endpoint. It dials with the first call, and redials
// after a loss with a delay growing from 0.2 s to 2 s.
type conn struct {
	endpoint Endpoint
	grpc     *grpc.ClientConn
	pool     *Pool
	key      connKey
	roots    *x509.CertPool        // of the file at that time; nil: the system's
	fault    atomic.Pointer[error] // error of the last dial or handshake; nil: it succeeded
	silence  silence

	users   int            // guarded by the pool's mutex
	shut    bool           // closed by the pool; guarded by the pool's mutex
	signals map[string]int // number of users of each signal; guarded by the pool's mutex
	models  map[string]bool
}

// acquire returns the connection to an endpoint for a detector with these signals,
// which must release it. It does not dial. If the file ca has changed, it returns a new
// connection; the previous one ends with its last user.
func (p *Pool) acquire(e Endpoint, ca string, signals []string) (*conn, error) {
	roots, err := authorities(e, ca)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, fmt.Errorf("connect to %s: the program is stopping", e)
	}
	key := connKey{e, ca}
	c := p.conns[key]
	if c == nil || !c.roots.Equal(roots) {
		next := &conn{endpoint: e, pool: p, key: key, roots: roots, signals: make(map[string]int), models: make(map[string]bool)}
		if c != nil {
			next.signals, next.models = c.signals, c.models // shared by both
		}
		c = next
		if c.grpc, err = c.open(); err != nil {
			return nil, fmt.Errorf("connect to %s: %w", e, err)
		}
		p.conns[key] = c
	}
	c.users++
	for _, s := range signals {
		c.signals[s]++
	}
	return c, nil
}

// release releases a connection; the last user closes it.
func (c *conn) release(signals []string) error {
	p := c.pool
	p.mu.Lock()
	c.users--
	for _, s := range signals {
		if c.signals[s]--; c.signals[s] == 0 {
			delete(c.signals, s)
		}
	}
	last := c.users == 0 && !c.shut
	if last && p.conns[c.key] == c {
		delete(p.conns, c.key)
	}
	p.mu.Unlock()
	if !last {
		return nil
	}
	return c.grpc.Close()
}

// expects reports whether any detector at this endpoint uses the signal.
func (c *conn) expects(signal string) bool {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	return c.signals[signal] > 0
}

// answered logs the first response of a model on this connection.
func (c *conn) answered(model string) {
	c.pool.mu.Lock()
	known := c.models[model] || len(c.models) >= maxModels
	if !known {
		c.models[model] = true
	}
	c.pool.mu.Unlock()
	if !known {
		c.pool.Log.Info("model service answers", "endpoint", c.endpoint.String(), "model", model)
	}
}

// warn logs, once for each endpoint, that the connection is not encrypted.
func (p *Pool) warn(e Endpoint, token bool) {
	if e.TLS || e.Loopback() {
		return
	}
	p.mu.Lock()
	known := p.warned[e]
	p.warned[e] = true
	p.mu.Unlock()
	if known {
		return
	}
	what := "frames"
	if token {
		what = "frames and token"
	}
	p.Log.Warn(what+" leave this machine unencrypted: use an https:// endpoint", "endpoint", e.String())
}

func (c *conn) open() (*grpc.ClientConn, error) {
	creds := insecure.NewCredentials()
	if c.endpoint.TLS {
		creds = credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.roots})
	}
	authority := c.endpoint.Addr
	if c.endpoint.Network == "unix" {
		authority = "localhost"
	}
	return grpc.NewClient("passthrough:///"+c.endpoint.Addr,
		grpc.WithTransportCredentials(&handshake{creds, c}),
		grpc.WithContextDialer(c.dial),
		grpc.WithAuthority(authority),
		grpc.WithUserAgent("rvo-tui"),
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(), // a frame is never sent twice; the next one is newer
		grpc.WithMaxHeaderListSize(maxHeaders),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxAnswer)),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: dialTimeout,
		}),
		// Servers reject clients that ping more often than every five minutes. The
		// timeout also limits how long sent data may stay unacknowledged, which detects
		// a dead machine quickly.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 6 * time.Minute, Timeout: 5 * time.Second}),
	)
}

func (c *conn) dial(ctx context.Context, _ string) (net.Conn, error) {
	nc, err := c.pool.dial(ctx, c.endpoint.Network, c.endpoint.Addr)
	c.note(err)
	return nc, err
}

func (c *conn) note(err error) {
	if err == nil {
		c.fault.Store(nil)
		return
	}
	c.fault.Store(&err)
}

// handshake records handshake errors, which gRPC reports only as text, and observes
// incoming data.
type handshake struct {
	credentials.TransportCredentials
	conn *conn
}

func (h *handshake) ClientHandshake(ctx context.Context, authority string, nc net.Conn) (net.Conn, credentials.AuthInfo, error) {
	out, info, err := h.TransportCredentials.ClientHandshake(ctx, authority, nc)
	if err != nil {
		h.conn.note(&handshakeError{err})
		return nil, nil, err
	}
	h.conn.silence.begin(nc)
	return &heard{out, nc, &h.conn.silence}, info, nil
}

func (h *handshake) Clone() credentials.TransportCredentials {
	return &handshake{h.TransportCredentials.Clone(), h.conn}
}

type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return e.err.Error() }
func (e *handshakeError) Unwrap() error { return e.err }

// authorities returns the certificates to trust; nil: the system's.
func authorities(e Endpoint, ca string) (*x509.CertPool, error) {
	if !e.TLS || ca == "" {
		return nil, nil
	}
	roots, err := pem.Authorities(ca)
	if err != nil {
		return nil, fmt.Errorf("tls_ca: %s %w: give a PEM file", ca, err)
	}
	return roots, nil
}
