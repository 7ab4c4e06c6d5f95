package remote

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	sys "golang.org/x/sys/unix"

	"rvo-tui/detectors"
)

// sockets is a listener that keeps the connections it accepted.
type sockets struct {
	*net.TCPListener
	mu  sync.Mutex // guards all
	all []*net.TCPConn
}

func (s *sockets) Accept() (net.Conn, error) {
	c, err := s.AcceptTCP()
	if err == nil {
		s.mu.Lock()
		s.all = append(s.all, c)
		s.mu.Unlock()
	}
	return c, err
}

// first returns the first accepted connection.
func (s *sockets) first() *net.TCPConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[0]
}

// vanish makes the system drop every packet that arrives for a connection, as if the other
// machine had lost power.
func vanish(t *testing.T, c *net.TCPConn) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	drop := sys.SockFilter{Code: sys.BPF_RET | sys.BPF_K, K: 0}
	var failed error
	if err := raw.Control(func(fd uintptr) {
		failed = sys.SetsockoptSockFprog(int(fd), sys.SOL_SOCKET, sys.SO_ATTACH_FILTER, &sys.SockFprog{Len: 1, Filter: &drop})
	}); err != nil || failed != nil {
		t.Skipf("packets cannot be dropped here: %v, %v", err, failed)
	}
}

// The system ends a connection without acknowledgements for five seconds, long before the next
// keepalive. Nothing else closes it here, because each call ends before the service counts as
// silent.
func TestPacketsThatVanish(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &sockets{TCPListener: inner.(*net.TCPListener)}
	listen(t, l, says())
	p, _ := pool(t)
	d := detector(t, p, detectors.Config{Options: Options{Connection: Connection{Endpoint: inner.Addr().String()}}})
	frame := testFrame(t, 64, 48, nil)
	if _, err := d.Detect(within(t, 20*time.Second), frame); err != nil {
		t.Fatal(err)
	}
	vanish(t, l.first())
	ctx := within(t, 30*time.Second)
	reasons := make(map[detectors.Reason]int)
	for {
		// Waiting for the end of one call shows when the connection is gone.
		call, cancel := context.WithTimeout(ctx, 20*time.Second)
		_, err := d.Detect(call, frame)
		cancel()
		if err == nil {
			break
		}
		reasons[detectors.ReasonOf(err)]++
		if ctx.Err() != nil {
			t.Fatalf("it does not heal: %v; reasons %v", err, reasons)
		}
	}
	if reasons[ReasonReset] == 0 || reasons[detectors.ReasonTimeout] > 0 {
		t.Errorf("calls failed for %v, want %s: the system ends the connection", reasons, ReasonReset)
	}
}
