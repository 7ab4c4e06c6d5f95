package client

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"rvo-tui/internal/fileio/pem"
	"rvo-tui/internal/listen"
	"rvo-tui/internal/text"
	"rvo-tui/runtime/api"
)

const (
	dialTime    = 5 * time.Second
	pingEvery   = 5 * time.Second  // without an HTTP/2 frame from the server
	silenceTime = 10 * time.Second // without data on a stream, after which the connection is given up
	maxHeaders  = 64 << 10
)

// DialOptions configures how a Client connects to a server.
type DialOptions struct {
	Token string // for TCP; a secret
	CA    string // PEM file with the certificates to trust over TCP instead of the system's
	// Insecure uses TCP without TLS, which is only possible on loopback: for a socket
	// forwarded to a port, as by ssh -L PORT:SOCKET, or for a listener on loopback.
	Insecure bool
	Codec    Codec // for attach and add_camera
}

// link is the connection to a server. It connects when needed.
type link struct {
	where string // for display
	base  string // prefix of request addresses: "http://rvo"
	token string
	plain bool // TCP without TLS
	far   bool // TCP: request compressed data
	http  *http.Client

	met atomic.Bool // a server has responded
}

func newLink(addr string, opts DialOptions) (*link, error) {
	l := &link{token: opts.Token}
	transport := &http.Transport{
		MaxIdleConns: 4, IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: dialTime, MaxResponseHeaderBytes: maxHeaders,
		DisableCompression: true, ForceAttemptHTTP2: true,
		HTTP2: &http.HTTP2Config{SendPingTimeout: pingEvery, PingTimeout: silenceTime},
	}
	dialer := &net.Dialer{Timeout: dialTime}
	if addr == "" {
		here := newLocal()
		l.where, l.base = text.Visible(here.places()[0]), "http://"+api.SocketHost
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return here.dial(ctx, dialer)
		}
	} else if path, ok := socketOf(addr); ok {
		if len(path) > listen.MaxSocketPath {
			return nil, fmt.Errorf("connect to %s: the path is %d bytes long, but a socket's path has at most %d; use a shorter one", path, len(path), listen.MaxSocketPath)
		}
		l.where, l.base = text.Visible(path), "http://"+api.SocketHost
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", path)
		}
	} else {
		if err := l.overTCP(addr, opts, transport); err != nil {
			return nil, err
		}
		transport.DialContext = dialer.DialContext
	}
	l.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return l, nil
}

// socketOf returns the path of a socket address: one written as a path, or the name of
// an existing file.
func socketOf(addr string) (path string, ok bool) {
	if path, ok := strings.CutPrefix(addr, "unix://"); ok {
		return path, true
	}
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		return path, true
	}
	if strings.ContainsRune(addr, '/') {
		return addr, true
	}
	info, err := os.Stat(addr)
	return addr, err == nil && info.Mode().Type() == os.ModeSocket || filepath.Ext(addr) == ".sock"
}

// overTCP configures the link for an address of the form host:port.
func (l *link) overTCP(addr string, opts DialOptions, transport *http.Transport) error {
	host, port, err := net.SplitHostPort(addr)
	if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || n == 0 || host == "" {
		return fmt.Errorf("connect to %q: write host:port, the path of a socket, or nothing for this machine's", text.HideUser(addr))
	}
	l.where, l.plain, l.far = text.Visible(addr), opts.Insecure, true
	l.base = "https://" + addr
	if strings.ContainsFunc(opts.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("connect to %s: the token contains a space or a non-ASCII character; give only the control.token or control.read_token of that rvo-tui", addr)
	}
	if opts.Insecure {
		l.base = "http://" + addr
		ip, err := netip.ParseAddr(host)
		if host != "localhost" && (err != nil || !ip.Unmap().IsLoopback()) {
			return fmt.Errorf("connect to %s: without TLS only this machine can be reached, for example through ssh -L; leave out --no-tls", addr)
		}
	} else if opts.Token == "" {
		return fmt.Errorf("connect to %s: TCP requires a token; put the control.token or control.read_token of that rvo-tui into RVO_TOKEN or a --token-file", addr)
	}
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if opts.CA == "" {
		return nil
	}
	roots, err := pem.Authorities(opts.CA)
	if err != nil {
		return fmt.Errorf("read the certificates to trust: %s %w; give a PEM file", opts.CA, err)
	}
	transport.TLSClientConfig.RootCAs = roots
	return nil
}
