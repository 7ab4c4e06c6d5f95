package listen

import (
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Bounds limits the connections of one listener.
type Bounds struct {
	Unauthenticated int // unauthenticated connections
	PerNetwork      int // unauthenticated connections of one network, as of Network
	Authenticated   int // authenticated connections
}

const evictLogEvery = time.Minute

// Pool bounds the connections of a listener. When a bound is reached, a new connection replaces an
// old unauthenticated one: of the same network if that has too many, and preferably one that has
// sent nothing. So clients that only hold connections open cannot lock others out. It is safe for
// concurrent use.
type Pool struct {
	net.Listener
	bounds Bounds
	log    *slog.Logger

	mu              sync.Mutex // guards the fields below; held briefly
	unauthenticated []*Conn    // oldest first
	authenticated   []*Conn    // in the order of authentication
	evicted         int        // since the last log line
	logged          time.Time
}

// NewPool returns a listener with bounded connections. It logs evictions at most once a minute.
func NewPool(ln net.Listener, bounds Bounds, log *slog.Logger) *Pool {
	return &Pool{Listener: ln, bounds: bounds, log: log}
}

// Accept waits for a connection.
func (p *Pool) Accept() (net.Conn, error) {
	raw, err := p.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &Conn{Conn: raw, pool: p}
	if a, ok := raw.RemoteAddr().(*net.TCPAddr); ok {
		c.network = Network(a.AddrPort().Addr().Unmap())
	}
	p.end(p.enter(c))
	return c, nil
}

// enter adds a connection and returns the one that must be closed for it, or nil.
func (p *Pool) enter(c *Conn) (victim *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	same := 0
	for _, o := range p.unauthenticated {
		if o.network == c.network {
			same++
		}
	}
	switch {
	case c.network != "" && same >= p.bounds.PerNetwork:
		victim = p.oldest(func(o *Conn) bool { return o.network == c.network })
	case len(p.unauthenticated) >= p.bounds.Unauthenticated:
		victim = p.oldest(func(*Conn) bool { return true })
	}
	p.unauthenticated = append(without(p.unauthenticated, victim), c)
	return victim
}

// oldest returns the unauthenticated connection to evict among those selected by some: the oldest
// silent one while more than half are silent, otherwise the oldest of the others. So neither
// silent clients nor clients that send a little can take all places. The caller holds mu.
func (p *Pool) oldest(some func(*Conn) bool) *Conn {
	all, silent := 0, 0
	for _, o := range p.unauthenticated {
		if some(o) {
			all++
			if !o.spoke.Load() {
				silent++
			}
		}
	}
	fromSilent := silent > all/2
	for _, o := range p.unauthenticated {
		if some(o) && (fromSilent && o.silent() || !fromSilent && o.spoke.Load()) {
			return o
		}
	}
	return p.unauthenticated[slices.IndexFunc(p.unauthenticated, some)]
}

// end closes an evicted connection, if any.
func (p *Pool) end(victim *Conn) {
	if victim == nil {
		return
	}
	_ = victim.Conn.Close() // it is closed whatever the error
	if n := p.countEvicted(time.Now()); n > 0 {
		p.log.Warn("connections were closed to make room", "newest", victim.RemoteAddr().String(), "at", p.Addr().String(), "closed", n)
	}
}

// countEvicted counts an eviction. Once a minute it returns how many to log, otherwise 0.
func (p *Pool) countEvicted(now time.Time) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.evicted++
	if now.Sub(p.logged) < evictLogEvery {
		return 0
	}
	n := p.evicted
	p.evicted, p.logged = 0, now
	return n
}

func without(list []*Conn, c *Conn) []*Conn {
	if i := slices.Index(list, c); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// Conn is a connection of a Pool.
type Conn struct {
	net.Conn
	pool    *Pool
	network string      // as of Network; empty for a unix socket
	spoke   atomic.Bool // the client has sent something
}

// Read implements net.Conn.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.spoke.Store(true)
	}
	return n, err
}

// silent reports whether the client has sent nothing, not even data that is not read yet.
func (c *Conn) silent() bool {
	if c.spoke.Load() {
		return false
	}
	sys, ok := c.Conn.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := sys.SyscallConn()
	if err != nil {
		return true
	}
	var first [1]byte
	n := 0
	_ = raw.Control(func(fd uintptr) { n, _, _ = unix.Recvfrom(int(fd), first[:], unix.MSG_PEEK|unix.MSG_DONTWAIT) })
	if n > 0 {
		c.spoke.Store(true)
	}
	return n <= 0
}

// NetConn returns the underlying connection, as tls.Conn.NetConn does.
func (c *Conn) NetConn() net.Conn { return c.Conn }

// Close implements net.Conn.
func (c *Conn) Close() error {
	p := c.pool
	p.mu.Lock()
	p.unauthenticated, p.authenticated = without(p.unauthenticated, c), without(p.authenticated, c)
	p.mu.Unlock()
	return c.Conn.Close()
}

// SetAuthenticated marks the connection as authenticated. If there are too many of those, it closes the one
// that authenticated first, so that a valid token is never refused.
func (c *Conn) SetAuthenticated() {
	p := c.pool
	p.mu.Lock()
	var victim *Conn
	if i := slices.Index(p.unauthenticated, c); i >= 0 {
		p.unauthenticated = slices.Delete(p.unauthenticated, i, i+1)
		if p.authenticated = append(p.authenticated, c); len(p.authenticated) > p.bounds.Authenticated {
			victim = p.authenticated[0]
			p.authenticated = slices.Delete(p.authenticated, 0, 1)
		}
	}
	p.mu.Unlock()
	p.end(victim)
}

// Network returns what counts as one origin of connections: an IPv4 address, or the /64 of an IPv6
// address, which is what one customer is assigned.
func Network(addr netip.Addr) string {
	if addr.Is6() {
		if prefix, err := addr.WithZone("").Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return addr.String()
}
