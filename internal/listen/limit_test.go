package listen

import (
	"errors"
	"net"
	"slices"
	"testing"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestLimitClosesTheOldest(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	l := NewLimit(ln, 2, nil)
	defer l.Close()
	var clients, served []net.Conn
	connect := func() {
		c, err := net.Dial("tcp", ln.Addr().String())
		must(t, err)
		s, err := l.Accept()
		must(t, err)
		clients, served = append(clients, c), append(served, s)
	}
	defer func() {
		for i := range clients {
			clients[i].Close()
			served[i].Close()
		}
	}()
	isOpen := func(i int) bool {
		_, err := served[i].Write([]byte("x"))
		return err == nil
	}
	connect()
	connect()
	connect()
	if isOpen(0) || !isOpen(1) || !isOpen(2) {
		t.Errorf("open: %v %v %v, want the oldest closed", isOpen(0), isOpen(1), isOpen(2))
	}
	served[1].Close()
	served[1].Close()
	connect()
	if !isOpen(2) || !isOpen(3) {
		t.Errorf("open: %v %v, want both: one had left", isOpen(2), isOpen(3))
	}
	must(t, l.Close())
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept after the end: %v", err)
	}
}

func TestLimitRefusesTheNewest(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	var refused []string
	l := NewLimit(ln, 1, func(from net.Addr) { refused = append(refused, from.String()) })
	defer l.Close()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", ln.Addr().String())
		must(t, err)
		t.Cleanup(func() { c.Close() })
		return c
	}
	dial()
	first, err := l.Accept()
	must(t, err)
	surplus := []string{dial().LocalAddr().String(), dial().LocalAddr().String()}
	accepted := make(chan net.Conn)
	go func() {
		c, _ := l.Accept()
		accepted <- c
	}()
	// The two are refused before the one that comes when the first has left.
	for range 2 {
		var buf [1]byte
		c, err := net.Dial("tcp", ln.Addr().String())
		must(t, err)
		surplus = append(surplus, c.LocalAddr().String())
		if _, err := c.Read(buf[:]); err == nil {
			t.Fatal("a connection over the limit stays open")
		}
		c.Close()
	}
	must(t, first.Close())
	last := dial()
	c := <-accepted
	if c == nil || c.RemoteAddr().String() != last.LocalAddr().String() {
		t.Errorf("accepted %v, want the one that came after the first had left", c)
	}
	c.Close()
	if !slices.Equal(refused, surplus) {
		t.Errorf("refused %v, want %v", refused, surplus)
	}
}
