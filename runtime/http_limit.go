package runtime

import (
	"net"
	"sync"
)

// limitListener accepts a bounded number of connections at a time.
type limitListener struct {
	net.Listener
	room chan struct{}
	once sync.Once
	done chan struct{}
}

func newLimitListener(ln net.Listener, limit int) *limitListener {
	return &limitListener{Listener: ln, room: make(chan struct{}, limit), done: make(chan struct{})}
}

// Accept waits for room, then for a connection.
func (l *limitListener) Accept() (net.Conn, error) {
	select {
	case l.room <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.room
		return nil, err
	}
	return &limitConn{Conn: conn, room: l.room}, nil
}

// Close ends Accept, even one that waits for room.
func (l *limitListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

// limitConn gives its room back when it is closed.
type limitConn struct {
	net.Conn
	room chan struct{}
	once sync.Once
}

func (c *limitConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { <-c.room })
	return err
}
