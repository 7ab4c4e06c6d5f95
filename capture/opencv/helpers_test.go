//go:build cgo

package opencv_test

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/capture/opencv"
)

func config(source string) capture.Config {
	cfg := capture.DefaultConfig()
	cfg.Name, cfg.Source = "test", source
	return cfg
}

func open(t testing.TB, cfg capture.Config) (capture.Source, error) {
	t.Helper()
	conn, err := drivers().Open(t.Context(), cfg)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(capture.Source), nil
}

func mustOpen(t testing.TB, cfg capture.Config) capture.Source {
	t.Helper()
	src, err := open(t, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// picture returns the next picture, in whatever size it comes, and its stamp.
func picture(src capture.Source) (pix []byte, stamp capture.Stamp, resized bool, err error) {
	if stamp, err = src.Grab(); err != nil {
		return nil, stamp, false, err
	}
	for range 2 {
		w, h := src.Size()
		pix = make([]byte, w*h*3)
		if err = src.Retrieve(pix); !errors.Is(err, capture.ErrSizeChanged) {
			return pix, stamp, resized, err
		}
		resized = true
	}
	return nil, stamp, resized, err
}

// ffmpeg makes a file with the ffmpeg program and returns its path.
func ffmpeg(t testing.TB, name string, args ...string) string {
	t.Helper()
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is missing: apt install ffmpeg")
	}
	path := filepath.Join(t.TempDir(), name)
	out, err := exec.Command(program, append(append([]string{"-v", "error", "-y"}, args...), path)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg %v: %v\n%s", args, err, out)
	}
	return path
}

// testVideo makes a film of a test picture, 25 a second.
func testVideo(t testing.TB, name, size, seconds string, args ...string) string {
	t.Helper()
	return ffmpeg(t, name, append([]string{"-f", "lavfi", "-i", "testsrc=rate=25:size=" + size + ":duration=" + seconds}, args...)...)
}

// rtspServer is a running ../rtsp/testdata/rtsp_server.py.
type rtspServer struct {
	Port    int
	Process *os.Process
}

func (s rtspServer) url(userinfo string) string {
	return fmt.Sprintf("rtsp://%s127.0.0.1:%d/stream", userinfo, s.Port)
}

// startRTSP starts a real server on a free port, or skips the test when there is
// none to be had. It ends with the test.
func startRTSP(t testing.TB, args ...string) rtspServer {
	t.Helper()
	// The distribution's Python has the distribution's modules.
	cmd := exec.Command("/usr/bin/python3", append([]string{"../rtsp/testdata/rtsp_server.py", "--port", "0", "--watch-stdin"}, args...)...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip("python3 is missing: apt install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-{base,good,bad,ugly} gstreamer1.0-libav")
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Process.Kill() // it may be stopped
		_ = cmd.Wait()         // killed
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	s := rtspServer{Process: cmd.Process}
	if _, scanErr := fmt.Sscanf(line, "ready %d", &s.Port); scanErr != nil {
		t.Skipf("no RTSP server (%q, %v): apt install python3-gi gir1.2-gst-rtsp-server-1.0 and the GStreamer plugins", strings.TrimSpace(line), err)
	}
	return s
}

// faultServer accepts connections and gives each to serve, which ends when the
// connection does, with the test at the latest.
func faultServer(t testing.TB, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conns := make(chan net.Conn, 64)
	done := make(chan struct{})
	var served sync.WaitGroup
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns <- c
			served.Go(func() { serve(c) })
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
		close(conns)
		for c := range conns {
			c.Close()
		}
		served.Wait()
	})
	return l.Addr().String()
}

func silent(net.Conn) {}

// trickle sends bytes that mean nothing, slowly, until the connection ends.
func trickle(c net.Conn) {
	for {
		if _, err := c.Write([]byte{'x', 0, 0xff, '$'}); err != nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func drivers() capture.Drivers { return opencv.Drivers(slog.New(slog.DiscardHandler)) }
