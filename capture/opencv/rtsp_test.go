//go:build cgo

package opencv_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
)

func TestRTSP(t *testing.T) {
	s := startRTSP(t, "--fps", "25", "--size", "320x240")
	for _, transport := range []string{"tcp", "udp"} {
		t.Run(transport, func(t *testing.T) {
			cfg := config(s.url(""))
			cfg.Transport = transport
			cfg.OpenTimeout = text.Duration(15 * time.Second)
			src := mustOpen(t, cfg)
			if w, h := src.Size(); w != 320 || h != 240 || !src.Live() {
				t.Fatalf("size %dx%d, live %v", w, h, src.Live())
			}
			var first, last capture.Stamp
			for i := range 40 {
				_, stamp, _, err := picture(src)
				if err != nil {
					t.Fatal("picture", i, err)
				}
				// The first pictures of a connection may be without a time.
				if !stamp.HasPTS && i >= 5 || stamp.HasPTS && stamp.PTS < last.PTS {
					t.Fatalf("picture %d: stamp %+v after %+v", i, stamp, last)
				}
				if i == 10 {
					first = stamp
				}
				last = stamp
			}
			// A busy server leaves pictures out, and UDP may lose some: there is more
			// time between those that come, never less.
			if pts := last.PTS - first.PTS; pts < time.Second || pts > 10*time.Second {
				t.Errorf("29 pictures at 25 a second take %v of presentation time", pts)
			}
		})
	}
}

func TestRTSPPassword(t *testing.T) {
	for _, auth := range []string{"digest", "basic"} {
		s := startRTSP(t, "--user", "joe", "--password", "p@ss/w:rd", "--auth", auth)
		cfg := config(s.url("joe:p%40ss%2Fw%3Ard@"))
		cfg.OpenTimeout = text.Duration(15 * time.Second)
		src := mustOpen(t, cfg)
		if _, _, _, err := picture(src); err != nil {
			t.Error(auth, err)
		}
		for _, userinfo := range []string{"joe:hunter2@", ""} {
			_, err := open(t, config(s.url(userinfo)))
			if !errors.Is(err, capture.ErrUnauthorized) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s with %q: %v", auth, userinfo, err)
			}
		}
	}
}

func TestRTSPErrors(t *testing.T) {
	s := startRTSP(t)
	closed := faultServer(t, func(c net.Conn) { c.Close() })
	answer := func(status string) string {
		return faultServer(t, func(c net.Conn) {
			defer c.Close()
			buf := make([]byte, 4096)
			if n, err := c.Read(buf); err == nil && n > 0 {
				fmt.Fprintf(c, "RTSP/1.0 %s\r\nCSeq: 1\r\n\r\n", status)
			}
			_, _ = c.Read(buf)
		})
	}
	for name, c := range map[string]struct {
		url, says string
		is        error
	}{
		"no such stream": {strings.TrimSuffix(s.url(""), "stream") + "none", "check the path", nil},
		"refused":        {"rtsp://127.0.0.1:1/x", "refused", syscall.ECONNREFUSED}, // nobody is given port 1
		"closed":         {"rtsp://" + closed + "/x", "", nil},
		"no such host":   {"rtsp://no.such.host.invalid/x", "", nil},
		"silent":         {"rtsp://" + faultServer(t, silent) + "/x", "no answer within", os.ErrDeadlineExceeded},
		"garbage":        {"rtsp://" + faultServer(t, trickle) + "/x", "", nil},
		"forbidden":      {"rtsp://" + answer("403 Forbidden") + "/x", "forbids", capture.ErrUnauthorized},
		"server error":   {"rtsp://" + answer("500 Internal Server Error") + "/x", "", nil},
		"not TLS":        {strings.Replace(s.url(""), "rtsp:", "rtsps:", 1), "", nil},
		"another scheme": {"gopher://127.0.0.1/x", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config(c.url)
			cfg.OpenTimeout = text.Duration(time.Second)
			if c.says != "" && !errors.Is(c.is, os.ErrDeadlineExceeded) {
				// An answer is waited for, on a busy machine too.
				cfg.OpenTimeout = text.Duration(20 * time.Second)
			}
			began := time.Now()
			_, err := open(t, cfg)
			if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v: want %v, saying %q", err, c.is, c.says)
			}
			if took := time.Since(began); took > 25*time.Second {
				t.Errorf("it took %v: FFmpeg's own patience is 30 s", took)
			}
		})
	}
}

// One camera that does not answer must not hold up the opening of others.
func TestOpeningsDoNotWaitForEachOther(t *testing.T) {
	s := startRTSP(t)
	hole := faultServer(t, silent)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			cfg := config("rtsp://" + hole + "/x")
			cfg.Transport = "udp"
			cfg.OpenTimeout = text.Duration(time.Minute)
			if _, err := drivers().Open(ctx, cfg); !errors.Is(err, context.Canceled) {
				t.Errorf("open on a silent server: %v", err)
			}
		})
	}
	cfg := config(s.url(""))
	cfg.OpenTimeout = text.Duration(15 * time.Second)
	if _, err := open(t, cfg); err != nil {
		t.Error(err)
	}
	cancel()
	wg.Wait()
}

func TestRTSPServerStops(t *testing.T) {
	s := startRTSP(t)
	cfg := config(s.url(""))
	cfg.OpenTimeout = text.Duration(15 * time.Second)
	cfg.StallTimeout = text.Duration(3 * time.Second) // a busy server may need some of it
	src := mustOpen(t, cfg)
	if _, _, _, err := picture(src); err != nil {
		t.Fatal(err)
	}
	if err := s.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := failure(src); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a stopped server: %v", err)
	}
	src.Close()

	if err := s.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	src = mustOpen(t, cfg)
	if _, _, _, err := picture(src); err != nil {
		t.Error("after it goes on:", err)
	}
	if err := s.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := failure(src); err == nil {
		t.Error("a killed server goes on giving pictures")
	}
}

// failure grabs until that fails, for 30 s at most.
func failure(src capture.Source) (err error) {
	for began := time.Now(); err == nil && time.Since(began) < 30*time.Second; {
		_, err = src.Grab()
	}
	return err
}

func TestContextEndsGrab(t *testing.T) {
	s := startRTSP(t)
	cfg := config(s.url(""))
	cfg.OpenTimeout = text.Duration(15 * time.Second)
	cfg.StallTimeout = text.Duration(time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	src, err := drivers().Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if err := s.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(100*time.Millisecond, cancel)
	began := time.Now()
	for err == nil {
		_, err = src.Grab()
	}
	if !errors.Is(err, context.Canceled) || time.Since(began) > 20*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}
