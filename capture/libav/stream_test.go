//go:build cgo

package libav

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
)

func openStream(t *testing.T, address string, change func(*capture.Config)) (capture.PacketSource, error) {
	t.Helper()
	cfg := config(address)
	cfg.OpenTimeout = text.Duration(3 * time.Second)
	if change != nil {
		change(&cfg)
	}
	addr, err := capture.ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	if addr.Kind != capture.KindStream {
		t.Fatalf("%s is of kind %s", address, addr.Kind)
	}
	src, err := library.OpenStream(t.Context(), cfg, addr)
	if err == nil {
		t.Cleanup(func() { src.Close() })
	}
	return src, err
}

// packets reads until the end, or n packets of video.
func packets(t *testing.T, src capture.PacketSource, n int) (got int) {
	t.Helper()
	for got < n {
		p, err := src.Read()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Track.Video {
			got++
		}
	}
	return got
}

// site is a directory with a playlist and its segments, and whole files.
func site(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	source := []string{"-f", "lavfi", "-i", "testsrc=rate=25:size=160x120:duration=4", "-g", "25"}
	ffmpeg(t, append(source, "-f", "hls", "-hls_time", "1", "-hls_list_size", "0", filepath.Join(dir, "live.m3u8"))...)
	ffmpeg(t, append(source, filepath.Join(dir, "whole.ts"))...)
	ffmpeg(t, append(source, "-movflags", "+faststart", filepath.Join(dir, "whole.mp4"))...)
	ffmpeg(t, append(source, filepath.Join(dir, "late.mp4"))...) // its index is at its end
	return dir
}

