package rtsp

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
)

func TestLogsIn(t *testing.T) {
	for _, offer := range []string{`Basic realm="cam"`, `Digest realm="cam", nonce="n"`, `Digest realm="cam", nonce="n", algorithm="SHA-256"`, `Digest realm="cam", nonce="n", algorithm=SHA-256, qop="auth"`} {
		for _, password := range []string{"x", "p@ss/w:rd", "ü%?#[x]{y}", `a"b\c`, ""} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.user, f.password, f.offer = "joe", password, offer
				good := &url.URL{Scheme: "rtsp", Host: "cam", Path: "/live", User: url.UserPassword("joe", password)}
				s, err := f.open(t.Context(), good.String())
				if err != nil {
					t.Fatalf("%s, password %q: %v", offer, password, err)
				}
				read(t, s, 1)
				s.Close()
				for _, r := range f.log()[1:] {
					if !strings.HasSuffix(r, "with a login") {
						t.Errorf("%s without a login: the server has to ask each time", r)
					}
				}
			})
		}
	}
}

func TestWrongPasswordIsTriedOnce(t *testing.T) {
	for user, says := range map[*url.Userinfo]string{url.UserPassword("joe", "hunter2"): "correct them", nil: "USER:PASSWORD"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			f.user, f.password, f.offer = "joe", "right", `Digest realm="cam", nonce="n"`
			bad := &url.URL{Scheme: "rtsp", Host: "cam", User: user}
			_, err := f.open(t.Context(), bad.String())
			if !errors.Is(err, capture.ErrUnauthorized) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v", err)
			}
			logins := 0
			for _, r := range f.log() {
				if strings.Contains(r, "with a login") {
					logins++
				}
			}
			if want := 1; user != nil && logins != want || user == nil && logins != 0 {
				t.Errorf("%d logins", logins)
			}
		})
	}
}

func TestLoginThatIsNotKnownIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.user, f.offer = "joe", `Digest realm="cam", nonce="n", algorithm=SHA-512-256`
		if _, err := f.open(t.Context(), "rtsp://joe:x@cam/"); err == nil || !strings.Contains(err.Error(), "Digest SHA-512-256") {
			t.Errorf("%v", err)
		}
	})
}

// Each refusal has its own error with a remedy, and nothing that the server wrote.
func TestRefusalsAreNamed(t *testing.T) {
	for status, want := range map[string]string{
		"404 Not Found": "check the path", "453 Not Enough Bandwidth": "accepts no more connections", "461 Unsupported Transport": `set transport = "udp"`,
		"403 Forbidden": "denies access", "500 Boom": "internal error", "503 Busy": "overloaded", "454 Session Not Found": "ended the session",
		"400 Bad Request": "does not understand", "599 what\x1b[31mever": "status 599", "505 No": "does not speak RTSP 1.0",
	} {
		for _, method := range []string{"DESCRIBE", "SETUP", "PLAY"} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.answers[method] = status
				_, err := f.open(t.Context(), "rtsp://cam/")
				if err == nil || !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\x1b\n") {
					t.Errorf("%s to %s: %v, want %q", status, method, err, want)
				}
				if strings.HasPrefix(status, "403") != errors.Is(err, capture.ErrUnauthorized) {
					t.Errorf("%s: ErrUnauthorized %v", status, errors.Is(err, capture.ErrUnauthorized))
				}
			})
		}
	}
}

