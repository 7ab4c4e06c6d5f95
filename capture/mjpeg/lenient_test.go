package mjpeg

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"rvo-tui/capture"
)

// Streams of cameras that violate the standard, and still show frames.
func TestOddStreams(t *testing.T) {
	pic := string(jpegOf(t, 32, 16, red))
	part := "--x\r\nContent-Type: image/jpeg\r\n\r\n" + pic + "\r\n"
	head := func(lines ...string) string {
		return "HTTP/1.1 200 OK\r\n" + strings.Join(append(lines, "\r\n"), "\r\n")
	}
	for name, stream := range map[string]string{
		"no content type":       "HTTP/1.1 200 OK\r\n\r\n" + part + part,
		"octets":                head("Content-Type: application/octet-stream") + part + part,
		"image after image":     head("Content-Type: image/jpeg;size=0") + pic + pic,
		"line without a colon":  head("this line has no sign in it", "Content-Type: multipart/x-mixed-replace; boundary=x") + part + part,
		"colon first":           head(": nothing", "Content-Type: multipart/x-mixed-replace; boundary=x") + part + part,
		"line that goes on":     head("X-A: b", " and so on", "Content-Type: multipart/x-mixed-replace; boundary=x") + part + part,
		"old protocol":          "HTTP/1.0 200 OK\nContent-type: multipart/x-mixed-replace;boundary=x\n\n" + part + part,
		"H.264 behind the JPEG": head("Content-Type: multipart/x-mixed-replace") + part + "--x\r\nContent-Type: video/x-h264\r\n\r\n\x00\x00\x00\x01abc\r\n" + part,
	} {
		t.Run(name, func(t *testing.T) {
			address := listen(t, func(c net.Conn) { fmt.Fprint(c, stream); untilClosed(c) })
			src, err := openURL(t, httpConfig(20*time.Second), address)
			if err != nil {
				t.Fatal(err)
			}
			if _, p := grab(t, src); !isRed(p) {
				t.Errorf("first pixel %v, want red", p)
			}
		})
	}
}

// Content that is not MJPEG is named, so that the user knows what to do.
func TestOtherContent(t *testing.T) {
	nal := "\x00\x00\x00\x01\x67abc"
	for name, tc := range map[string]struct{ stream, says string }{
		"H.264 parts":      {streamHead + "--x\r\nContent-Type: video/x-h264\r\nContent-Length: 8\r\n\r\n" + nal, "H.264 video in HTTP parts"},
		"H.265 parts":      {streamHead + "--x\r\ncontent-type:video/H265\r\n\r\n" + nal, "H.265 video"},
		"H.264 as type":    {"HTTP/1.1 200 OK\r\nContent-Type: video/h264\r\n\r\n" + nal, "H.264 video"},
		"H.264 as octets":  {"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n" + nal, "H.264 or H.265"},
		"noise":            {"HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("\xff\xd8 no \xff", 1<<18), "without a JPEG"},
		"page":             {"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html>", "a page (text/html)"},
		"image":            {"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 4\r\n\r\n\xff\xd8\xff\xd9", "a single JPEG image"},
		"image unmeasured": {"HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + string(jpegOf(t, 8, 8, red)), "a single JPEG image"},
	} {
		t.Run(name, func(t *testing.T) {
			address := listen(t, func(c net.Conn) {
				fmt.Fprint(c, tc.stream)
				if err := c.(*net.TCPConn).CloseWrite(); err == nil {
					untilClosed(c)
				}
			})
			src, err := openURL(t, httpConfig(20*time.Second), address)
			for range 2 {
				if err == nil {
					_, err = src.Read()
				}
			}
			if !errors.Is(err, capture.ErrUnsupported) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v, want one that says %q", err, tc.says)
			}
		})
	}
}

// The zone of an address is used to connect, and not sent to the server.
func TestZoneOfAnAddress(t *testing.T) {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 here")
	}
	hosts := make(chan string, 1)
	pic := jpegOf(t, 32, 16, red)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hosts <- r.Host
		w.Header().Set("Content-Type", "multipart/x-mixed-replace")
		w.Write(pic)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})}
	served := make(chan struct{})
	go func() { defer close(served); _ = s.Serve(l) }()
	t.Cleanup(func() { s.Close(); <-served })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, zone := range []string{"%lo", "%25lo"} {
		src, err := openURL(t, httpConfig(20*time.Second), "http://[::1"+zone+"]:"+port+"/")
		if err != nil {
			t.Fatal(err)
		}
		if _, p := grab(t, src); !isRed(p) {
			t.Errorf("%s: first pixel %v", zone, p)
		}
		if host := <-hosts; strings.Contains(host, "lo") {
			t.Errorf("%s: the server gets the host %q", zone, host)
		}
	}
}

type oneShot struct {
	net.Conn
	in io.Reader
}

func (c oneShot) Read(b []byte) (int, error)  { return c.in.Read(b) }
func (c oneShot) Write(b []byte) (int, error) { return len(b), nil }

func FuzzLenientConn(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nno sign\r\nA: b\r\n\r\nbody\r\nno sign")
	f.Add("HTTP/1.1 200 OK\nA: b\n c\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 16<<10 {
			return // a line may then be longer than the buffer
		}
		read := func(in io.Reader) string {
			c := newLenientConn(oneShot{in: in})
			_, _ = c.Write(nil)
			got, _ := io.ReadAll(c)
			return string(got)
		}
		got := read(strings.NewReader(text))
		if bytewise := read(iotest.OneByteReader(strings.NewReader(text))); got != bytewise {
			t.Fatalf("%q at once, %q byte by byte", got, bytewise)
		}
		if len(got) > len(text) {
			t.Fatalf("%d bytes came of %d", len(got), len(text))
		}
		if _, body, found := strings.Cut(text, "\r\n\r\n"); found && !strings.Contains(text[:len(text)-len(body)-2], "\n\n") && !strings.HasSuffix(got, body) {
			t.Fatalf("%q became %q: the body is incomplete", text, got)
		}
	})
}
