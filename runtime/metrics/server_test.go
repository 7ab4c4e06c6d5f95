package metrics

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/internal/listen"
	"rvo-tui/runtime"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

// startServer serves a snapshot on a free loopback port.
func startServer(t *testing.T, latest func() *runtime.Snapshot) (addr string, end func()) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s := NewServer(ln.Addr().String(), listen.NewHosts(), latest, quietLog())
	s.service.Open = func(context.Context) (net.Listener, error) { return ln, nil }
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return ln.Addr().String(), func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestServerAnswers(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	addr, end := startServer(t, fullSnapshot)
	defer end()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	tests := []struct {
		method, path, body string
		status             int
		kind, holds        string
	}{
		{"GET", "/metrics", "", 200, "text/plain", `rvo_frame_drops_total{camera="door",reason="pool"} 5`},
		{"GET", "/metrics", "", 200, "text/plain", "\ngo_goroutines "},
		{"GET", "/metrics", "", 200, "text/plain", "\nprocess_open_fds "},
		{"HEAD", "/metrics", "", 200, "text/plain", ""},
		{"GET", "/health", "", 200, "application/json", `"status":"degraded"`},
		{"HEAD", "/health", "", 200, "application/json", ""},
		{"GET", "/ready", "", 200, "application/json", `{"ready":true,"reasons":[],"alerts":[]}`},
		{"POST", "/ready", "", 405, "text/plain", "Method Not Allowed"},
		{"GET", "/", "", 200, "text/plain", "/metrics"},
		{"GET", "/debug/pprof/", "", 404, "text/plain", "not found"},
		{"POST", "/health", "", 405, "text/plain", "Method Not Allowed"},
		{"DELETE", "/metrics", "", 405, "text/plain", "Method Not Allowed"},
		{"GET", "/metrics", "a body", 413, "text/plain", "must not have a body"},
	}
	for _, tt := range tests {
		t.Run(tt.method+tt.path, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tt.method, "http://"+addr+tt.path, strings.NewReader(tt.body))
			must(t, err)
			resp, err := client.Do(req)
			must(t, err)
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			must(t, err)
			if resp.StatusCode != tt.status || !strings.HasPrefix(resp.Header.Get("Content-Type"), tt.kind) || !strings.Contains(string(body), tt.holds) {
				t.Errorf("answer %d, %s, %.200q", resp.StatusCode, resp.Header.Get("Content-Type"), body)
			}
			if resp.Header.Get("X-Content-Type-Options") != "nosniff" || resp.Header.Get("Cache-Control") != "no-store" ||
				!strings.Contains(resp.Header.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("headers %v", resp.Header)
			}
			if !resp.Close {
				t.Error("the connection is kept")
			}
		})
	}
}

