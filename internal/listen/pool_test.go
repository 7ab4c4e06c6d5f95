package listen

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	goruntime "runtime"
	"strings"
	"testing"
	"time"
)

var bounds = Bounds{Unauthenticated: 128, PerNetwork: 64, Authenticated: 32}

// peers is a listener whose connections come from given addresses.
type peers struct {
	net.Listener
	from []string
}

func (c *peers) Accept() (net.Conn, error) {
	addr := c.from[0]
	c.from = c.from[1:]
	server, client := net.Pipe()
	client.Close()
	return fromAddr{server, addr}, nil
}

func (c *peers) Addr() net.Addr { return &net.TCPAddr{} }

type fromAddr struct {
	net.Conn
	addr string
}

func (f fromAddr) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(f.addr), Port: 1} }

// admit accepts connections and returns them.
func admit(t *testing.T, p *Pool, from ...string) (conns []*Conn) {
	t.Helper()
	p.Listener = &peers{from: from}
	for range from {
		c, err := p.Accept()
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c.(*Conn))
	}
	return conns
}

func repeat(addr string, n int) []string {
	return strings.Split(strings.TrimSuffix(strings.Repeat(addr+" ", n), " "), " ")
}

func (p *Pool) has(c *Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, list := range [][]*Conn{p.unauthenticated, p.authenticated} {
		for _, o := range list {
			if o == c {
				return true
			}
		}
	}
	return false
}

func TestStrangersMakeRoomForEachOther(t *testing.T) {
	var log bytes.Buffer
	p := NewPool(nil, bounds, slog.New(slog.NewTextHandler(&log, nil)))
	first := admit(t, p, "192.0.2.1", "2001:db8::1")
	proved := admit(t, p, "198.51.100.7")[0]
	proved.SetAuthenticated()
	many := admit(t, p, repeat("198.51.100.7", bounds.PerNetwork+1)...)
	if !p.has(first[0]) || p.has(many[0]) || !p.has(many[1]) || !p.has(many[bounds.PerNetwork]) {
		t.Error("one address has not made room for itself alone")
	}
	six := admit(t, p, repeat("2001:db8::ffff:2", bounds.PerNetwork)...)
	if p.has(first[1]) || !p.has(six[len(six)-1]) {
		t.Error("the 64 bits of an address do not count as one")
	}
	for i := range 255 {
		admit(t, p, fmt.Sprintf("203.0.113.%d", i))
	}
	if n := len(p.unauthenticated); n > bounds.Unauthenticated {
		t.Errorf("%d unauthenticated", n)
	}
	if !p.has(proved) {
		t.Error("an authenticated connection made room for an unauthenticated one")
	}
	if n := strings.Count(log.String(), "closed to make room"); n != 1 {
		t.Errorf("%d lines in the log within a minute", n)
	}
	proved.Close()
	proved.Close()
	if p.has(proved) {
		t.Error("a closed connection is counted")
	}
}

// Connections that have sent data are not pushed out by silent ones, nor new ones by those that
// have sent data.
func TestNeitherSilenceNorTalkTakesAllPlaces(t *testing.T) {
	p := NewPool(nil, bounds, slog.New(slog.DiscardHandler))
	speaker := admit(t, p, "192.0.2.1")[0]
	speaker.spoke.Store(true)
	admit(t, p, repeat("192.0.2.1", 5*bounds.PerNetwork)...)
	if !p.has(speaker) {
		t.Error("silence has pushed out one that speaks")
	}
	for range 5 {
		for _, c := range admit(t, p, repeat("192.0.2.1", bounds.PerNetwork/2)...) {
			c.spoke.Store(true)
		}
	}
	fresh := admit(t, p, "192.0.2.1")[0]
	for range bounds.PerNetwork / 4 {
		admit(t, p, "192.0.2.1")
	}
	if !p.has(fresh) {
		t.Error("one that has only just come was pushed out")
	}
}

func TestWhatIsNotReadYetWasSaid(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	p := NewPool(ln, bounds, slog.New(slog.DiscardHandler))
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := p.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := conn.(*Conn)
	if !c.silent() {
		t.Error("it has sent nothing")
	}
	if _, err := client.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); c.silent(); goruntime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("its data was not noticed")
		}
	}
}

func TestTheKnownAreBoundedToo(t *testing.T) {
	p := NewPool(nil, bounds, slog.New(slog.DiscardHandler))
	var all []*Conn
	for range bounds.Authenticated + 10 {
		c := admit(t, p, "192.0.2.1")[0]
		c.SetAuthenticated()
		c.SetAuthenticated()
		all = append(all, c)
	}
	if len(p.authenticated) != bounds.Authenticated || p.has(all[0]) || !p.has(all[len(all)-1]) {
		t.Errorf("%d are authenticated, the newest %v", len(p.authenticated), p.has(all[len(all)-1]))
	}
}
