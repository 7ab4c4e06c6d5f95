package remote

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"rvo-tui/detectors"
	detectv1 "rvo-tui/proto/rvo/detect/v1"
)

// pipes is a listener without a network.
type pipes struct {
	made   chan net.Conn
	closed chan struct{}
	once   sync.Once
	dials  atomic.Int32
}

func newPipes() *pipes { return &pipes{made: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.made:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Net: "pipe"} }

// dial connects through a middlebox that can be told to forget its connections: it then accepts
// data and forwards nothing.
func (p *pipes) dial(forget <-chan struct{}) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		p.dials.Add(1)
		near, nearer := net.Pipe()
		far, server := net.Pipe()
		select {
		case p.made <- server:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		pass := func(to, from net.Conn) {
			defer to.Close()
			defer from.Close()
			buf := make([]byte, 64<<10)
			for {
				n, err := from.Read(buf)
				if err != nil {
					return
				}
				select {
				case <-forget:
					_, _ = io.Copy(io.Discard, from)
					return
				default:
				}
				if _, err := to.Write(buf[:n]); err != nil {
					return
				}
			}
		}
		go pass(far, nearer)
		go pass(nearer, far)
		return near, nil
	}
}

// A connection that accepts everything and returns nothing is replaced, even if several detectors
// share it, so that none of them closes it.
func TestForgottenConnectionIsMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		server := grpc.NewServer()
		detectv1.RegisterDetectorServer(server, &service{detect: says()})
		var wg sync.WaitGroup
		wg.Go(func() { _ = server.Serve(l) })
		p := NewPool(nil)
		forget := make(chan struct{})
		p.dial = l.dial(forget)
		kind := Kind(p)
		frame := testFrame(t, 64, 48, nil)
		var all []detectors.Detector
		for _, name := range []string{"a", "b"} {
			d, err := kind.New(detectors.Config{Name: name, Kind: "remote", Options: Options{Connection: Connection{Endpoint: "h:1"}}}.Fill(kind))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, d)
		}
		call := func(d detectors.Detector) error {
			ctx, cancel := context.WithTimeout(context.Background(), 400*time.Millisecond)
			defer cancel()
			_, err := d.Detect(ctx, frame)
			return err
		}
		for range 3 {
			for _, d := range all {
				if err := call(d); err != nil {
					t.Fatal(err)
				}
			}
			// Between calls a service may be silent for as long as it likes.
			time.Sleep(time.Minute)
		}
		if n := l.dials.Load(); n != 1 {
			t.Fatalf("%d connections before anything happened", n)
		}
		close(forget)
		p.dial = l.dial(nil)
		began := time.Now()
		for call(all[0]) != nil {
			if err := call(all[1]); err != nil && detectors.ReasonOf(err) != detectors.ReasonTimeout && detectors.ReasonOf(err) != ReasonReset {
				t.Error(err)
			}
			if time.Since(began) > 10*time.Minute {
				break
			}
		}
		if took := time.Since(began); took < silenceLimit || took > silenceLimit+time.Second {
			t.Errorf("answers came after %v, want %v and a little", took, silenceLimit)
		}
		if n := l.dials.Load(); n != 2 {
			t.Errorf("%d connections, want 2", n)
		}
		for _, d := range all {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
		_ = p.Close()
		server.Stop()
		wg.Wait()
	})
}

// A service that is usually late, but alive, keeps its connection.
func TestLateAnswersKeepTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		server := grpc.NewServer(grpc.WaitForHandlers(true))
		detectv1.RegisterDetectorServer(server, &service{detect: func(context.Context, *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
			time.Sleep(700 * time.Millisecond) // whatever its caller still waits for
			return &detectv1.DetectResponse{}, nil
		}})
		var wg sync.WaitGroup
		wg.Go(func() { _ = server.Serve(l) })
		p := NewPool(nil)
		p.dial = l.dial(nil)
		kind := Kind(p)
		slow, err := kind.New(detectors.Config{Name: "a", Kind: "remote", Options: Options{Connection: Connection{Endpoint: "h:1"}}}.Fill(kind))
		if err != nil {
			t.Fatal(err)
		}
		frame := testFrame(t, 64, 48, nil)
		began := time.Now()
		for n := 0; time.Since(began) < time.Minute; n++ {
			timeout := 400 * time.Millisecond
			if n%7 == 6 {
				timeout = 2 * time.Second
			}
			ctx, cancel := context.WithTimeout(context.Background(), timeout)
			_, err := slow.Detect(ctx, frame)
			cancel()
			if want := detectors.ReasonTimeout; timeout < time.Second && detectors.ReasonOf(err) != want || timeout > time.Second && err != nil {
				t.Errorf("with a timeout of %v: %v", timeout, err)
			}
		}
		if n := l.dials.Load(); n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
		if err := slow.Close(); err != nil {
			t.Error(err)
		}
		_ = p.Close()
		server.Stop()
		wg.Wait()
	})
}
