package rtsp

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"rvo-tui/capture"
	"rvo-tui/capture/login/logintest"
)

// Parameter sets of a real encoder: H.264, 320x240.
var (
	testSPS = []byte{103, 66, 192, 20, 218, 5, 7, 236, 5, 168, 48, 48, 53, 40, 0, 0, 3, 0, 8, 0, 0, 3, 1, 148, 120, 161, 85}
	testPPS = []byte{104, 206, 60, 128}
)

var videoSDP = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=x\r\nt=0 0\r\na=control:*\r\n" +
	"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets=" +
	base64.StdEncoding.EncodeToString(testSPS) + "," + base64.StdEncoding.EncodeToString(testPPS) + "\r\na=control:track1\r\n"

var quiet = slog.New(slog.DiscardHandler)

const soundSDP = "m=audio 0 RTP/AVP 0\r\na=control:track2\r\n"

// fake is an RTSP server without a network. Configure it before use.
type fake struct {
	t        *testing.T
	sdp      string
	user     string // "": anybody
	password string
	offer    string            // challenge; its realm is "cam" and its nonce "n"
	answers  map[string]string // status lines and header fields by method, instead of success
	base     string            // Content-Base
	public   string
	timeout  int // of sessions, in seconds
	single   bool
	udp      bool
	mutate   func([]byte)      // corrupts sent data; nil: none
	play     func(c *fakeConn) // sends data until c.gone is closed

	mu       sync.Mutex
	requests []string // "METHOD uri", and " with a login" if there is one
	hosts    []string // dialed
	sessions int      // open now
	reports  int      // receiver reports
	work     sync.WaitGroup
}

// fakeConn is one connection of a client.
type fakeConn struct {
	net.Conn
	f       *fake
	gone    chan struct{} // closed when the client has gone or stopped the stream
	once    sync.Once
	session bool
	out     chan []byte
	sockets []net.Conn // of UDP: RTP and RTCP of each track
}

func (c *fakeConn) end() { c.once.Do(func() { close(c.gone) }) }

// dial is the dialer of a client.
func (f *fake) dial(_ context.Context, address string) (net.Conn, error) {
	client, server := net.Pipe()
	f.mu.Lock()
	f.hosts = append(f.hosts, address)
	f.mu.Unlock()
	f.work.Go(func() { f.serve(server) })
	return client, nil
}

func (f *fake) serve(conn net.Conn) {
	c := &fakeConn{Conn: conn, f: f, gone: make(chan struct{}), out: make(chan []byte, 256)}
	f.work.Go(c.write)
	defer func() {
		conn.Close()
		for _, socket := range c.sockets {
			socket.Close()
		}
	}()
	w := newWire(conn)
	for {
		_, data, msg, err := w.next()
		if err != nil {
			c.end()
			return
		}
		if msg == nil {
			if packets, err := rtcp.Unmarshal(data); err == nil {
				for _, p := range packets {
					if _, ok := p.(*rtcp.ReceiverReport); ok {
						f.count(&f.reports)
					}
				}
			}
			continue
		}
		if msg.method != "" && !f.answer(c, msg) {
			c.end()
			return
		}
	}
}

// place responds to the request for a track's transport.
func (c *fakeConn) place(transport string) string {
	if !c.f.udp {
		return transport
	}
	host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
	rtp, rtcp := pair(parameters(transport)["client_port"])
	for _, port := range []int{rtp, rtcp} {
		socket, err := net.Dial("udp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			c.f.t.Error(err)
			continue
		}
		c.sockets = append(c.sockets, socket)
	}
	n := len(c.sockets)
	port := func(s net.Conn) int { return s.LocalAddr().(*net.UDPAddr).Port }
	return fmt.Sprintf("%s;server_port=%d-%d", transport, port(c.sockets[n-2]), port(c.sockets[n-1]))
}

