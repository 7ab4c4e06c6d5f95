package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"

	"rvo-tui/internal/listen"
)

// peer is the other end of a connection, as far as the connection itself identifies it.
type peer struct {
	who   string     // for the log
	addr  netip.Addr // invalid for the unix socket
	uid   func() (uid int, known bool)
	prove func() // records that it is authenticated
}

type peerKey struct{}

func peerOf(ctx context.Context) (*peer, bool) {
	p, ok := ctx.Value(peerKey{}).(*peer)
	return p, ok
}

// withPeer returns the context for the requests of a connection. It is the ConnContext
// of an http.Server.
func withPeer(ctx context.Context, conn net.Conn) context.Context {
	p := &peer{who: "unknown", uid: func() (int, bool) { return 0, false }, prove: func() {}}
	for {
		if c, ok := conn.(*listen.Conn); ok {
			p.prove = c.SetAuthenticated
		}
		outer, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		conn = outer.NetConn()
	}
	switch c := conn.(type) {
	case *net.UnixConn:
		if cred, ok := credentials(c); ok {
			p.who = fmt.Sprintf("uid=%d pid=%d", cred.Uid, cred.Pid)
			p.uid = func() (int, bool) { return int(cred.Uid), true }
		}
	case *net.TCPConn:
		theirs, ours := c.RemoteAddr().(*net.TCPAddr).AddrPort(), c.LocalAddr().(*net.TCPAddr).AddrPort()
		p.who, p.addr = theirs.String(), theirs.Addr().Unmap()
		if p.addr.IsLoopback() {
			uid, known := 0, false
			look := sync.OnceFunc(func() { uid, known = tcpOwner(theirs, ours) })
			p.uid = func() (int, bool) { look(); return uid, known }
		}
	}
	return context.WithValue(ctx, peerKey{}, p)
}

// own reports whether the peer is a local process of this user or root. Such a process
// could read and modify our memory anyway.
func (p *peer) own() bool {
	uid, known := p.uid()
	return known && (uid == 0 || uid == os.Geteuid())
}

// credentials returns the process connected to a unix socket.
func credentials(c *net.UnixConn) (cred *unix.Ucred, ok bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, false
	}
	err = raw.Control(func(fd uintptr) { cred, _ = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	return cred, err == nil && cred != nil
}

// tcpOwner returns the user of the process at the other end of a local connection,
// according to the kernel.
func tcpOwner(theirs, ours netip.AddrPort) (uid int, known bool) {
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		table, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		if uid, known = findOwner(table, theirs, ours); known {
			return uid, true
		}
	}
	return 0, false
}

const established = "01"

// findOwner looks up a socket in a kernel table. If the process has already closed the
// socket, the kernel reports user 0, so only established sockets that still have an
// inode count.
func findOwner(table []byte, local, remote netip.AddrPort) (uid int, known bool) {
	lines := bufio.NewScanner(bytes.NewReader(table))
	for lines.Scan() {
		f := bytes.Fields(lines.Bytes())
		if len(f) < 10 || string(f[3]) != established || string(f[9]) == "0" || !isSocket(f[1], local) || !isSocket(f[2], remote) {
			continue
		}
		uid, err := strconv.Atoi(string(f[7]))
		return uid, err == nil
	}
	return 0, false
}

// isSocket compares an address in the kernel's format, which is 32-bit words in native
// byte order.
func isSocket(text []byte, want netip.AddrPort) bool {
	host, port, ok := bytes.Cut(text, []byte(":"))
	n, err := strconv.ParseUint(string(port), 16, 16)
	if !ok || err != nil || uint16(n) != want.Port() {
		return false
	}
	raw := make([]byte, hex.DecodedLen(len(host)))
	if _, err := hex.Decode(raw, host); err != nil || len(raw)%4 != 0 {
		return false
	}
	for i := 0; i < len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	addr, ok := netip.AddrFromSlice(raw)
	return ok && addr.Unmap() == want.Addr().WithZone("").Unmap()
}
