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

func openURL(t *testing.T, cfg capture.Config, address string) (capture.Source, error) {
	t.Helper()
	cfg.Source = address
	conn, err := capture.Drivers{capture.KindHTTP: capture.Opens(Open)}.Open(t.Context(), cfg)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(capture.Source), nil
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

// grab takes one picture and returns its first pixel.
func grab(t *testing.T, src capture.Source) (capture.Stamp, [3]byte) {
	t.Helper()
	st, err := src.Grab()
	if err != nil {
		t.Fatalf("grab: %v", err)
	}
	w, h := src.Size()
	dst := make([]byte, w*h*3)
	if err := src.Retrieve(dst); err != nil {
		t.Fatalf("retrieve: %v", err)
	}
	return st, [3]byte(dst)
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
				next <- struct{}{} // only the next picture shows that one is over
			}
			for range 2 {
				next <- struct{}{}
				if _, p := grab(t, src); !isRed(p) {
					t.Fatalf("first pixel %v, want red", p)
				}
				if w, h := src.Size(); w != 32 || h != 16 {
					t.Fatalf("size %dx%d", w, h)
				}
			}
		})
	}
}

func TestMJPEGKeepsNewest(t *testing.T) {
	sent := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=x")
		for range 20 {
			fmt.Fprintf(w, "--x\r\n\r\n%s\r\n", jpegOf(t, 8, 8, red))
		}
		fmt.Fprintf(w, "--x\r\nX-Timestamp: 12.5\r\n\r\n%s\r\n", jpegOf(t, 16, 8, blue))
		w.(http.Flusher).Flush()
		close(sent)
		<-r.Context().Done()
	})
	src, err := openURL(t, httpConfig(20*time.Second), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	<-sent
	pump := src.(*mjpegSource)
	skipped := uint64(0)
	for skipped < 20 { // each picture replaces the one before it
		<-pump.fresh
		skipped += pump.Skipped()
	}
	select { // the newest is there: its signal is, or will be
	case pump.fresh <- struct{}{}:
	default:
	}
	st, p := grab(t, src)
	if !isBlue(p) || !st.HasPTS || st.PTS != 12500*ms {
		t.Errorf("pixel %v, presentation time %v %v; want the newest, blue, at 12.5s", p, st.HasPTS, st.PTS)
	}
	if w, h := src.Size(); w != 16 || h != 8 {
		t.Errorf("size %dx%d after a change, want 16x8", w, h)
	}
	if err := src.Retrieve(make([]byte, 8*8*3)); !errors.Is(err, capture.ErrSizeChanged) {
		t.Errorf("retrieve into the old size: %v", err)
	}
}

