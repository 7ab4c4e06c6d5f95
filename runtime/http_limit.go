package runtime

import (
	"net"
	"slices"
	"sync"
)

// limitListener keeps a bounded number of connections open: one more closes the
// oldest. Who asks properly is done within milliseconds, so the oldest of many
// is one that sits there, and any number of those leaves room for the next.
type limitListener struct {
	net.Listener
	limit int

	mu   sync.Mutex   // guards what follows; nothing is called while it is held
	open []*limitConn // oldest first
}

func newLimitListener(ln net.Listener, limit int) *limitListener {
	return &limitListener{Listener: ln, limit: limit}
}

// Accept waits for a connection.
func (l *limitListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &limitConn{Conn: conn, from: l}
	if oldest := l.enter(c); oldest != nil {
		oldest.Close()
	}
	return c, nil
}

// enter notes a connection and returns the one that has to go for it.
func (l *limitListener) enter(c *limitConn) (oldest *limitConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) >= l.limit {
		oldest = l.open[0]
		l.open = slices.Delete(l.open, 0, 1)
	}
	l.open = append(l.open, c)
	return oldest
}

func (l *limitListener) leave(c *limitConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.open, c); i >= 0 {
		l.open = slices.Delete(l.open, i, i+1)
	}
}

// limitConn is one of the connections that a limitListener counts.
type limitConn struct {
	net.Conn
	from *limitListener
}

func (c *limitConn) Close() error {
	c.from.leave(c)
	return c.Conn.Close()
}
