package control

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
)

const (
	maxAnswer    = 16 << 20  // bytes
	maxErrorText = 64 << 10  // bytes of headers
	window       = 256 << 10 // bytes under way to a client that does not read
	dialTime     = 5 * time.Second
	redialMin    = 100 * time.Millisecond
	redialMax    = 2 * time.Second
)

// DialOptions is how a Client reaches a server.
type DialOptions struct {
	Token string // over TCP; a secret
	CA    string // PEM file with the certificates to trust over TCP instead of the system's
	// Insecure uses no TLS over TCP, which is possible on loopback alone: for a
	// socket that is forwarded to a port, as by ssh -L PORT:SOCKET.
	Insecure bool
	Codec    Codec // DetectorText and CameraText, for attach and add_camera
}

// link is the connection of a client, which gRPC makes again when it is lost.
type link struct {
	where string // for people
	dial  func(ctx context.Context) (net.Conn, error)
	token string
	plain bool // TCP without TLS
	conn  *grpc.ClientConn

	last atomic.Pointer[error] // why the last attempt to connect failed; nil: it did not
	met  atomic.Bool           // whether a server has ever answered
}

func newLink(addr string, opts DialOptions) (*link, error) {
	l := &link{token: opts.Token}
	host := "localhost"
	if path, ok := socketOf(addr); ok {
		if path == "" {
			return nil, errors.New("connect: there is no socket of this machine: neither $RUNTIME_DIRECTORY nor $XDG_RUNTIME_DIR is set; name the address of a running rvo-tui")
		}
		if len(path) > maxSocketPath {
			return nil, fmt.Errorf("connect to %s: the path is %d bytes long, and a socket's has %d at most; use a shorter one", path, len(path), maxSocketPath)
		}
		l.where = path
		l.dial = func(ctx context.Context) (net.Conn, error) {
			var d net.Dialer
			at := path
			if addr == "" {
				at = machineSocket() // a service may have come since
			}
			return d.DialContext(ctx, "unix", at)
		}
	} else {
		var err error
		if host, err = l.overTCP(addr, opts); err != nil {
			return nil, err
		}
	}
	conn, err := grpc.NewClient("passthrough:///"+host,
		// The dialer makes TLS itself, so that it can tell what went wrong.
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(l.connect),
		grpc.WithAuthority(host),
		grpc.WithUnaryInterceptor(l.unary),
		grpc.WithStreamInterceptor(l.stream),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: redialMin, Multiplier: 1.6, Jitter: 0.2, MaxDelay: redialMax},
			MinConnectTimeout: dialTime,
		}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingEvery, Timeout: pingTimeout}),
		grpc.WithInitialWindowSize(window),
		grpc.WithInitialConnWindowSize(4*window),
		grpc.WithMaxHeaderListSize(maxErrorText),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
		grpc.WithDisableServiceConfig(),
	)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", l.where, err)
	}
	l.conn = conn
	return l, nil
}

// socketOf returns the path that an address means, where it means a socket.
func socketOf(addr string) (path string, ok bool) {
	if addr == "" {
		return machineSocket(), true
	}
	if path, ok := strings.CutPrefix(addr, "unix://"); ok {
		return path, true
	}
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		return path, true
	}
	return addr, strings.ContainsRune(addr, '/')
}

// machineSocket returns the socket to try where none was named: the user's own,
// unless there is only that of a service of the machine.
func machineSocket() string {
	own := DefaultSocket()
	if own == "" {
		return systemSocket
	}
	if _, err := os.Stat(own); errors.Is(err, os.ErrNotExist) {
		if _, err := os.Stat(systemSocket); err == nil {
			return systemSocket
		}
	}
	return own
}

// overTCP sets the link to an address of the form host:port and returns the host.
func (l *link) overTCP(addr string, opts DialOptions) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || n == 0 || host == "" {
		return "", fmt.Errorf("connect to %q: write host:port, the path of a socket, or nothing for this machine's", redactUser(addr))
	}
	l.where, l.plain = addr, opts.Insecure
	if strings.ContainsFunc(opts.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("connect to %s: the token holds a blank or a character beyond ASCII, as none does; give the control.token or control.read_token of that rvo-tui alone", addr)
	}
	if opts.Insecure {
		ip, err := netip.ParseAddr(host)
		if host != "localhost" && (err != nil || !ip.Unmap().IsLoopback()) {
			return "", fmt.Errorf("connect to %s: without TLS only this machine can be talked to, as through ssh -L; leave --no-tls out", addr)
		}
	} else if opts.Token == "" {
		return "", fmt.Errorf("connect to %s: over TCP a token is needed; put the control.token or control.read_token of that rvo-tui into RVO_TOKEN or a --token-file", addr)
	}
	var roots *x509.CertPool
	if opts.CA != "" {
		pem, err := os.ReadFile(opts.CA)
		if err != nil {
			return "", fmt.Errorf("read the certificates to trust: %w", err)
		}
		if roots = x509.NewCertPool(); !roots.AppendCertsFromPEM(pem) {
			return "", fmt.Errorf("read the certificates to trust: %s holds none; give a PEM file", opts.CA)
		}
	}
	l.dial = func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", addr)
		if err != nil || opts.Insecure {
			return conn, err
		}
		secure := tls.Client(conn, &tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"}})
		if err := secure.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		return secure, nil
	}
	return host, nil
}

// connect dials, and remembers how that went.
func (l *link) connect(ctx context.Context, _ string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	conn, err := l.dial(ctx)
	if err != nil {
		l.last.Store(&err)
		return nil, err
	}
	l.last.Store(nil)
	return conn, nil
}

func (l *link) sign(ctx context.Context) context.Context {
	if l.token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, tokenHeader, tokenPrefix+l.token)
}

func (l *link) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	err := call(l.sign(ctx), method, req, reply, cc, opts...)
	if err == nil {
		l.met.Store(true)
	}
	return err
}

func (l *link) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return open(l.sign(ctx), desc, cc, method, opts...)
}
