package remote

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	detectv1 "rvo-tui/proto/rvo/detect/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type detect func(context.Context, *detectv1.DetectRequest) (*detectv1.DetectResponse, error)

// service is a Detector that calls a function.
type service struct {
	detectv1.UnimplementedDetectorServer
	detect detect
}

func (s *service) Detect(ctx context.Context, r *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
	return s.detect(ctx, r)
}

// says returns the same response for every request.
func says(signals ...*detectv1.SignalOut) detect {
	return func(context.Context, *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
		return &detectv1.DetectResponse{Signals: signals}, nil
	}
}

func loopback(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// listen serves on l until the test ends or the server is stopped.
func listen(t *testing.T, l net.Listener, d detect, opts ...grpc.ServerOption) *grpc.Server {
	t.Helper()
	s := grpc.NewServer(opts...)
	if d != nil {
		detectv1.RegisterDetectorServer(s, &service{detect: d})
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.Serve(l) })
	t.Cleanup(func() { s.Stop(); wg.Wait() })
	return s
}

// serve returns the endpoint of a new server.
func serve(t *testing.T, d detect, opts ...grpc.ServerOption) string {
	t.Helper()
	l := loopback(t)
	listen(t, l, d, opts...)
	return l.Addr().String()
}

// accept returns the endpoint of a TCP server that calls handle for each connection and then
// closes it. done ends with the test.
func accept(t *testing.T, handle func(c net.Conn, done <-chan struct{})) string {
	t.Helper()
	l := loopback(t)
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { defer c.Close(); handle(c, done) })
		}
	})
	t.Cleanup(func() { close(done); l.Close(); wg.Wait() })
	return l.Addr().String()
}

func socket(t *testing.T) (endpoint string, open func() net.Listener) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	return "unix://" + path, func() net.Listener {
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
}

// bytesCodec passes messages as raw bytes.
type bytesCodec struct{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(v any) (mem.BufferSlice, error) {
	b, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("no bytes: %T", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(*b)}, nil
}

func (bytesCodec) Unmarshal(data mem.BufferSlice, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("no bytes: %T", v)
	}
	*b = data.Materialize()
	return nil
}

// bare makes a server answer raw requests with raw bytes.
func bare(answer func(method string, request []byte) []byte) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(bytesCodec{}),
		grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
			var in []byte
			if err := stream.RecvMsg(&in); err != nil {
				return err
			}
			method, _ := grpc.MethodFromServerStream(stream)
			out := answer(method, in)
			return stream.SendMsg(&out)
		}),
	}
}

// pool returns a pool that is closed with the test, and its log.
func pool(t *testing.T) (*Pool, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	p := NewPool(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p, &log
}

// detector returns a detector for cfg, of which only the relevant keys are needed.
func detector(t *testing.T, p *Pool, cfg detectors.Config) *Detector {
	t.Helper()
	if cfg.Name == "" {
		cfg.Name = "person"
	}
	cfg.Kind = "remote"
	kind := Kind(p)
	cfg.Validate(detectors.Kinds{"remote": kind}, func(key, problem string) { t.Errorf("%s: %s", key, problem) })
	d, err := kind.New(cfg.Fill(kind))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	r, ok := d.(*Detector)
	if !ok {
		t.Fatalf("kind makes a %T", d)
	}
	return r
}

// testFrame returns a frame with a gradient.
func testFrame(t testing.TB, width, height int, encode capture.Encoder) *capture.Frame {
	t.Helper()
	pool := capture.NewPool(1, encode)
	f, err := pool.Get("door", 7, width, height, time.Unix(1700000000, 5))
	if err != nil || f == nil {
		t.Fatal(f, err)
	}
	pix := f.Pixels()
	for i := range pix {
		pix[i] = byte(i / 3 % width * 255 / width)
	}
	t.Cleanup(func() { f.Release(); pool.Close() })
	return f
}

// within limits a call that should return at once, or takes d if it should fail.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// benchServer serves a response with one detection, and returns a function that stops it.
func benchServer(l net.Listener) func() {
	s := grpc.NewServer()
	detectv1.RegisterDetectorServer(s, &service{detect: says(&detectv1.SignalOut{SignalType: "person", Value: 1, Detections: []*detectv1.Detection{{Label: "person", Score: 1}}})})
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.Serve(l) })
	return func() { s.Stop(); wg.Wait() }
}
