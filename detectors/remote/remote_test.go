package remote

import (
	"bytes"
	"context"
	"image/jpeg"
	"net"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	detectv1 "rvo-tui/proto/rvo/detect/v1"
)

// A service that knows only fields 1 to 3 of each message still works, under the same method
// path.
func TestServiceOfTheFirstContract(t *testing.T) {
	type request struct {
		method  string
		jpeg    []byte
		id, tns uint64
	}
	seen := make(chan request, 1)
	endpoint := serve(t, nil, bare(func(method string, in []byte) []byte {
		r := request{method: method}
		for len(in) > 0 {
			num, typ, n := protowire.ConsumeTag(in)
			in = in[n:]
			switch {
			case num == 1 && typ == protowire.BytesType:
				b, _ := protowire.ConsumeBytes(in)
				r.jpeg = bytes.Clone(b)
			case num == 2 && typ == protowire.VarintType:
				r.id, _ = protowire.ConsumeVarint(in)
			case num == 3 && typ == protowire.VarintType:
				r.tns, _ = protowire.ConsumeVarint(in)
			}
			in = in[protowire.ConsumeFieldValue(num, typ, in):]
		}
		seen <- r
		var signal []byte
		signal = protowire.AppendTag(signal, 1, protowire.BytesType)
		signal = protowire.AppendString(signal, "PersonDetected")
		signal = protowire.AppendTag(signal, 2, protowire.VarintType)
		signal = protowire.AppendVarint(signal, 3)
		signal = protowire.AppendTag(signal, 3, protowire.VarintType)
		signal = protowire.AppendVarint(signal, 1_500_000_000)
		out := protowire.AppendTag(nil, 1, protowire.BytesType)
		return protowire.AppendBytes(out, signal)
	})...)

	p, _ := pool(t)
	d := detector(t, p, detectors.Config{Name: "persondetected", Signal: "PersonDetected", Options: Options{Connection: Connection{Endpoint: "http://" + endpoint}}})
	out, err := d.Detect(within(t, 20*time.Second), testFrame(t, 64, 48, nil))
	if err != nil {
		t.Fatal(err)
	}
	want := []detectors.Reading{{Signal: "PersonDetected", Value: 3, TTL: 1500 * time.Millisecond}}
	if !reflect.DeepEqual(out, want) {
		t.Errorf("readings %v, want %v", out, want)
	}
	r := <-seen
	if r.method != "/rvo.detect.v1.Detector/Detect" || r.id != 7 || r.tns != 1700000000000000005 {
		t.Errorf("asked %q for frame %d of %d", r.method, r.id, r.tns)
	}
	if img, err := jpeg.Decode(bytes.NewReader(r.jpeg)); err != nil || img.Bounds().Dx() != 64 || img.Bounds().Dy() != 48 {
		t.Errorf("sent no 64x48 JPEG: %v", err)
	}
}

func TestRequest(t *testing.T) {
	for _, c := range []struct {
		format        string
		maxWidth      int
		width, height uint32
	}{
		{"jpeg", 640, 64, 48},
		{"jpeg", 32, 32, 24},
		{"bgr", 640, 64, 48},
		{"bgr", 32, 32, 24},
	} {
		seen := make(chan *detectv1.DetectRequest, 1)
		p, _ := pool(t)
		d := detector(t, p, detectors.Config{
			Options: Options{Connection: Connection{Endpoint: serve(t, func(_ context.Context, r *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
				seen <- r
				return &detectv1.DetectResponse{}, nil
			})}, Sending: Sending{Format: c.format, MaxWidth: c.maxWidth}},
		})
		for range 2 { // the second call reuses the buffers of the first
			if out, err := d.Detect(within(t, 20*time.Second), testFrame(t, 64, 48, nil)); err != nil || len(out) != 0 {
				t.Fatal(out, err)
			}
			r := <-seen
			if r.Camera != "door" || r.FrameId != 7 || r.Width != c.width || r.Height != c.height {
				t.Errorf("%v: asked %q %d %dx%d", c, r.Camera, r.FrameId, r.Width, r.Height)
			}
			if r.DeadlineNs == 0 || r.DeadlineNs > uint64(20*time.Second) {
				t.Errorf("deadline in %d ns", r.DeadlineNs)
			}
			raw, file := int(c.width*c.height*3), 0
			if c.format == "jpeg" {
				raw, file = 0, len(r.FrameJpeg)
			}
			if len(r.FrameBgr) != raw || len(r.FrameJpeg) != file || raw+file == 0 {
				t.Errorf("%v: %d bytes BGR, %d bytes JPEG", c, len(r.FrameBgr), len(r.FrameJpeg))
			}
			if raw > 0 && r.FrameBgr[0] >= r.FrameBgr[raw-3] {
				t.Error("the gradient is lost")
			}
		}
	}
}

