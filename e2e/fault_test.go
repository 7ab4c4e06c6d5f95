package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// fault is how a server misbehaves.
type fault int

const (
	healthy fault = iota
	hole          // connections are not even accepted, the queue for them is full
	silent        // connections are accepted, and nothing is sent
	garbage       // connections are accepted, and nonsense drips from them
	trickle       // connections are passed on, a byte each 50 ms
)

// proxy forwards to a TCP server and plays faults. Connections that exist when a fault begins
// stay open without data until it is over; then they are closed.
type proxy struct {
	target  string
	ln      *net.TCPListener
	mode    atomic.Int32
	wg      sync.WaitGroup
	mu      sync.Mutex // guards the fields below
	conns   map[net.Conn]bool
	fillers []net.Conn // connections that fill the queue of a hole
	tried   []time.Time
	closed  bool
}

func newProxy(t testing.TB, target string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{target: target, ln: ln.(*net.TCPListener), conns: make(map[net.Conn]bool)}
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
		ln.Close()
		p.drop()
		p.wg.Wait()
	})
	return p
}

func (p *proxy) addr() string { return p.ln.Addr().String() }
func (p *proxy) is(f fault) bool {
	return fault(p.mode.Load()) == f
}

// accept accepts connections, except while the proxy is a hole.
func (p *proxy) accept() {
	for {
		if p.is(hole) {
			<-time.After(10 * time.Millisecond)
			p.mu.Lock()
			closed := p.closed
			p.mu.Unlock()
			if closed {
				return
			}
			continue
		}
		// The deadline lets it notice that it has become a hole.
		_ = p.ln.SetDeadline(time.Now().Add(20 * time.Millisecond)) // an error shows at Accept
		c, err := p.ln.Accept()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			continue
		case err != nil:
			return
		}
		if p.keep(c) {
			p.wg.Go(func() { p.serve(c) })
		}
	}
}

// keep registers a connection, so that drop closes it.
func (p *proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		c.Close()
		return false
	}
	p.conns[c] = true
	if !p.is(healthy) {
		p.tried = append(p.tried, time.Now())
	}
	return true
}

// drop closes all connections.
func (p *proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.fillers {
		c.Close()
	}
	p.fillers = nil
	for c := range p.conns {
		c.Close()
	}
}

func (p *proxy) serve(c net.Conn) {
	defer func() {
		c.Close()
		p.mu.Lock()
		delete(p.conns, c)
		p.mu.Unlock()
	}()
	if !p.is(healthy) && !p.is(trickle) {
		p.misbehave(c)
		return
	}
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		_, _ = io.Copy(server, c) // either end may go
		server.Close()
	})
	buf := make([]byte, 32<<10)
	for {
		n, err := server.Read(buf)
		if p.is(trickle) && n > 0 {
			p.trickle(c, buf[:n])
			return
		}
		if !p.is(healthy) {
			p.misbehave(c)
			return
		}
		if err != nil {
			c.Close()
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}

// trickle forwards data slowly until the fault is over, the client has gone, or all data was
// sent.
func (p *proxy) trickle(c net.Conn, data []byte) {
	drip := time.NewTicker(50 * time.Millisecond)
	defer drip.Stop()
	for i := range data {
		<-drip.C
		if _, err := c.Write(data[i : i+1]); err != nil || p.is(healthy) {
			return
		}
	}
}

// misbehave holds a connection until either side closes it, or the fault is over.
func (p *proxy) misbehave(c net.Conn) {
	drip := time.NewTicker(50 * time.Millisecond)
	defer drip.Stop()
	for !p.is(healthy) {
		<-drip.C
		if !p.is(garbage) {
			continue
		}
		if _, err := c.Write([]byte{byte(time.Now().UnixNano())}); err != nil {
			return
		}
	}
}

// fail starts a fault.
func (p *proxy) fail(f fault) error {
	p.mu.Lock()
	p.tried = nil
	p.mu.Unlock()
	p.mode.Store(int32(f))
	if f != hole {
		return nil
	}
	// One connection may wait in the queue; a few more make sure that it is full.
	if err := p.backlog(0); err != nil {
		return err
	}
	for range 3 {
		if c, err := net.DialTimeout("tcp", p.addr(), 100*time.Millisecond); err == nil {
			p.mu.Lock()
			p.fillers = append(p.fillers, c)
			p.mu.Unlock()
		}
	}
	return nil
}

// heal ends a fault.
func (p *proxy) heal() error {
	err := p.backlog(128)
	p.mode.Store(int32(healthy))
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.fillers {
		c.Close()
	}
	p.fillers = nil
	return err
}

func (p *proxy) backlog(n int) error {
	raw, err := p.ln.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = syscall.Listen(int(fd), n) }); err != nil {
		return err
	}
	return failed
}

// attempts returns the times of connections since the fault began.
func (p *proxy) attempts() []time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]time.Time(nil), p.tried...)
}

// mjpegServer is an MJPEG camera that can freeze: existing connections get no more frames, new
// ones no response.
type mjpegServer struct {
	url    string
	frozen atomic.Bool
	large  atomic.Bool // frames are twice as large from now on
	done   chan struct{}
}

func serveMJPEG(t testing.TB, fps int) *mjpegServer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &mjpegServer{url: "http://" + ln.Addr().String() + "/video", done: make(chan struct{})}
	frames, large := make([][]byte, 20), make([][]byte, 20)
	for i := range frames {
		frames[i], large[i] = square(t, i*8, 1), square(t, i*8, 2)
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tick := time.NewTicker(time.Second / time.Duration(fps))
		defer tick.Stop()
		w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=next")
		for n := 0; ; n++ {
			if !s.frozen.Load() {
				frame := frames[n%len(frames)]
				if s.large.Load() {
					frame = large[n%len(large)]
				}
				fmt.Fprintf(w, "--next\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n", len(frame))
				if _, err := w.Write(append(bytes.Clone(frame), "\r\n"...)); err != nil {
					return
				}
				w.(http.Flusher).Flush()
			}
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			case <-s.done:
				return
			}
		}
	})}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(ln) // until it is closed
	}()
	t.Cleanup(func() {
		close(s.done)
		server.Close()
		<-ended
	})
	return s
}

// square draws a frame with a bright square at x, scaled.
func square(t testing.TB, x, scale int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 320*scale, 180*scale))
	for y := 40 * scale; y < 140*scale; y++ {
		for i := x * scale; i < (x+100)*scale; i++ {
			img.SetGray(i, y, color.Gray{230})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