// The login stays with its host, and redirect loops end.
func TestRedirects(t *testing.T) {
	for name, c := range map[string]struct {
		from, location string
		others         bool // whether another host asks for a login as well
		want           string
		hosts          string
		login          bool // whether the last host got one
	}{
		"to another host":      {"rtsp://joe:secret@cam/a", "rtsp://other/b", true, "the one in the address is only for cam", "cam:554 other:554", false},
		"to an open host":      {"rtsp://joe:secret@cam/a", "rtsp://other/b", false, "", "cam:554 other:554", false},
		"with its own login":   {"rtsp://joe:secret@cam/a", "rtsp://joe:secret@other/b", true, "", "cam:554 other:554", true},
		"to another port":      {"rtsp://joe:secret@cam/a", "rtsp://CAM:8554/b", true, "", "cam:554 CAM:8554", true},
		"to a path":            {"rtsp://joe:secret@cam/a", "/b", true, "", "cam:554 cam:554", true},
		"in a loop":            {"rtsp://joe:secret@cam/a", "rtsp://cam/a", false, "more than 5 times", "cam:554 cam:554 cam:554 cam:554 cam:554 cam:554", false},
		"to HTTP":              {"rtsp://cam/a", "http://cam/video", false, "http:// address: give that one as the source", "cam:554", false},
		"to nonsense":          {"rtsp://cam/a", "::::", false, "not rtsp://", "cam:554", false},
		"nowhere":              {"rtsp://cam/a", "", false, "without an address", "cam:554", false},
		"from encrypted to no": {"rtsps://joe:secret@cam/a", "rtsp://cam/b", false, "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first, second := newFake(t), newFake(t)
				first.answers["DESCRIBE"] = "302 Moved\r\nLocation: " + c.location + "\r\n"
				if c.location == "" {
					first.answers["DESCRIBE"] = "302 Moved"
				}
				if c.others {
					second.user, second.password, second.offer = "joe", "secret", `Basic realm="x"`
				}
				var hosts []string
				dial := func(ctx context.Context, address string) (net.Conn, error) {
					if hosts = append(hosts, address); len(hosts) == 1 || name == "in a loop" {
						return first.dial(ctx, address)
					}
					return second.dial(ctx, address)
				}
				if strings.HasPrefix(c.from, "rtsps") {
					a, _, _ := parse(c.from)
					_, _, err := (&client{addr: a}).redirected(&message{status: 302, header: header{"location": {c.location}}})
					if err == nil || !strings.Contains(err.Error(), "not encrypted") {
						t.Errorf("%v", err)
					}
					return
				}
				cfg, addr := config(c.from)
				s, err := first.openWithDial(t.Context(), cfg, addr, dial)
				if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
					t.Errorf("%v, want %q", err, c.want)
				}
				if s != nil {
					s.Close()
				}
				if got := strings.Join(hosts, " "); got != c.hosts {
					t.Errorf("connected to %s, want %s", got, c.hosts)
				}
				if got := strings.Contains(strings.Join(second.log(), "\n"), "with a login"); got != c.login {
					t.Errorf("the second host got a login: %v", got)
				}
			})
		})
	}
}

// brokenPipe is a connection that cannot be closed properly, as TLS when the server has gone.
type brokenPipe struct{ net.Conn }

func (b brokenPipe) Close() error {
	b.Conn.Close()
	return syscall.EPIPE
}

func TestRedirectsOfAServerThatGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newFake(t), newFake(t)
		first.answers["DESCRIBE"] = "302 Moved\r\nLocation: rtsp://other/b\r\n"
		cfg, addr := config("rtsp://cam/a")
		s, err := first.openWithDial(t.Context(), cfg, addr, func(ctx context.Context, address string) (net.Conn, error) {
			if address != "cam:554" {
				return second.dial(ctx, address)
			}
			conn, err := first.dial(ctx, address)
			return brokenPipe{conn}, err
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
	})
}

