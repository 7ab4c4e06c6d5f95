package control

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/credentials"
)

// maxConns is how many connections each of the socket and the TCP address has.
const maxConns = 64

// peerInfo is who is at the other end of a connection, as far as the connection
// itself tells.
type peerInfo struct {
	local bool     // over the unix socket
	who   string   // for the log
	host  string   // address without port; empty: local
	conn  net.Conn // closing it is how to be rid of the peer
}

// AuthType implements credentials.AuthInfo.
func (peerInfo) AuthType() string { return "rvo-tui" }

// handshake makes a connection ready and says who is there. It implements
// credentials.TransportCredentials for servers.
type handshake struct {
	tls *tls.Config // nil: a unix socket
}

// handshakeTime bounds what a peer may take to say hello.
const handshakeTime = 5 * time.Second

// ServerHandshake implements credentials.TransportCredentials.
func (h *handshake) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	if h.tls == nil {
		return raw, peerInfo{local: true, who: localPeer(raw), conn: raw}, nil
	}
	host, _, err := net.SplitHostPort(raw.RemoteAddr().String())
	if err != nil {
		return nil, nil, err
	}
	conn := tls.Server(raw, h.tls)
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTime)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, nil, err
	}
	return conn, peerInfo{who: raw.RemoteAddr().String(), host: host, conn: conn}, nil
}

// localPeer names the process at the other end of a unix socket.
func localPeer(conn net.Conn) string {
	if c, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = c.NetConn()
	}
	u, ok := conn.(*net.UnixConn)
	if !ok {
		return "local"
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return "local"
	}
	who := "local"
	// A peer that cannot be told is still one that was let to the socket.
	_ = raw.Control(func(fd uintptr) {
		if c, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			who = fmt.Sprintf("uid=%d pid=%d", c.Uid, c.Pid)
		}
	})
	return who
}

// ClientHandshake implements credentials.TransportCredentials.
func (*handshake) ClientHandshake(context.Context, string, net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, errors.New("these are for servers")
}

// Info implements credentials.TransportCredentials.
func (*handshake) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "rvo-tui"}
}

// Clone implements credentials.TransportCredentials.
func (h *handshake) Clone() credentials.TransportCredentials { return h }

// OverrideServerName implements credentials.TransportCredentials.
func (*handshake) OverrideServerName(string) error { return nil }

// certificate is a key pair in two files, read again when they change.
type certificate struct {
	cert, key string
	log       *slog.Logger

	mu      sync.Mutex // guards what follows; held while two small files are read
	stamp   [2]time.Time
	broken  [2]time.Time // stamp of files that cannot be used, of which the log has been told
	current *tls.Certificate
}

// openTLS returns the TLS side of a TCP listener.
func openTLS(cert, key string, log *slog.Logger) (*tls.Config, error) {
	c := &certificate{cert: cert, key: key, log: log}
	if _, err := c.get(nil); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"}, GetCertificate: c.get}, nil
}

// get returns the pair as the files have it now, or, where they cannot be used,
// as they had it last, which the log says once.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	pair, worse, err := c.look()
	if worse != nil {
		c.log.Warn("the control API goes on with the certificate that it has", "error", worse, "do", "put control.tls_cert and control.tls_key right; they are read again when they change")
	}
	return pair, err
}

// look does the work of get. Worse is why new files are not used, where nobody has
// been told yet.
func (c *certificate) look() (pair *tls.Certificate, worse, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var stamp [2]time.Time
	for i, name := range []string{c.cert, c.key} {
		if info, err := os.Stat(name); err == nil {
			stamp[i] = info.ModTime()
		}
	}
	if c.current != nil && stamp == c.stamp {
		return c.current, nil, nil
	}
	next, err := tls.LoadX509KeyPair(c.cert, c.key)
	switch {
	case err == nil:
		c.current, c.stamp = &next, stamp
	case c.current == nil:
		return nil, nil, fmt.Errorf("read control.tls_cert and control.tls_key: %w", err)
	case stamp != c.broken:
		c.broken, worse = stamp, err
	}
	return c.current, worse, nil
}

// listenAdvice says what to do about an error of listening on TCP.
func listenAdvice(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "stop the program that has the port, or set another control.listen"
	case errors.Is(err, syscall.EACCES):
		return "set control.listen to a port of 1024 or above, and let this user read the files"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "set control.listen to an address of this machine"
	}
	return "put it right, or set another control.listen"
}