// guard requires user and password, and counts requests that carry any.
func guard(next http.Handler, seen *atomic.Int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, ok := r.BasicAuth()
		if r.Header.Get("Authorization") != "" {
			seen.Add(1)
		}
		if !ok || user != "admin" || password != "Hunter2" {
			w.Header().Set("WWW-Authenticate", `Basic realm="cam"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func TestHTTPStreams(t *testing.T) {
	dir := site(t)
	var logins, leaks atomic.Int64
	owner := httptest.NewServer(guard(http.FileServer(http.Dir(dir)), &logins))
	defer owner.Close()
	address := strings.Replace(owner.URL, "http://", "http://admin:Hunter2@", 1)
	for _, name := range []string{"live.m3u8", "whole.ts", "whole.mp4", "late.mp4"} {
		src, err := openStream(t, address+"/"+name, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if n := packets(t, src, 1000); n != 100 {
			t.Errorf("%s: %d packets, want 100", name, n)
		}
	}
	if logins.Load() == 0 {
		t.Error("the login was never given")
	}

	// Another host gets no login, neither through a redirect nor through a playlist.
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			leaks.Add(1)
		}
		http.FileServer(http.Dir(dir)).ServeHTTP(w, r)
	}))
	defer other.Close()
	pointing := httptest.NewServer(guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/list.m3u8" {
			list := mustRead(t, filepath.Join(dir, "live.m3u8"))
			_, _ = w.Write(bytes.ReplaceAll(list, []byte("live"), []byte(other.URL+"/live")))
			return
		}
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusFound)
	}), &logins))
	defer pointing.Close()
	address = strings.Replace(pointing.URL, "http://", "http://admin:Hunter2@", 1)
	for _, name := range []string{"whole.ts", "list.m3u8"} {
		src, err := openStream(t, address+"/"+name, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if n := packets(t, src, 1000); n != 100 {
			t.Errorf("%s: %d packets, want 100", name, n)
		}
	}
	if n := leaks.Load(); n > 0 {
		t.Errorf("another host got the login %d times", n)
	}
}

// The segments of a playlist are where it was found, not where it was asked for.
func TestRedirectedPlaylist(t *testing.T) {
	dir := site(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch name, found := strings.CutPrefix(r.URL.Path, "/edge/17/"); {
		case found:
			http.ServeFile(w, r, filepath.Join(dir, name))
		case r.URL.Path == "/camera.m3u8":
			http.Redirect(w, r, "/edge/17/"+r.URL.RawQuery, http.StatusFound)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	for _, target := range []string{"live.m3u8", "live.m3u8?token=a.b"} {
		src, err := openStream(t, server.URL+"/camera.m3u8?"+target, nil)
		if err != nil {
			t.Errorf("%s: %v", target, err)
			continue
		}
		if n := packets(t, src, 1000); n != 100 {
			t.Errorf("%s: %d packets, want 100", target, n)
		}
	}
}

func TestHTTPStreamErrors(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch r.URL.Path {
		case "/loop.m3u8":
			http.Redirect(w, r, "/loop.m3u8", http.StatusFound)
		case "/file.m3u8":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/names.m3u8":
			fmt.Fprint(w, "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")
		case "/slow.ts":
			<-r.Context().Done()
		case "/login.ts":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	for _, c := range []struct {
		path, says string
		is         error
	}{
		{"/loop.m3u8", "redirects more than", nil},
		{"/file.m3u8", "file://", capture.ErrUnsupported},
		{"/names.m3u8", "", nil},
		{"/none.ts", "404", nil},
		{"/login.ts", "correct it", capture.ErrUnauthorized},
		{"/slow.ts", "open_timeout", os.ErrDeadlineExceeded},
	} {
		src, err := openStream(t, server.URL+c.path, func(cfg *capture.Config) { cfg.OpenTimeout = text.Duration(500 * time.Millisecond) })
		if err == nil {
			t.Errorf("%s: opens %v", c.path, src)
			continue
		}
		if !strings.Contains(err.Error(), c.says) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: %v", c.path, err)
		}
	}
	if n := asked.Load(); n > 30 {
		t.Errorf("%d requests", n)
	}
}

func TestHTTPSStreams(t *testing.T) {
	server := httptest.NewTLSServer(http.FileServer(http.Dir(site(t))))
	defer server.Close()
	if _, err := openStream(t, server.URL+"/whole.ts", nil); !errors.Is(err, capture.ErrUntrusted) {
		t.Errorf("an unknown certificate: %v", err)
	}
	src, err := openStream(t, server.URL+"/live.m3u8", func(cfg *capture.Config) { cfg.TLS = capture.TrustInsecure })
	if err != nil {
		t.Fatal(err)
	}
	if n := packets(t, src, 1000); n != 100 {
		t.Errorf("%d packets, want 100", n)
	}
}

// sender runs ffmpeg as a camera that sends to an address, and returns the file with its output.
func sender(t *testing.T, args ...string) (log string) {
	t.Helper()
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is missing: apt install ffmpeg")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, append([]string{"-v", "error", "-re", "-f", "lavfi", "-i", "testsrc=rate=25:size=160x120", "-g", "10", "-tune", "zerolatency"}, args...)...)
	file, err := os.Create(filepath.Join(t.TempDir(), "sender.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd.Stderr = file
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	return file.Name()
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.LocalAddr().(*net.UDPAddr).Port
}

func TestOtherStreams(t *testing.T) {
	port := freePort(t)
	for name, c := range map[string]struct {
		send []string
		open string
		says string // the sender; "": nothing of interest
	}{
		"udp":  {[]string{"-f", "mpegts", fmt.Sprintf("udp://127.0.0.1:%d", port)}, fmt.Sprintf("udp://127.0.0.1:%d", port), ""},
		"rtp":  {[]string{"-f", "rtp_mpegts", fmt.Sprintf("rtp://127.0.0.1:%d", port+2)}, fmt.Sprintf("rtp://127.0.0.1:%d", port+2), ""},
		"srt":  {[]string{"-v", "verbose", "-f", "mpegts", fmt.Sprintf("srt://127.0.0.1:%d?mode=listener", port+4)}, fmt.Sprintf("srt://127.0.0.1:%d?streamid=#!::r=door,u=joe", port+4), "streamid [#!::r=door,u=joe]"},
		"rtmp": {[]string{"-f", "flv", "-listen", "1", fmt.Sprintf("rtmp://127.0.0.1:%d/live", port+6)}, fmt.Sprintf("rtmp://127.0.0.1:%d/live", port+6), ""},
	} {
		t.Run(name, func(t *testing.T) {
			log := sender(t, c.send...)
			var src capture.PacketSource
			var err error
			for range 30 { // until it listens
				if src, err = openStream(t, c.open, nil); err == nil {
					break
				}
				time.Sleep(100 * time.Millisecond)
			}
			if err != nil {
				t.Fatal(err)
			}
			if !src.Live() {
				t.Error("it is not live")
			}
			if n := packets(t, src, 30); n != 30 {
				t.Errorf("%d packets", n)
			}
			if !strings.Contains(string(mustRead(t, log)), c.says) {
				t.Errorf("the sender says\n%s", mustRead(t, log))
			}
		})
	}
	began := time.Now()
	_, err := openStream(t, fmt.Sprintf("udp://127.0.0.1:%d", freePort(t)), func(cfg *capture.Config) { cfg.OpenTimeout = text.Duration(500 * time.Millisecond) })
	if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took > 2*time.Second {
		t.Errorf("no sender: %v after %v", err, took)
	}
}