func (f *fake) openWithDial(ctx context.Context, cfg capture.Config, addr capture.Address, dial dialer) (capture.PacketSource, error) {
	s, err := Open(ctx, cfg, addr, Options{Log: quiet, dial: dial})
	return s, err
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]struct{ dial, uri string }{
		"rtsp://cam":    {"cam:554", "rtsp://cam"},
		"rtsps://cam/x": {"cam:322", "rtsps://cam/x"},
		"rtsp://joe:p%40ss@10.0.0.7:8554/a?b=c&d": {"10.0.0.7:8554", "rtsp://10.0.0.7:8554/a?b=c&d"},
		"rtsp://[::1]:9/x":                        {"[::1]:9", "rtsp://[::1]:9/x"},
		"rtsp://[fe80::1%25eth0]:9/x":             {"[fe80::1%eth0]:9", "rtsp://[fe80::1]:9/x"},
		"rtsp://[fe80::1%25eth0]/x":               {"[fe80::1%eth0]:554", "rtsp://[fe80::1]/x"},
		"rtsp://cam/ü/a%20b?q= x":                 {"cam:554", "rtsp://cam/%C3%BC/a%20b?q=%20x"},
	} {
		a, _, err := parse(text)
		if err != nil || a.dial != want.dial || a.String() != want.uri {
			t.Errorf("%s: %q, %q, %v", text, a.dial, a.String(), err)
		}
	}
	for _, text := range []string{"", "http://cam/", "rtsp:///x", "rtsp://[::1/x", "cam"} {
		if _, _, err := parse(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestControlAddresses(t *testing.T) {
	a, _, err := parse("rtsp://joe:x@cam:8554/live?ch=1")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][3]string{
		{"", "track1", "rtsp://cam:8554/live?ch=1/track1"},
		{"", "*", "rtsp://cam:8554/live?ch=1"},
		{"", "", "rtsp://cam:8554/live?ch=1"},
		{"rtsp://cam:8554/live/", "track1", "rtsp://cam:8554/live/track1"},
		{"rtsp://192.168.1.9/live/", "track1", "rtsp://cam:8554/live/track1"}, // the camera's own idea of its address
		{"", "rtsp://192.168.1.9:554/live/track1", "rtsp://cam:8554/live/track1"},
		{"rtsp://cam:8554/live/", "/other/track1", "rtsp://cam:8554/other/track1"},
		{"/live/", "track1", "rtsp://cam:8554/live/track1"},
		{"", "a b\r\nX: y", "rtsp://cam:8554/live?ch=1/a%20b%0D%0AX:%20y"},
	} {
		if got := a.resolve(c[0], c[1]); got != c[2] {
			t.Errorf("%q at %q: %s, want %s", c[1], c[0], got, c[2])
		}
	}
}

// Descriptions that cameras write in other ways than the RFCs.
func TestOddDescriptions(t *testing.T) {
	const fmtp = "a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0IACg==,aM48gA=="
	for name, text := range map[string]string{
		"a medium without formats": "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\n" + fmtp + "\na=control:video\nm=application 0 RTP/AVP\na=control:meta\n",
		"a medium without a port":  "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\n" + fmtp + "\na=control:video\nm=application\na=control:meta\na=sendonly\n",
		"formats in two lines":     "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=1\na=fmtp:96 sprop-parameter-sets=Z0IACg==,aM48gA==\na=control:video\n",
		"tabs":                     "m=video\t0\tRTP/AVP\t96\na=rtpmap:96\tH264/90000\n" + strings.Replace(fmtp, "96 ", "96\t", 1) + "\na=control:video\n",
		"lower case, no line ends": "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 h264/90000\r\n" + fmtp + " \r\na=control:video \x00",
	} {
		tracks, _, _, err := parseSDP([]byte(text))
		if err != nil || len(tracks) != 1 {
			t.Errorf("%s: %d tracks, %v", name, len(tracks), err)
			continue
		}
		if m := tracks[0]; m.codec != capture.H264 || m.control != "video" || m.format["packetization-mode"] != "1" || m.format["sprop-parameter-sets"] != "Z0IACg==,aM48gA==" || m.ours {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

// A self-signed certificate is rejected before any login is sent.
func TestCertificates(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	if err != nil {
		t.Fatal(err)
	}
	f := newFake(t)
	f.user, f.password, f.offer = "joe", "x", `Basic realm="cam"`
	f.listen(listener)
	for trust, want := range map[capture.Trust]string{
		capture.TrustVerify:                             "tls = \"pin:",
		capture.TrustInsecure:                           "",
		capture.PinOf(sha256.Sum256(der)):               "",
		capture.PinOf(sha256.Sum256([]byte("another"))): "does not match",
	} {
		cfg, addr := config("rtsps://joe:x@" + listener.Addr().String() + "/")
		cfg.TLS, cfg.OpenTimeout = trust, text.Duration(20*time.Second)
		before := len(f.log())
		s, err := Open(t.Context(), cfg, addr, Options{Log: quiet})
		if want == "" {
			if err != nil {
				t.Errorf("%.10s: %v", trust, err)
				continue
			}
			read(t, s.(*source), 2)
			s.Close()
			continue
		}
		if !errors.Is(err, capture.ErrUntrusted) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.10s: %v, want %q", trust, err, want)
		}
		if len(f.log()) != before {
			t.Errorf("%.10s: requests were sent", trust)
		}
	}
}

// io.EOF would say that the source has no further frames.
func TestClosedBeforeTLS(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	defer func() {
		listener.Close()
		<-ended
	}()
	go func() {
		defer close(ended)
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 4096)) // unread bytes would cause a reset
			c.Close()
		}
	}()
	cfg, addr := config("rtsps://" + listener.Addr().String() + "/")
	cfg.OpenTimeout = text.Duration(20 * time.Second)
	_, err = Open(t.Context(), cfg, addr, Options{Log: quiet})
	if err == nil || errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "the camera closed the connection") {
		t.Errorf("got %v", err)
	}
}

