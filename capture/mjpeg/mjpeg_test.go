package mjpeg

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rvo-tui/capture"
	"rvo-tui/capture/login/logintest"
	"rvo-tui/internal/text"
)

const ms = time.Millisecond

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// jpegOf returns a JPEG file of one colour.
func jpegOf(t testing.TB, width, height int, c color.Color) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		img.Set(i%width, i/width, c)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var (
	red  = color.RGBA{R: 255, A: 255}
	blue = color.RGBA{B: 255, A: 255}
)

func httpConfig(timeout time.Duration) capture.Config {
	c := capture.DefaultConfig()
	c.Name, c.OpenTimeout, c.StallTimeout = "door", text.Duration(timeout), text.Duration(timeout)
	return c
}

func openURL(t *testing.T, cfg capture.Config, address string) (capture.PacketSource, error) {
	t.Helper()
	return openIn(t.Context(), t, cfg, address)
}

func openIn(ctx context.Context, t *testing.T, cfg capture.Config, address string) (capture.PacketSource, error) {
	t.Helper()
	addr, err := capture.ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Source = address
	src, err := Open(ctx, cfg, addr)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { src.Close() })
	return src, nil
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// decodePacket returns the first pixel of a packet.
func decodePacket(t *testing.T, p *capture.Packet) (bgr [3]byte, err error) {
	t.Helper()
	d, err := OpenDecoder(p.Track, capture.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	out, err := d.Decode([]*capture.Packet{p}, false)
	if err != nil {
		t.Fatal(err)
	}
	if out.Image == nil {
		return bgr, errors.New("no frame")
	}
	w, h := out.Image.Size()
	dst := make([]byte, w*h*3+capture.Slack)
	if err := out.Image.Convert(dst, capture.Target{Order: capture.BGR, Width: w, Height: h, Stride: w * 3}); err != nil {
		t.Fatal(err)
	}
	return [3]byte(dst), nil
}

// grab reads one packet and returns its first pixel.
func grab(t *testing.T, src capture.PacketSource) (*capture.Packet, [3]byte) {
	t.Helper()
	p, err := src.Read()
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	pixel, err := decodePacket(t, p)
	if err != nil {
		t.Fatal(err)
	}
	return p, pixel
}

func isRed(bgr [3]byte) bool  { return bgr[2] > 240 && bgr[0] < 15 && bgr[1] < 15 }
func isBlue(bgr [3]byte) bool { return bgr[0] > 240 && bgr[2] < 15 && bgr[1] < 15 }

func TestMJPEGStyles(t *testing.T) {
	pic := jpegOf(t, 32, 16, red)
	for name, tc := range map[string]struct{ contentType, part string }{
		"proper":               {`multipart/x-mixed-replace; boundary=frame`, "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: LEN\r\n\r\nJPEG\r\n"},
		"quoted boundary":      {`multipart/x-mixed-replace; boundary="a b"`, "--a b\r\nContent-Length: LEN\r\n\r\nJPEG\r\n"},
		"boundary has dashes":  {`multipart/x-mixed-replace; boundary=--frame`, "--frame\r\nContent-Type: image/jpeg\r\n\r\nJPEG\r\n"},
		"malformed type":       {`multipart/x-mixed-replace; boundary=--a b/c`, "--a b/c\r\n\r\nJPEG\r\n"},
		"no boundary":          {`multipart/x-mixed-replace`, "\r\nJPEG"},
		"bare line feeds":      {`multipart/x-mixed-replace;boundary=x`, "--x\nContent-Type: image/jpeg\n\nJPEG\n"},
		"no final line end":    {`multipart/x-mixed-replace;boundary=x`, "--x\r\nContent-Type: image/jpeg\r\n\r\nJPEG"},
		"wrong length":         {`multipart/x-mixed-replace;boundary=x`, "--x\r\nContent-Length: 7\r\n\r\nJPEG\r\n"},
		"text parts between":   {`multipart/mixed;boundary=x`, "--x\r\nContent-Type: text/plain\r\n\r\nmotion=\xff\x00\xff1\r\n--x\r\n\r\nJPEG\r\n"},
		"no end marker":        {`multipart/x-mixed-replace;boundary=x`, "--x\r\n\r\nCUT\r\n"},
		"garbage before start": {`multipart/x-mixed-replace;boundary=x`, strings.Repeat("\xff\xd8 junk \xff", 3000) + "JPEG"},
	} {
		t.Run(name, func(t *testing.T) {
			part := strings.NewReplacer("LEN", fmt.Sprint(len(pic)), "JPEG", string(pic), "CUT", string(pic[:len(pic)-2])).Replace(tc.part)
			next := make(chan struct{}, 3)
			defer close(next)
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", tc.contentType)
				w.(http.Flusher).Flush()
				for range next {
					w.Write([]byte(part))
					w.(http.Flusher).Flush()
				}
			})
			src, err := openURL(t, httpConfig(20*time.Second), s.URL)
			if err != nil {
				t.Fatal(err)
			}
			if name == "no end marker" {
				next <- struct{}{} // only the next frame shows that one is over
			}
			for range 2 {
				next <- struct{}{}
				packet, p := grab(t, src)
				if !isRed(p) {
					t.Fatalf("first pixel %v, want red", p)
				}
				if w, h := packet.Track.Width, packet.Track.Height; w != 32 || h != 16 || !packet.Key {
					t.Fatalf("size %dx%d, key %v", w, h, packet.Key)
				}
			}
		})
	}
}

