package listen

import (
	"net"
	"slices"
	"sync"
)

// Limit bounds how many connections of a listener are open. It is safe for
// concurrent use.
type Limit struct {
	net.Listener
	max    int
	refuse func(from net.Addr) // nil: the oldest connection is closed instead

	mu   sync.Mutex // guards what follows; nothing is called while it is held
	open []*conn    // oldest first
}

// NewLimit returns a listener with at most limit open connections. One more closes
// the oldest, which suits clients that are done within milliseconds: the oldest of
// many is one that does nothing. With refuse, one more is closed itself and refuse
// is called with its address, which suits clients that stay.
func NewLimit(ln net.Listener, limit int, refuse func(from net.Addr)) *Limit {
	return &Limit{Listener: ln, max: limit, refuse: refuse}
}

// Accept waits for a connection.
func (l *Limit) Accept() (net.Conn, error) {
	for {
		raw, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: raw, limit: l}
		surplus := l.enter(c)
		if surplus != nil {
			surplus.Conn.Close()
		}
		if surplus != c {
			return c, nil
		}
		l.refuse(raw.RemoteAddr())
	}
}

// enter counts a connection and returns the one that is to be closed, if any.
func (l *Limit) enter(c *conn) (surplus *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) >= l.max {
		if l.refuse != nil {
			return c
		}
		surplus = l.open[0]
		l.open = slices.Delete(l.open, 0, 1)
	}
	l.open = append(l.open, c)
	return surplus
}

func (l *Limit) leave(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.open, c); i >= 0 {
		l.open = slices.Delete(l.open, i, i+1)
	}
}

// conn is a connection that a Limit counts.
type conn struct {
	net.Conn
	limit *Limit
}

// NetConn returns the connection itself, as of tls.Conn.
func (c *conn) NetConn() net.Conn { return c.Conn }

func (c *conn) Close() error {
	c.limit.leave(c)
	return c.Conn.Close()
}