func TestManyDetectorsShareConnectionAndJPEG(t *testing.T) {
	var conns, encodings atomic.Int64
	l := &counting{Listener: loopback(t), n: &conns}
	listen(t, l, says(&detectv1.SignalOut{SignalType: "face", Value: 2}, &detectv1.SignalOut{SignalType: "person", Value: 1}))
	p, _ := pool(t)
	frame := testFrame(t, 64, 48, func(pix []byte, w, h, ow, oh int) ([]byte, error) {
		encodings.Add(1)
		return capture.EncodeJPEG(pix, w, h, ow, oh)
	})
	endpoint := l.Addr().String()
	for _, cfg := range []detectors.Config{
		{Name: "person", Options: Options{Connection: Connection{Endpoint: endpoint}}},
		{Name: "face", Options: Options{Connection: Connection{Endpoint: "http://" + endpoint + "/"}}},
		{Name: "both", Options: Options{Connection: Connection{Endpoint: endpoint}, Sending: Sending{Signals: []string{"person", "face"}}}},
		{Name: "other", Options: Options{Connection: Connection{Endpoint: serve(t, says())}}},
	} {
		if _, err := detector(t, p, cfg).Detect(within(t, 20*time.Second), frame); err != nil {
			t.Errorf("%s: %v", cfg.Name, err)
		}
	}
	if conns.Load() != 1 || encodings.Load() != 1 {
		t.Errorf("%d connections and %d encodings, want 1 and 1", conns.Load(), encodings.Load())
	}
}

type counting struct {
	net.Listener
	n *atomic.Int64
}

func (l *counting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.n.Add(1)
	}
	return c, err
}