func TestPacketsAreWhatWasSent(t *testing.T) {
	first, second := jpegOf(t, 8, 8, red), jpegOf(t, 16, 8, blue)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=x")
		for i := range 20 {
			fmt.Fprintf(w, "--x\r\nX-Timestamp: %d.5\r\n\r\n%s\r\n", 1000+2*i, first)
		}
		fmt.Fprintf(w, "--x\r\nX-Timestamp: 1040.75\r\n\r\n%s\r\n", second)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	src, err := openURL(t, httpConfig(20*time.Second), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	if tracks := src.Tracks(); len(tracks) != 1 || !tracks[0].Video || tracks[0].Codec != capture.MJPEG || !src.Live() {
		t.Errorf("tracks %+v, live %v", tracks, src.Live())
	}
	var track *capture.Track
	for i := range 20 {
		p, _ := grab(t, src)
		if !bytes.Equal(p.Data, first) || p.PTS != time.Duration(2*i)*time.Second || p.DTS != p.PTS || p.Arrived.IsZero() {
			t.Fatalf("packet %d: %d bytes at %v", i, len(p.Data), p.PTS)
		}
		if track != nil && p.Track != track {
			t.Fatalf("packet %d is of another track", i)
		}
		track = p.Track
	}
	p, pixel := grab(t, src)
	if !isBlue(pixel) || p.PTS != 40250*ms || p.Track == track || p.Track.Width != 16 {
		t.Errorf("pixel %v at %v of %+v", pixel, p.PTS, p.Track)
	}
}

func TestMJPEGRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		handle http.HandlerFunc
		is     error
		says   string
	}{
		"page":      {func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Type", "text/html") }, capture.ErrUnsupported, "(text/html)"},
		"snapshot":  {func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Type", "image/jpeg") }, capture.ErrUnsupported, "single JPEG image"},
		"no user":   {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(401) }, capture.ErrUnauthorized, "USER:PASSWORD"},
		"forbidden": {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(403) }, capture.ErrUnauthorized, "403"},
		"no stream": {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(404) }, nil, "path"},
		"error":     {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) }, nil, "503"},
		"other host": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.2:1/x?token=zzz9", 302)
		}, nil, "redirects"},
		"circle": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", 302) }, nil, "redirections"},
		"huge header": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X", strings.Repeat("a", 1<<20))
		}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, tc.handle)
			_, err := openURL(t, httpConfig(20*time.Second), s.URL+"/v?token=zzz9")
			if err == nil || !strings.Contains(err.Error(), tc.says) || tc.is != nil && !errors.Is(err, tc.is) {
				t.Fatalf("error %v, want one of %v that says %q", err, tc.is, tc.says)
			}
			if strings.Contains(err.Error(), "zzz9") {
				t.Errorf("the error tells the token: %v", err)
			}
		})
	}
}

