package mqtt

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/internal/backoff"
	"rvo-tui/runtime"
	"rvo-tui/runtime/sink/outbox"
)

// serve serves connections until the test ends.
func serve(t *testing.T, ln net.Listener, each func(net.Conn)) {
	t.Helper()
	var mu sync.Mutex
	var open []net.Conn
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				each(c)
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
}

// pipe connects two connections until one ends.
func pipe(a, b net.Conn) {
	var wg sync.WaitGroup
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		wg.Go(func() {
			_, _ = io.Copy(way[0], way[1]) // it ends with either
			way[0].Close()
			way[1].Close()
		})
	}
	wg.Wait()
}

// welcome reads a CONNECT and accepts it.
func welcome(c net.Conn) bool {
	if _, err := c.Read(make([]byte, 512)); err != nil {
		return false
	}
	_, err := c.Write([]byte("\x20\x03\x00\x00\x00"))
	return err == nil
}

// Whatever a broker does, an output fails with a reason, uses bounded memory, and ends in time.
func TestHostileBrokers(t *testing.T) {
	noise := rand.NewChaCha8([32]byte{1})
	tests := map[string]func(net.Conn){
		"silent from the start": func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
		"silent after hello": func(c net.Conn) {
			if welcome(c) {
				_, _ = io.Copy(io.Discard, c)
			}
		},
		"reads nothing": func(c net.Conn) {
			if welcome(c) {
				_, _ = c.Read(make([]byte, 1))
				time.Sleep(3 * time.Second)
			}
		},
		"speaks HTTP": func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) },
		"answers garbage": func(c net.Conn) {
			if welcome(c) {
				junk := make([]byte, 4096)
				_, _ = noise.Read(junk)
				_, _ = c.Write(junk)
			}
		},
		"announces 256 MiB": func(c net.Conn) {
			if welcome(c) {
				_, _ = c.Write([]byte("\x30\xff\xff\xff\x7f"))
				_, _ = io.Copy(io.Discard, c)
			}
		},
		"floods with commands": func(c net.Conn) {
			for ok := welcome(c); ok; {
				_, err := c.Write([]byte("\x30\x15\x00\x0brvo-tui/set\x00disable"))
				ok = err == nil
			}
		},
		"floods with states": func(c net.Conn) {
			for ok := welcome(c); ok; {
				_, err := c.Write([]byte("\x31\x1d\x00\x19rvo-tui/door/availability\x00x"))
				ok = err == nil
			}
		},
		"acknowledges what was never sent": func(c net.Conn) {
			for ok := welcome(c); ok; {
				_, err := c.Write([]byte("\x40\x02\x12\x34\x50\x02\x12\x34\x70\x02\x12\x34\x90\x04\x12\x34\x00\x00"))
				ok = err == nil
			}
		},
	}
	for name, behave := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			must(t, err)
			serve(t, ln, behave)
			cfg := DefaultConfig()
			cfg.Server, cfg.Commands = "mqtt://"+ln.Addr().String(), []string{AllVerbs}
			cfg.KeepAlive = 1_000_000_000
			box := newBox()
			out, err := Output(cfg, box.options())
			must(t, err)
			must(t, out.Open())
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			err = out.Send(ctx, outbox.Delivery{ID: "1", Record: outbox.Record{Event: event(1)}})
			cancel()
			var e *outbox.Error
			if err == nil || errors.As(err, &e) && e.Refused || strings.Contains(err.Error(), "panic") {
				t.Errorf("got %v", err)
			}
			if state, _ := out.Connection(); state != runtime.OutputConnected && state != runtime.OutputConnecting {
				t.Errorf("got %q", state)
			}
			done := make(chan struct{})
			go func() { out.Close(); close(done) }()
			select {
			case <-done:
			case <-time.After(patience):
				t.Fatal("the output does not end")
			}
		})
	}
}

// A broker that accepts and drops connections is retried with growing delays.
func TestReconnectsAreNoLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &link{}
		waits := backoff.Backoff{First: time.Second, Last: time.Minute}
		if d := l.wait(0, &waits); d != 0 {
			t.Errorf("the first connection waits for %v", d)
		}
		for _, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
			l.joined = time.Now()
			time.Sleep(time.Second)
			if d := l.wait(0, &waits); d != want {
				t.Errorf("got %v, want %v", d, want)
			}
		}
		l.joined = time.Now()
		time.Sleep(steadyTime)
		if d := l.wait(0, &waits); d != 0 {
			t.Errorf("after a steady connection: %v", d)
		}
		if d := l.wait(1, &waits); d != time.Second {
			t.Errorf("then: %v", d)
		}
	})
}