func TestMJPEGScales(t *testing.T) {
	pic := jpegOf(t, 64, 32, red)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "multipart/x-mixed-replace")
		w.Write(pic)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	cfg := httpConfig(20 * time.Second)
	cfg.Width = 16
	src, err := openURL(t, cfg, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	_, p := grab(t, src)
	if w, h := src.Size(); w != 16 || h != 8 || !isRed(p) {
		t.Errorf("%dx%d of %v, want 16x8 of red", w, h, p)
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

// listen returns the address of a server that answers the request of each connection by handle.
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
		"silent":         {handle: untilClosed, open: os.ErrDeadlineExceeded, says: "no answer within 300ms"},
		"connected":      {handle: func(c net.Conn) { fmt.Fprint(c, streamHead); untilClosed(c) }, grab: os.ErrDeadlineExceeded, says: "no frame for 300ms"},
		"ends":           {handle: func(c net.Conn) { fmt.Fprint(c, streamHead); c.(*net.TCPConn).CloseWrite(); untilClosed(c) }, says: "server ended"},
		"bomb":           {handle: func(c net.Conn) { fmt.Fprint(c, streamHead); c.Write(bomb); untilClosed(c) }, corrupt: true},
		"no picture":     {handle: func(c net.Conn) { fmt.Fprint(c, streamHead+"\xff\xd8\xff\xd9"); untilClosed(c) }, corrupt: true},
		"endless header": {handle: func(c net.Conn) { fmt.Fprint(c, streamHead+strings.Repeat("X-A: b\r\n", 1<<16)); untilClosed(c) }, grab: os.ErrDeadlineExceeded},
		"endless picture": {handle: func(c net.Conn) {
			fmt.Fprint(c, streamHead+"\xff\xd8\xff\xda"+strings.Repeat("\x00\x08", 9<<20))
			untilClosed(c)
		}, corrupt: true, says: "16 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			// What does not come is not waited for long, what comes may come late.
			cfg := httpConfig(20 * time.Second)
			if tc.open != nil {
				cfg.OpenTimeout = text.Duration(300 * ms)
			}
			if tc.grab != nil {
				cfg.StallTimeout = text.Duration(300 * ms)
			}
			src, err := openURL(t, cfg, listen(t, tc.handle))
			if tc.open != nil {
				if !errors.Is(err, tc.open) || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("open: %v, want %v that says %q", err, tc.open, tc.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			_, err = src.Grab()
			if err == nil || tc.grab != nil && !errors.Is(err, tc.grab) || !strings.Contains(err.Error(), tc.says) || tc.corrupt != errors.As(err, new(*capture.CorruptError)) {
				t.Errorf("grab: %v, want %v that says %q", err, tc.grab, tc.says)
			}
		})
	}
}

func TestMJPEGRefused(t *testing.T) {
	// Nobody is given port 1.
	if _, err := openURL(t, httpConfig(20*time.Second), "http://ann:hunter22@127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "refused") || strings.Contains(err.Error(), "hunter22") {
		t.Errorf("open: %v", err)
	}
}

func TestMJPEGTruncatedPictureIsSkipped(t *testing.T) {
	pic := jpegOf(t, 64, 64, red)
	address := listen(t, func(c net.Conn) {
		fmt.Fprintf(c, "%s--x\r\n\r\n%s\r\n--x\r\n\r\n", streamHead, pic[:len(pic)/2])
		// A segment that is cut off swallows what comes next.
		fmt.Fprintf(c, "%s\r\n%s\r\n", pic, pic)
		untilClosed(c)
	})
	src, err := openURL(t, httpConfig(20*time.Second), address)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, err := src.Grab(); err != nil {
			continue
		}
		w, h := src.Size()
		dst := make([]byte, w*h*3)
		err := src.Retrieve(dst)
		if err == nil && isRed([3]byte(dst)) {
			return
		}
		if !errors.As(err, new(*capture.CorruptError)) {
			t.Fatalf("retrieve: %v, want a capture.CorruptError", err)
		}
	}
	t.Error("the whole picture did not come")
}

func TestMJPEGConstantTimestampIsNone(t *testing.T) {
	next := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "multipart/x-mixed-replace")
		w.(http.Flusher).Flush()
		for range next {
			fmt.Fprintf(w, "--x\r\nX-Timestamp: 7\r\n\r\n%s\r\n", jpegOf(t, 8, 8, red))
			w.(http.Flusher).Flush()
		}
	})
	src, err := openURL(t, httpConfig(20*time.Second), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		next <- struct{}{}
		if st, _ := grab(t, src); st.HasPTS != (i == 0) {
			t.Errorf("picture %d: has a presentation time: %v", i, st.HasPTS)
		}
	}
	close(next)
}

func TestMJPEGContextEndsGrab(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cfg := httpConfig(time.Minute)
	cfg.Source = listen(t, func(c net.Conn) { fmt.Fprint(c, streamHead); untilClosed(c) })
	conn, err := capture.Drivers{capture.KindHTTP: capture.Opens(Open)}.Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	src := conn.(capture.Source)
	time.AfterFunc(20*ms, cancel)
	if _, err := src.Grab(); err == nil {
		t.Error("grab of a source whose context has ended")
	}
	src.Close()
}