func TestHealthOf(t *testing.T) {
	cam := func(s capture.State) runtime.CameraView { return runtime.CameraView{Status: capture.Status{State: s}} }
	tests := []struct {
		name string
		s    *runtime.Snapshot
		want string
	}{
		{"not started", nil, `{"status":"ok","uptime_seconds":0,"cameras":0,"cameras_live":0,"sinks":0,"sinks_degraded":0,"outputs":0,"outputs_degraded":0,"evidence":"off","quarantined":0}`},
		{
			"all is well",
			&runtime.Snapshot{Uptime: time.Second, Cameras: []runtime.CameraView{cam(capture.Live), cam(capture.Paused)}, Sinks: []runtime.SinkView{{State: runtime.SinkOK}}},
			`{"status":"ok","uptime_seconds":1,"cameras":2,"cameras_live":1,"sinks":1,"sinks_degraded":0,"outputs":0,"outputs_degraded":0,"evidence":"off","quarantined":0}`,
		},
		{
			"camera stalled",
			&runtime.Snapshot{Cameras: []runtime.CameraView{cam(capture.Live), cam(capture.Stalled)}},
			`{"status":"degraded","uptime_seconds":0,"cameras":2,"cameras_live":1,"sinks":0,"sinks_degraded":0,"outputs":0,"outputs_degraded":0,"evidence":"off","quarantined":0}`,
		},
		{
			"evidence is kept",
			&runtime.Snapshot{Clips: &clips.Status{State: "ok"}},
			`{"status":"ok","uptime_seconds":0,"cameras":0,"cameras_live":0,"sinks":0,"sinks_degraded":0,"outputs":0,"outputs_degraded":0,"evidence":"ok","quarantined":0}`,
		},
		{
			"evidence is lost",
			&runtime.Snapshot{Clips: &clips.Status{State: "degraded", Reason: "too little free disk"}},
			`{"status":"degraded","uptime_seconds":0,"cameras":0,"cameras_live":0,"sinks":0,"sinks_degraded":0,"outputs":0,"outputs_degraded":0,"evidence":"degraded","quarantined":0}`,
		},
		{
			"disk full",
			&runtime.Snapshot{Sinks: []runtime.SinkView{{State: runtime.SinkDegraded}}},
			`{"status":"degraded","uptime_seconds":0,"cameras":0,"cameras_live":0,"sinks":1,"sinks_degraded":1,"outputs":0,"outputs_degraded":0,"evidence":"off","quarantined":0}`,
		},
		{
			"a webhook is down",
			&runtime.Snapshot{Outbox: &runtime.OutboxView{State: runtime.SinkOK, Outputs: []runtime.OutputView{{State: runtime.SinkOK}, {State: runtime.SinkDegraded}}}},
			`{"status":"degraded","uptime_seconds":0,"cameras":0,"cameras_live":0,"sinks":0,"sinks_degraded":0,"outputs":2,"outputs_degraded":1,"evidence":"off","quarantined":0}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(HealthOf(tt.s))
			must(t, err)
			if string(got) != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Clients that send too much or nothing at all are disconnected, and leave room for others.
func TestServerAndHostileClients(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	addr, end := startServer(t, fullSnapshot)
	defer end()

	var silent []net.Conn
	for range 3 * httpConns {
		c, err := net.Dial("tcp", addr)
		must(t, err)
		defer c.Close()
		silent = append(silent, c)
	}
	tests := []struct{ name, send, status string }{
		{"huge headers", "GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 2*httpHeader) + "\r\n\r\n", "HTTP/1.1 431 "},
		{"garbage", "\x16\x03\x01\x02\x00\x01\r\n\r\n", "HTTP/1.1 400 "},
		{"no host", "GET /health HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
		{"absolute path", "GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 "},
		{"chunked body", "GET /health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 413 "},
		{"a foreign host", "GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n", "HTTP/1.1 421 "},
		{"proper", "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200 "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := net.Dial("tcp", addr)
			must(t, err)
			defer c.Close()
			must(t, c.SetDeadline(time.Now().Add(10*time.Second)))
			_, _ = io.WriteString(c, tt.send) // the server may close before it has read all
			line, err := bufio.NewReader(c).ReadString('\n')
			if !strings.HasPrefix(line, tt.status) {
				t.Errorf("answer %q, %v; want %s", line, err, tt.status)
			}
		})
	}
	// The server closes every silent connection well before the test's own limit.
	for _, c := range silent {
		must(t, c.SetDeadline(time.Now().Add(10*httpRead)))
		if n, err := c.Read(make([]byte, 1)); n != 0 || isTimeout(err) {
			t.Fatalf("a silent connection: %d, %v", n, err)
		}
	}
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// quietListener accepts nothing until it is closed.
type quietListener struct{ done chan struct{} }

func (l quietListener) Accept() (net.Conn, error) { <-l.done; return nil, net.ErrClosed }
func (l quietListener) Addr() net.Addr            { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9090} }

func (l quietListener) Close() error {
	close(l.done)
	return nil
}

func TestServerHealsATakenPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := NewServer("127.0.0.1:9090", listen.NewHosts(), fullSnapshot, slog.New(slog.NewTextHandler(&log, nil)))
		start := time.Now()
		var tries []time.Duration
		taken := &net.OpError{Op: "listen", Err: syscall.EADDRINUSE}
		s.service.Open = func(context.Context) (net.Listener, error) {
			tries = append(tries, time.Since(start))
			if len(tries) < 6 {
				return nil, taken
			}
			return quietListener{make(chan struct{})}, nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if got := s.Addr(); got != "" {
			t.Errorf("address %q while the port is taken", got)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if got := s.Addr(); got != "127.0.0.1:9090" {
			t.Errorf("address %q once the port is free", got)
		}
		if want := "[0s 1s 3s 7s 15s 25s]"; fmt.Sprint(tries) != want {
			t.Errorf("tried at %v, want %s", tries, want)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if s.Addr() != "" {
			t.Error("still has an address after its end")
		}
		if got := log.String(); strings.Count(got, "level=WARN") != 1 || !strings.Contains(got, "metrics are served") ||
			!strings.Contains(got, "address already in use") || !strings.Contains(got, "--metrics-listen") {
			t.Errorf("the log says:\n%s", got)
		}
	})
}

// A listener that breaks is replaced.
func TestServerOutlivesItsListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewServer("127.0.0.1:9090", listen.NewHosts(), fullSnapshot, quietLog())
		var all []quietListener
		s.service.Open = func(context.Context) (net.Listener, error) {
			l := quietListener{make(chan struct{})}
			all = append(all, l)
			return l, nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		all[0].done <- struct{}{} // Accept fails
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(all) != 2 || s.Addr() == "" {
			t.Errorf("%d listeners, address %q", len(all), s.Addr())
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestAnAddressBeyondThisMachineIsWarnedOf(t *testing.T) {
	for listen, want := range map[string]bool{"127.0.0.1:9090": false, "[::1]:1": false, "localhost:1": false, "": false, ":9090": true, "0.0.0.0:9090": true, "10.0.0.5:1": true} {
		warning, do := Config{Listen: listen}.Exposed()
		if (warning != "") != want || (do != "") != want {
			t.Errorf("%q: %q, %q", listen, warning, do)
		}
	}
	var log bytes.Buffer
	s := NewServer("0.0.0.0:0", nil, nil, slog.New(slog.NewTextHandler(&log, nil)))
	ln, err := s.service.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if !strings.Contains(log.String(), "readable from other machines") {
		t.Errorf("the log says %q", log.String())
	}
}