// listen serves a real listener until the test ends.
func (f *fake) listen(l net.Listener) {
	f.work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f.work.Go(func() { f.serve(conn) })
		}
	})
	f.t.Cleanup(func() {
		l.Close()
		f.work.Wait()
	})
}

// real opens a stream over the network.
func (f *fake) real(ctx context.Context, cfg capture.Config, addr capture.Address) (*source, error) {
	s, err := Open(ctx, cfg, addr, Options{Log: quiet})
	if err != nil {
		return nil, err
	}
	return s.(*source), nil
}

// newMutator returns a function that corrupts a byte now and then.
func newMutator(seed int64) func([]byte) {
	random := rand.New(rand.NewPCG(uint64(seed), 1))
	return func(data []byte) {
		if len(data) > 0 && random.IntN(6) == 0 {
			data[random.IntN(len(data))] = byte(random.Uint32())
		}
	}
}

func (f *fake) count(n *int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*n++
}

// answer responds to a request, and reports whether the connection stays open.
func (f *fake) answer(c *fakeConn, msg *message) bool {
	auth := msg.header.get("authorization")
	line := msg.method + " " + msg.uri
	if auth != "" {
		line += " with a login"
	}
	f.mu.Lock()
	f.requests = append(f.requests, line)
	f.mu.Unlock()
	status, fields := "200 OK", ""
	body := ""
	override, has := f.answers[msg.method]
	switch {
	case f.single && msg.method == "OPTIONS" && !f.free(c):
		status = "453 Not Enough Bandwidth"
	case f.user != "" && !logintest.Accepts(auth, msg.method, "cam", "n", f.user, f.password):
		status, fields = "401 Unauthorized", "WWW-Authenticate: "+f.offer+"\r\n"
	case has && override == "close":
		return false
	case has && override == "silence":
		return true
	case has:
		status, fields, _ = strings.Cut(override, "\r\n")
	case msg.method == "OPTIONS":
		fields = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN" + f.public + "\r\n"
	case msg.method == "DESCRIBE":
		body = f.sdp
		fields = f.base
	case msg.method == "SETUP":
		fields = "Transport: " + c.place(msg.header.get("transport")) + ";ssrc=1\r\nSession: s1"
		if f.timeout > 0 {
			fields += fmt.Sprintf(";timeout=%d", f.timeout)
		}
		fields += "\r\n"
		if !c.session {
			c.session = true
			f.count(&f.sessions)
		}
	case msg.method == "TEARDOWN" && c.session:
		c.session = false
		f.mu.Lock()
		f.sessions--
		f.mu.Unlock()
	}
	if body != "" {
		fields += fmt.Sprintf("Content-Type: application/sdp\r\nContent-Length: %d\r\n", len(body))
	}
	c.text("RTSP/1.0 %s\r\nCSeq: %s\r\n%s\r\n%s", status, msg.header.get("cseq"), fields, body)
	switch {
	case msg.method == "PLAY" && status == "200 OK" && f.play != nil:
		f.work.Go(func() { f.play(c) })
	case msg.method == "TEARDOWN":
		c.hangUp()
	}
	return true
}

// free reports whether no session is open.
func (f *fake) free(c *fakeConn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sessions == 0 || c.session
}

func (c *fakeConn) text(format string, args ...any) { c.bytes(fmt.Appendf(nil, format, args...)) }

func (c *fakeConn) bytes(data []byte) {
	select {
	case c.out <- data:
	case <-c.gone:
	}
}

// write sends queued data, because a connection of net.Pipe has no buffer.
func (c *fakeConn) write() {
	for {
		select {
		case data := <-c.out:
			if data == nil {
				c.Close()
				return
			}
			if c.f.mutate != nil {
				data = slices.Clone(data)
				c.f.mutate(data)
			}
			if _, err := c.Write(data); err != nil {
				c.end()
				return
			}
		case <-c.gone:
			return
		}
	}
}

