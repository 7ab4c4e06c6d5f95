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

// Bounds are those of the connections of one listener.
type Bounds struct {
	Strangers int // that have not proved who they are
	OfNetwork int // of them, those of one address
	Known     int // that have
}

const evictLogEvery = time.Minute

// Pool bounds the connections of a listener. One that has not proved yet who it is
// makes room for the next one: the oldest of its own address first, and rather one
// that has said nothing than one that has. So those who only hold connections open
// lock nobody out. It is safe for concurrent use.
type Pool struct {
	net.Listener
	bounds Bounds
	log    *slog.Logger

	mu        sync.Mutex // guards what follows; nothing is called while it is held
	strangers []*Conn    // oldest first
	known     []*Conn    // in the order of their proofs
	evicted   int        // since it was logged
	logged    time.Time
}

// NewPool returns a listener with bounded connections. When some were closed for
// others, log says so once a minute.
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

// enter adds a connection, and returns the one that makes room for it.
func (p *Pool) enter(c *Conn) (victim *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	same := 0
	for _, o := range p.strangers {
		if o.network == c.network {
			same++
		}
	}
	switch {
	case c.network != "" && same >= p.bounds.OfNetwork:
		victim = p.oldest(func(o *Conn) bool { return o.network == c.network })
	case len(p.strangers) >= p.bounds.Strangers:
		victim = p.oldest(func(*Conn) bool { return true })
	}
	p.strangers = append(without(p.strangers, victim), c)
	return victim
}

// oldest returns the stranger, of some, that makes room: of those that have said
// nothing while they are more than half, and else of the others. So neither those who
// say nothing nor those who say little can take all the places. The caller holds the
// mutex.
func (p *Pool) oldest(some func(*Conn) bool) *Conn {
	all, silent := 0, 0
	for _, o := range p.strangers {
		if some(o) {
			all++
			if !o.spoke.Load() {
				silent++
			}
		}
	}
	fromSilent := silent > all/2
	for _, o := range p.strangers {
		if some(o) && (fromSilent && o.silent() || !fromSilent && o.spoke.Load()) {
			return o
		}
	}
	return p.strangers[slices.IndexFunc(p.strangers, some)]
}

// end closes a connection, if any, that has made room.
func (p *Pool) end(victim *Conn) {
	if victim == nil {
		return
	}
	_ = victim.Conn.Close() // it is gone then, whatever that says
	if n := p.countEvicted(time.Now()); n > 0 {
		p.log.Warn("connections were closed to make room", "newest", victim.RemoteAddr().String(), "at", p.Addr().String(), "closed", n)
	}
}

// countEvicted counts an eviction and returns how many to log: those since the last
// line, once a minute.
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
	network string      // empty: the unix socket
	spoke   atomic.Bool // something has come over it
}

// Read implements net.Conn.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.spoke.Store(true)
	}
	return n, err
}

// silent reports whether nothing has come over the connection, be it read or not.
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

// NetConn returns the connection itself, as of tls.Conn.
func (c *Conn) NetConn() net.Conn { return c.Conn }

// Close implements net.Conn.
func (c *Conn) Close() error {
	p := c.pool
	p.mu.Lock()
	p.strangers, p.known = without(p.strangers, c), without(p.known, c)
	p.mu.Unlock()
	return c.Conn.Close()
}

// Prove notes that the client has proved who it is. Of too many the one that did
// so first is closed: a valid token is never refused.
func (c *Conn) Prove() {
	p := c.pool
	p.mu.Lock()
	var victim *Conn
	if i := slices.Index(p.strangers, c); i >= 0 {
		p.strangers = slices.Delete(p.strangers, i, i+1)
		if p.known = append(p.known, c); len(p.known) > p.bounds.Known {
			victim = p.known[0]
			p.known = slices.Delete(p.known, 0, 1)
		}
	}
	p.mu.Unlock()
	p.end(victim)
}

// Network returns what counts as one place that connections come from: an address,
// of IPv6 the 64 bits that one customer is given.
func Network(addr netip.Addr) string {
	if addr.Is6() {
		if prefix, err := addr.WithZone("").Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return addr.String()
}
