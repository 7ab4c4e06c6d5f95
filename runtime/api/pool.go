package api

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

// The bounds of the connections of one listener.
const (
	maxStrangers  = 512 // connections that have not proved who they are
	maxOfNetwork  = 256 // of them, those of one address
	maxKnown      = 512 // connections that have
	evictLogEvery = time.Minute
)

// pool bounds the connections of a listener. One that has not proved yet who it is
// makes room for the next one: the oldest of its own address first, and rather one
// that has said nothing than one that has. So those who only hold connections open
// lock nobody out. It is safe for concurrent use.
type pool struct {
	net.Listener
	log *slog.Logger

	mu        sync.Mutex // guards what follows; nothing is called while it is held
	strangers []*pooled  // oldest first
	known     []*pooled  // in the order of their proofs
	evicted   int        // since it was logged
	logged    time.Time
}

// Accept waits for a connection.
func (p *pool) Accept() (net.Conn, error) {
	raw, err := p.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &pooled{Conn: raw, pool: p}
	if a, ok := raw.RemoteAddr().(*net.TCPAddr); ok {
		c.network = networkOf(a.AddrPort().Addr().Unmap())
	}
	p.end(p.enter(c))
	return c, nil
}

// enter adds a connection, and returns the one that makes room for it.
func (p *pool) enter(c *pooled) (victim *pooled) {
	p.mu.Lock()
	defer p.mu.Unlock()
	same := 0
	for _, o := range p.strangers {
		if o.network == c.network {
			same++
		}
	}
	switch {
	case c.network != "" && same >= maxOfNetwork:
		victim = p.oldest(func(o *pooled) bool { return o.network == c.network })
	case len(p.strangers) >= maxStrangers:
		victim = p.oldest(func(*pooled) bool { return true })
	}
	p.strangers = append(without(p.strangers, victim), c)
	return victim
}

// oldest returns the stranger, of some, that makes room: of those that have said
// nothing while they are more than half, and else of the others. So neither those who
// say nothing nor those who say little can take all the places. The caller holds the
// mutex.
func (p *pool) oldest(some func(*pooled) bool) *pooled {
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
func (p *pool) end(victim *pooled) {
	if victim == nil {
		return
	}
	_ = victim.Conn.Close() // it is gone then, whatever that says
	if n := p.countEvicted(time.Now()); n > 0 {
		p.log.Warn("connections without a token were closed to make room", "newest", victim.RemoteAddr().String(), "at", p.Addr().String(), "closed", n)
	}
}

// countEvicted counts an eviction and returns how many to log: those since the last
// line, once a minute.
func (p *pool) countEvicted(now time.Time) int {
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

func without(list []*pooled, c *pooled) []*pooled {
	if i := slices.Index(list, c); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// pooled is a connection of a pool.
type pooled struct {
	net.Conn
	pool    *pool
	network string      // empty: the unix socket
	spoke   atomic.Bool // something has come over it
}

// Read implements net.Conn.
func (c *pooled) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.spoke.Store(true)
	}
	return n, err
}

// silent reports whether nothing has come over the connection, be it read or not.
func (c *pooled) silent() bool {
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
func (c *pooled) NetConn() net.Conn { return c.Conn }

// Close implements net.Conn.
func (c *pooled) Close() error {
	p := c.pool
	p.mu.Lock()
	p.strangers, p.known = without(p.strangers, c), without(p.known, c)
	p.mu.Unlock()
	return c.Conn.Close()
}

// prove notes that the client has proved who it is. Beyond maxKnown the one that did
// so first is closed: a valid token is never refused.
func (c *pooled) prove() {
	p := c.pool
	p.mu.Lock()
	var victim *pooled
	if i := slices.Index(p.strangers, c); i >= 0 {
		p.strangers = slices.Delete(p.strangers, i, i+1)
		if p.known = append(p.known, c); len(p.known) > maxKnown {
			victim = p.known[0]
			p.known = slices.Delete(p.known, 0, 1)
		}
	}
	p.mu.Unlock()
	p.end(victim)
}

// networkOf returns what counts as one place that connections come from: an address,
// of IPv6 the 64 bits that one customer is given.
func networkOf(addr netip.Addr) string {
	if addr.Is6() {
		if prefix, err := addr.WithZone("").Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return addr.String()
}