func TestConnectionEndsWithItsLastUser(t *testing.T) {
	p, _ := pool(t)
	cfg := detectors.Config{Options: Options{Connection: Connection{Endpoint: serve(t, says())}}}
	a, b := detector(t, p, cfg), detector(t, p, cfg)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	if _, err := b.Detect(within(t, 20*time.Second), testFrame(t, 64, 48, nil)); err != nil {
		t.Errorf("after another detector's Close: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if len(p.conns) != 0 {
		t.Errorf("%d connections are left", len(p.conns))
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := New(p, cfg); err == nil {
		t.Error("a closed pool connects")
	}
}

// Two detectors with the same endpoint may each take their signals from one service: the signal
// of the other one is no stranger.
func TestSignalOfANeighbour(t *testing.T) {
	p, _ := pool(t)
	endpoint := serve(t, says(&detectv1.SignalOut{SignalType: "face", Value: 1}))
	person := detector(t, p, detectors.Config{Name: "person", Options: Options{Connection: Connection{Endpoint: endpoint}}})
	frame := testFrame(t, 64, 48, nil)
	if _, err := person.Detect(within(t, 20*time.Second), frame); detectors.ReasonOf(err) != ReasonSignal {
		t.Errorf("alone: %v", err)
	}
	detector(t, p, detectors.Config{Name: "face", Options: Options{Connection: Connection{Endpoint: endpoint}}})
	if out, err := person.Detect(within(t, 20*time.Second), frame); err != nil || len(out) != 0 {
		t.Errorf("with the other detector: %v, %v", out, err)
	}
}

func TestLog(t *testing.T) {
	p, log := pool(t)
	for range 2 {
		detector(t, p, detectors.Config{Options: Options{Connection: Connection{Endpoint: "192.0.2.1:9", Token: "s3cret"}}})
		detector(t, p, detectors.Config{Options: Options{Connection: Connection{Endpoint: "https://192.0.2.1:9"}}})
		detector(t, p, detectors.Config{Options: Options{Connection: Connection{Endpoint: "[::1]:9"}}})
	}
	if n := strings.Count(log.String(), "unencrypted"); n != 1 || !strings.Contains(log.String(), "http://192.0.2.1:9") || strings.Contains(log.String(), "s3cret") {
		t.Errorf("%d warnings: %s", n, log)
	}
	log.Reset()
	d := detector(t, p, detectors.Config{
		Options: Options{Connection: Connection{Endpoint: serve(t, func(context.Context, *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
			return &detectv1.DetectResponse{Model: "hog\x1b 1"}, nil
		})}},
	})
	for range 2 {
		if _, err := d.Detect(within(t, 20*time.Second), testFrame(t, 64, 48, nil)); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(log.String(), `model="hog 1"`); n != 1 {
		t.Errorf("model named %d times: %s", n, log)
	}
}

func TestProvides(t *testing.T) {
	for _, c := range []struct {
		cfg  detectors.Config
		want []string
	}{
		{detectors.Config{Name: "a"}, []string{"a"}},
		{detectors.Config{Name: "a", Signal: "b"}, []string{"b"}},
		{detectors.Config{Name: "a", Options: Options{Sending: Sending{Signals: []string{"x", "y"}}}}, []string{"x", "y"}},
		{detectors.Config{Name: "a", Signal: "b", Options: Options{Sending: Sending{Signals: []string{"x"}}}}, []string{"b", "x"}},
		{detectors.Config{Name: "a", Signal: "x", Options: Options{Sending: Sending{Signals: []string{"x", "y"}}}}, []string{"x", "y"}},
	} {
		spec := c.cfg.Spec(Kind(nil))
		if !slices.Equal(spec.Provides, c.want) || !spec.Remote {
			t.Errorf("%v: provides %v (remote %v), want %v", c.cfg, spec.Provides, spec.Remote, c.want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		cfg  detectors.Config
		want string // key, or nothing
	}{
		{detectors.Config{Options: Options{Connection: Connection{Endpoint: "h:1"}}}, ""},
		{detectors.Config{Options: Options{Connection: Connection{Endpoint: "https://h", TLSCA: "/ca.pem", Token: "a-b"}, Sending: Sending{Signals: []string{"x"}, Format: "bgr", MaxWidth: 7680}}}, ""},
		{detectors.Config{}, "endpoint"},
		{detectors.Config{Options: Options{Connection: Connection{Endpoint: "http://u:p@h:1"}}}, "endpoint"},
		{detectors.Config{Options: Options{Connection: Connection{Endpoint: "h:1"}, Sending: Sending{MaxWidth: 15}}}, "max_width"},
		{detectors.Config{Options: Options{Connection: Connection{Endpoint: "h:1"}, Sending: Sending{MaxWidth: 7681}}}, "max_width"},
		{detectors.Config{Options: Options{Connection: Connection{Endpoint: "h:1"}, Sending: Sending{Format: "png"}}}, "format"},
		{detectors.Config{Options: Options{Connection: Connection{Endpoint: "h:1", Token: "a b"}}}, "token"},
		{detectors.Config{Options: Options{Connection: Connection{Endpoint: "h:1", TLSCA: "/ca.pem"}}}, "tls_ca"},
		{detectors.Config{Options: Options{Connection: Connection{Endpoint: "h:1"}, Sending: Sending{Signals: []string{"x", "x"}}}}, "signals"},
		{detectors.Config{Options: Options{Connection: Connection{Endpoint: "h:1"}, Sending: Sending{Signals: []string{"1x"}}}}, "signals"},
		{detectors.Config{Options: Options{Connection: Connection{Endpoint: "h:1"}, Sending: Sending{Signals: make([]string, maxSignals+1)}}}, "signals"},
	} {
		c.cfg.Name, c.cfg.Kind = "a", "remote"
		var keys []string
		o, _ := c.cfg.Options.(Options)
		c.cfg.Validate(detectors.Kinds{"remote": Kind(nil)}, func(key, problem string) {
			if strings.Contains(problem, o.Token) && o.Token != "" || strings.Contains(problem, "u:p") {
				t.Errorf("%s shows a secret: %s", key, problem)
			}
			keys = append(keys, key)
		})
		keys = slices.Compact(keys)
		if want := strings.Fields(c.want); !slices.Equal(keys, want) {
			t.Errorf("%+v: problems with %v, want %v", c.cfg, keys, want)
		}
	}
}

// BenchmarkDetect is the cost of a call besides the service's own work: a 640x360 frame, already
// encoded, over a local socket.
func BenchmarkDetect(b *testing.B) {
	for _, format := range []string{formatJPEG, formatBGR} {
		b.Run(format, func(b *testing.B) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			s := benchServer(l)
			defer s()
			p := NewPool(nil)
			defer p.Close()
			kind := Kind(p)
			d, err := New(p, detectors.Config{Name: "person", Options: Options{Connection: Connection{Endpoint: l.Addr().String()}, Sending: Sending{Format: format}}}.Fill(kind))
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			frame := testFrame(b, 640, 360, nil)
			if _, err := d.Detect(b.Context(), frame); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Detect(b.Context(), frame); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