// hangUp closes the connection after the queued data.
func (c *fakeConn) hangUp() { c.bytes(nil) }

// data sends interleaved data.
func (c *fakeConn) data(channel byte, data []byte) {
	if c.f.udp {
		_, _ = c.sockets[channel].Write(data)
		return
	}
	c.bytes(append([]byte{'$', channel, byte(len(data) >> 8), byte(len(data))}, data...))
}

// rtp sends an RTP packet of the video.
func (c *fakeConn) rtp(seq uint16, stamp uint32, marker bool, payload []byte) {
	c.media(0, 96, seq, stamp, marker, payload)
}

func (c *fakeConn) media(channel byte, payloadType uint8, seq uint16, stamp uint32, marker bool, payload []byte) {
	data, err := (&rtp.Packet{
		Header:  rtp.Header{Version: 2, PayloadType: payloadType, SequenceNumber: seq, Timestamp: stamp, SSRC: 1 + uint32(channel), Marker: marker},
		Payload: payload,
	}).Marshal()
	if err != nil {
		c.f.t.Error(err)
	}
	c.data(channel, data)
}

// report sends a sender report: the camera's clock is wall at a timestamp.
func (c *fakeConn) report(channel byte, wall time.Duration, stamp uint32) {
	seconds, rest := wall/time.Second, wall%time.Second
	p := &rtcp.SenderReport{SSRC: uint32(channel), NTPTime: uint64(seconds)<<32 | uint64(float64(rest)/float64(time.Second)*math.MaxUint32), RTPTime: stamp}
	data, err := p.Marshal()
	if err != nil {
		c.f.t.Error(err)
	}
	c.data(channel, data)
}

// wait waits, and reports whether the client is still connected.
func (c *fakeConn) wait(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-c.gone:
		return false
	}
}

// nal returns an H.264 slice; key: of an IDR frame.
func nal(key bool, n byte) []byte {
	if key {
		return []byte{0x65, 0x88, n, 1, 2, 3}
	}
	return []byte{0x41, 0x9a, n, 1, 2, 3}
}

// stream sends 25 frames and one key frame per second.
func stream(c *fakeConn) {
	for i := 0; c.wait(40 * time.Millisecond); i++ {
		c.rtp(uint16(i), uint32(i*3600), true, nal(i%25 == 0, byte(i)))
	}
}

func (f *fake) log() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.requests)
}

func (f *fake) reportsSeen() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reports
}

func (f *fake) sessionsOpen() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sessions
}

func newFake(t *testing.T) *fake {
	return &fake{t: t, sdp: videoSDP, play: stream, answers: map[string]string{}}
}

func config(url string) (capture.Config, capture.Address) {
	cfg := capture.DefaultConfig()
	cfg.Name, cfg.Source = "door", url
	return cfg, capture.Address{Kind: capture.KindRTSP, URL: url}
}

// open opens a stream of the server.
func (f *fake) open(ctx context.Context, url string) (*source, error) {
	cfg, addr := config(url)
	return f.openWith(ctx, cfg, addr, Options{})
}

func (f *fake) openWith(ctx context.Context, cfg capture.Config, addr capture.Address, o Options) (*source, error) {
	o.Log, o.dial = quiet, f.dial
	s, err := Open(ctx, cfg, addr, o)
	if err != nil {
		return nil, err
	}
	return s.(*source), nil
}

// mustOpen opens a stream that ends with the test.
func (f *fake) mustOpen(url string) *source {
	f.t.Helper()
	s, err := f.open(f.t.Context(), url)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { s.Close() })
	return s
}

// read reads packets.
func read(t *testing.T, s *source, n int) []*capture.Packet {
	t.Helper()
	var out []*capture.Packet
	for range n {
		p, err := s.Read()
		if err != nil {
			t.Fatalf("after %d packets: %v", len(out), err)
		}
		out = append(out, p)
	}
	return out
}