func TestMJPEGAuthentication(t *testing.T) {
	pic := jpegOf(t, 8, 8, red)
	stream := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "multipart/x-mixed-replace")
		w.Write(pic)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	basic := func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user == "ann" && password == "p@ss" {
			stream(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="cam"`)
		w.WriteHeader(401)
	}
	digestBy := func(params string, staleOnce bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			nonce := "first"
			if staleOnce {
				nonce = "second"
			}
			auth := r.Header.Get("Authorization")
			if logintest.Accepts(auth, r.Method, `cam, a "door"`, nonce, "ann", "p@ss") {
				stream(w, r)
				return
			}
			if auth == "" {
				nonce = "first"
			}
			extra := ""
			if staleOnce && auth != "" && !strings.Contains(auth, "second") {
				extra = ", stale=TRUE"
			}
			w.Header().Add("WWW-Authenticate", `Basic realm="cam"`)
			w.Header().Add("WWW-Authenticate", `Digest realm="cam, a \"door\"", nonce="`+nonce+`"`+params+extra)
			w.WriteHeader(401)
		}
	}
	for name, handle := range map[string]http.HandlerFunc{
		"basic":           basic,
		"digest MD5":      digestBy(`, qop="auth,auth-int", opaque="x"`, false),
		"digest SHA-256":  digestBy(`, algorithm=SHA-256, qop=auth`, false),
		"digest session":  digestBy(`, algorithm=MD5-sess, qop="auth"`, false),
		"digest userhash": digestBy(`, algorithm=SHA-256, qop="auth", userhash=true`, false),
		"digest old":      digestBy(``, false),
		"digest stale":    digestBy(`, qop="auth"`, true),
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, handle)
			u, _ := url.Parse(s.URL + "/video?x=1")
			u.User = url.UserPassword("ann", "p@ss")
			src, err := openURL(t, httpConfig(20*time.Second), u.String())
			if err != nil {
				t.Fatal(err)
			}
			grab(t, src)
			u.User = url.UserPassword("ann", "wrong-one")
			_, err = openURL(t, httpConfig(20*time.Second), u.String())
			if !errors.Is(err, capture.ErrUnauthorized) || strings.Contains(err.Error(), "wrong-one") {
				t.Errorf("with a wrong password: %v", err)
			}
		})
	}
}

// listen returns the address of a server that calls handle for the request of each connection.
func listen(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				handle(c)
			}
			c.Close()
		}
	}()
	return "http://" + l.Addr().String() + "/"
}

// untilClosed waits for the other side to close.
func untilClosed(c net.Conn) {
	for buf := make([]byte, 4096); ; {
		if _, err := c.Read(buf); err != nil {
			return
		}
	}
}

const streamHead = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n"

func TestMJPEGHostile(t *testing.T) {
	bomb := jpegOf(t, 8, 8, red)
	at := bytes.Index(bomb, []byte{0xFF, 0xC0})
	copy(bomb[at+5:], []byte{0xFF, 0xFF, 0xFF, 0xFF}) // says it has 65535 x 65535 pixels
	for name, tc := range map[string]struct {
		handle  func(net.Conn)
		open    error // of opening; nil: it opens
		corrupt bool  // of the first grab
		grab    error
		says    string
	}{
		"closes at once": {handle: func(net.Conn) {}, open: io.ErrUnexpectedEOF, says: "closed the connection"},
		"silent":         {handle: untilClosed, open: os.ErrDeadlineExceeded, says: "no answer within 300ms"},
		"connected":      {handle: func(c net.Conn) { fmt.Fprint(c, streamHead); untilClosed(c) }, grab: context.Canceled},
		"ends":           {handle: func(c net.Conn) { fmt.Fprint(c, streamHead); c.(*net.TCPConn).CloseWrite(); untilClosed(c) }, says: "server ended"},
		"bomb":           {handle: func(c net.Conn) { fmt.Fprint(c, streamHead); c.Write(bomb); untilClosed(c) }, corrupt: true},
		"no frame":       {handle: func(c net.Conn) { fmt.Fprint(c, streamHead+"\xff\xd8\xff\xd9"); untilClosed(c) }, corrupt: true},
		"endless header": {handle: func(c net.Conn) { fmt.Fprint(c, streamHead+strings.Repeat("X-A: b\r\n", 1<<16)); untilClosed(c) }, grab: context.Canceled},
		"endless frame": {handle: func(c net.Conn) {
			fmt.Fprint(c, streamHead+"\xff\xd8\xff\xda"+strings.Repeat("\x00\x08", 9<<20))
			untilClosed(c)
		}, corrupt: true, says: "16 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			// Missing data times out soon, and late data is accepted.
			cfg := httpConfig(20 * time.Second)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if errors.Is(tc.open, os.ErrDeadlineExceeded) {
				cfg.OpenTimeout = text.Duration(300 * ms)
			}
			if tc.grab != nil {
				time.AfterFunc(300*ms, cancel) // as a Camera does that has had no frame
			}
			src, err := openIn(ctx, t, cfg, listen(t, tc.handle))
			if tc.open != nil {
				if !errors.Is(err, tc.open) || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("open: %v, want %v that says %q", err, tc.open, tc.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			_, err = src.Read()
			if err == nil || tc.grab != nil && !errors.Is(err, tc.grab) || !strings.Contains(err.Error(), tc.says) || tc.corrupt != errors.As(err, new(*capture.CorruptError)) {
				t.Errorf("grab: %v, want %v that says %q", err, tc.grab, tc.says)
			}
		})
	}
}

// The response of another protocol's port is not repeated: API clients may add cameras.
func TestWhatOtherPortsSayIsNotRepeated(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(conn, "SSH-2.0-secret_banner\r\n")
			conn.Close()
		}
	}()
	_, err = openURL(t, httpConfig(time.Second), "http://"+ln.Addr().String()+"/")
	if err == nil || strings.Contains(err.Error(), "banner") {
		t.Errorf("got %v", err)
	}
}

func TestMJPEGRefused(t *testing.T) {
	// Port 1 is never assigned.
	if _, err := openURL(t, httpConfig(20*time.Second), "http://ann:hunter22@127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "refused") || strings.Contains(err.Error(), "hunter22") {
		t.Errorf("open: %v", err)
	}
}

func TestMJPEGTruncatedFrameIsSkipped(t *testing.T) {
	pic := jpegOf(t, 64, 64, red)
	address := listen(t, func(c net.Conn) {
		fmt.Fprintf(c, "%s--x\r\n\r\n%s\r\n--x\r\n\r\n", streamHead, pic[:len(pic)/2])
		// A truncated part swallows what follows.
		fmt.Fprintf(c, "%s\r\n%s\r\n", pic, pic)
		untilClosed(c)
	})
	src, err := openURL(t, httpConfig(20*time.Second), address)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		p, err := src.Read()
		if err != nil {
			continue
		}
		if pixel, err := decodePacket(t, p); err == nil && isRed(pixel) {
			return
		}
	}
	t.Error("the complete frame did not arrive")
}

func TestClock(t *testing.T) {
	at := func(ms int) time.Time { return time.Unix(1e9, int64(ms)*1e6) }
	type frame struct {
		arrived, stamp int // milliseconds; a stamp of -1: none
		want           int
	}
	for name, frames := range map[string][]frame{
		"none":            {{0, -1, 0}, {40, -1, 40}, {90, -1, 90}},
		"stamps":          {{0, 5000, 0}, {90, 5040, 40}, {95, 5080, 80}},
		"constant":        {{0, 7000, 0}, {40, 7000, 40}, {80, 7000, 80}, {120, 7040, 120}},
		"stop in between": {{0, 5000, 0}, {50, 5040, 40}, {90, -1, 80}, {130, 5120, 120}},
		"jump":            {{0, 5000, 0}, {50, 5040, 40}, {90, 9_000_000, 80}, {130, 9_000_040, 120}},
		"back":            {{0, 5000, 0}, {50, 4000, 50}},
	} {
		var c clock
		for i, f := range frames {
			got := c.next(at(f.arrived), time.Duration(f.stamp)*ms, f.stamp >= 0)
			if got != time.Duration(f.want)*ms {
				t.Errorf("%s: frame %d at %v, want %d ms", name, i, got, f.want)
			}
		}
	}
}

func TestContextEndsRead(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	src, err := openIn(ctx, t, httpConfig(time.Minute), listen(t, func(c net.Conn) { fmt.Fprint(c, streamHead); untilClosed(c) }))
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*ms, cancel)
	if _, err := src.Read(); !errors.Is(err, context.Canceled) {
		t.Errorf("read of a source whose context has ended: %v", err)
	}
}
