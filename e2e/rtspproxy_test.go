package e2e

import (
	"bufio"
	be "encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// rtspProxy forwards to an RTSP server over TCP. It inspects and changes what passes.
type rtspProxy struct {
	target string
	ln     net.Listener
	// rtp gets each RTP packet of the first track, and how long its connection has played; it may
	// change the packet, and reports whether to forward it. Nil: all.
	rtp func(packet []byte, playing time.Duration) bool
	// mutate may change everything that the server sends. Nil: nothing.
	mutate func(data []byte)
	// single allows one session: others are refused, and all are for a minute after a session
	// that did not end with TEARDOWN.
	single bool

	mu        sync.Mutex
	busy      bool
	held      time.Time // no session before
	conns     int
	teardowns int
	refused   int
	work      sync.WaitGroup
}

var requestLine = regexp.MustCompile(`(?m)^([A-Z_]+) \S+ RTSP/1\.0\r\n(?:.*\r\n)*?CSeq: *(\d+)`)

func newRTSPProxy(t testing.TB, p *rtspProxy) *rtspProxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.ln = ln
	p.work.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			p.work.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		p.work.Wait()
	})
	return p
}

func (p *rtspProxy) url() string { return "rtsp://" + p.ln.Addr().String() + "/stream" }

func (p *rtspProxy) counts() (conns, teardowns, refused int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conns, p.teardowns, p.refused
}

func (p *rtspProxy) serve(c net.Conn) {
	defer c.Close()
	p.mu.Lock()
	p.conns++
	free := !p.single || !p.busy && time.Now().After(p.held)
	if free {
		p.busy = true
	} else {
		p.refused++
	}
	p.mu.Unlock()
	if !free {
		buf := make([]byte, 4096)
		n, _ := c.Read(buf)
		if m := requestLine.FindSubmatch(buf[:n]); m != nil {
			fmt.Fprintf(c, "RTSP/1.0 453 Not Enough Bandwidth\r\nCSeq: %s\r\n\r\n", m[2])
		}
		return
	}
	tornDown := false
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if !tornDown {
			p.busy, p.held = false, time.Now().Add(time.Minute)
		}
	}()
	up, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer up.Close()
	down := make(chan struct{})
	go func() {
		defer close(down)
		p.down(c, up)
		c.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := c.Read(buf)
		for _, m := range requestLine.FindAllSubmatch(buf[:n], -1) {
			if string(m[1]) == "TEARDOWN" && !tornDown {
				tornDown = true
				p.end()
			}
		}
		if _, bad := up.Write(buf[:n]); err != nil || bad != nil {
			break
		}
	}
	up.Close()
	<-down
}

// end frees the session before TEARDOWN is answered: the client may reconnect at once.
func (p *rtspProxy) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy = false
	p.teardowns++
}

// down forwards what the server sends.
func (p *rtspProxy) down(c, up net.Conn) {
	r := bufio.NewReader(up)
	var playing time.Time
	for {
		first, err := r.Peek(1)
		if err != nil {
			return
		}
		var data []byte
		if first[0] == '$' {
			head, err := r.Peek(4)
			if err != nil {
				return
			}
			data = make([]byte, 4+int(be.BigEndian.Uint16(head[2:])))
			if _, err := io.ReadFull(r, data); err != nil {
				return
			}
			if playing.IsZero() {
				playing = time.Now()
			}
			if data[1] == 0 && len(data) >= 16 && p.rtp != nil && !p.rtp(data[4:], time.Since(playing)) {
				continue
			}
		} else {
			text := textproto.NewReader(r)
			size := 0
			var out strings.Builder
			for {
				line, err := text.ReadLine()
				if err != nil {
					return
				}
				out.WriteString(line + "\r\n")
				if value, ok := strings.CutPrefix(strings.ToLower(line), "content-length:"); ok {
					size, _ = strconv.Atoi(strings.TrimSpace(value))
				}
				if line == "" {
					break
				}
			}
			body := make([]byte, size)
			if _, err := io.ReadFull(r, body); err != nil {
				return
			}
			data = append([]byte(out.String()), body...)
		}
		if p.mutate != nil {
			p.mutate(data)
		}
		if _, err := c.Write(data); err != nil {
			return
		}
	}
}

// mutator corrupts a byte in every few messages.
func mutator(seed uint64) func([]byte) {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 1))
	return func(data []byte) {
		mu.Lock()
		defer mu.Unlock()
		if random.IntN(12) == 0 && len(data) > 0 {
			data[random.IntN(len(data))] = byte(random.Uint32())
		}
	}
}