// UDP packets may be reordered, and may come from other hosts.
func TestUDP(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := newFake(t)
	f.sdp += soundSDP
	f.single = true
	f.udp = true
	f.play = func(c *fakeConn) {
		for i := 0; i%2 == 1 || c.wait(10*ms); i++ { // pairs at once: a busy machine makes no gap
			n := i ^ 1 // each pair the wrong way round
			if n%40 != 37 {
				c.rtp(uint16(n), uint32(n*3600), true, nal(n%25 == 0, byte(n)))
			}
			c.media(2, 0, uint16(i), uint32(i*160), true, make([]byte, 160))
		}
	}
	f.listen(listener)
	cfg, addr := config("rtsp://" + listener.Addr().String() + "/")
	cfg.Transport, cfg.OpenTimeout = "udp", text.Duration(20*time.Second)
	for range 2 {
		s, err := f.real(t.Context(), cfg, addr)
		if err != nil {
			t.Fatal(err)
		}
		video, sound, damaged := 0, 0, 0
		for last := time.Duration(-1); video < 100; {
			p := read(t, s, 1)[0]
			if !p.Track.Video {
				sound++
				continue
			}
			if p.PTS <= last {
				t.Fatalf("frame of %v after %v", p.PTS, last)
			}
			if last = p.PTS; p.Damaged {
				damaged++
			}
			video++
		}
		if sound < 80 || damaged < 2 || damaged > 4 {
			t.Errorf("%d pieces of sound, %d frames of %d damaged", sound, damaged, video)
		}
		s.Close()
	}
}

func TestNobodyListens(t *testing.T) {
	for address, want := range map[string]string{"rtsp://127.0.0.1:1/x": "check the port", "rtsp://no.such.host.invalid/x": "does not exist"} {
		cfg, addr := config(address)
		cfg.OpenTimeout = text.Duration(20 * time.Second)
		_, err := Open(t.Context(), cfg, addr, Options{Log: quiet})
		if err == nil || !strings.Contains(err.Error(), want) && !strings.Contains(err.Error(), "lookup") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// A firewall that blocks UDP is reported as such.
func TestNothingComesByUDP(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := newFake(t)
	f.udp, f.play = true, nil
	f.listen(listener)
	cfg, addr := config("rtsp://" + listener.Addr().String() + "/")
	cfg.Transport, cfg.OpenTimeout = "udp", text.Duration(20*time.Second)
	ctx, cancel := context.WithTimeout(t.Context(), silence+time.Second)
	defer cancel()
	var log bytes.Buffer
	s, err := Open(ctx, cfg, addr, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Read(); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(log.String(), "no data arrives over UDP") {
		t.Errorf("%v, log %s", err, log.String())
	}
}

func TestTransportThatIsNotOffered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.answers["SETUP"] = "200 OK\r\nTransport: RTP/AVP;unicast;client_port=1-2;server_port=3-4\r\nSession: 1\r\n"
		if _, err := f.open(t.Context(), "rtsp://cam/"); err == nil || !strings.Contains(err.Error(), `transport = "udp"`) {
			t.Errorf("%v", err)
		}
	})
}

// Two hundred sessions with a corrupted byte succeed or fail, but end.
func TestMutatedSessions(t *testing.T) {
	for seed := range int64(200) {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			f.sdp += soundSDP
			f.mutate = newMutator(seed)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			s, err := f.open(ctx, "rtsp://joe:x@cam/")
			if err != nil {
				return
			}
			for range 200 {
				if _, err := s.Read(); err != nil {
					break
				}
			}
			s.Close()
		})
	}
}
