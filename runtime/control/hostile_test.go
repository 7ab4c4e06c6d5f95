package control

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	goruntime "runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	controlv1 "rvo-tui/proto/rvo/control/v1"
	"rvo-tui/runtime"
)

// raw returns a client without our manners.
func raw(t *testing.T, w *world) controlv1.ControlClient {
	t.Helper()
	conn, err := grpc.NewClient("unix:"+w.server.Socket(), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithInitialWindowSize(64<<10))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return controlv1.NewControlClient(conn)
}

// impatience is how long a client may leave an answer unread here. One that reads
// may seem to be idle for that long where the machine is very busy: it tries again.
const impatience = 4 * time.Second

// heap returns what is in use after a collection.
func heap() int64 {
	goruntime.GC()
	var m goruntime.MemStats
	goruntime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

func TestAClientThatDoesNotReadIsBoundedAndLetGo(t *testing.T) {
	w := start(t, nil)
	w.server.service.patience = impatience
	before := heap()
	const idlers = 4
	forever, end := context.WithCancel(context.Background())
	defer end()
	for range idlers {
		// Pictures of 1.2 MB fill whatever lies between; it reads but the first.
		api := raw(t, w)
		eventually(t, "a client that is idle from now on", func() bool {
			stream, err := api.Preview(forever, &controlv1.PreviewRequest{Camera: "door", Width: maxPreview, Height: maxPreview, Rate: maxPreviewRate})
			if err == nil {
				_, err = stream.Recv()
			}
			return err == nil
		})
	}
	c := w.client(t)
	seen := 0
	most := before
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	eventually(t, "another client saw 20 snapshots", func() bool {
		_ = c.Watch(ctx, 0, func(*runtime.Snapshot) {
			if seen++; seen == 20 {
				cancel()
			}
			most = max(most, heap())
		})
		return seen >= 20
	})
	if grown := most - before; grown > 64<<20 {
		t.Errorf("%d bytes are held for %d clients that do not read", grown, idlers)
	}
	eventually(t, "they are let go", func() bool { return w.server.service.previews.taken.Load() == 0 })
}

// A process that is stopped does not even answer pings; the server's own pings
// find that out. Here its socket is only no longer read.
func TestAStoppedClientHoldsUpNobody(t *testing.T) {
	w := start(t, nil)
	w.server.service.patience = impatience
	stop := make(chan struct{})
	stopped := make(chan struct{})
	conn, err := grpc.NewClient("passthrough:///x", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			var d net.Dialer
			c, err := d.DialContext(ctx, "unix", w.server.Socket())
			return &deaf{Conn: c, when: stopped, free: stop}, err
		}))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	defer close(stop) // or closing would wait for its reader
	eventually(t, "a client that is stopped from now on", func() bool {
		stream, err := controlv1.NewControlClient(conn).Preview(within(t), &controlv1.PreviewRequest{Camera: "door", Width: maxPreview, Height: maxPreview, Rate: maxPreviewRate})
		if err == nil {
			_, err = stream.Recv()
		}
		return err == nil
	})
	close(stopped)
	c := w.client(t)
	n := 0
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	eventually(t, "another client saw 15 snapshots", func() bool {
		_ = c.Watch(ctx, 0, func(*runtime.Snapshot) {
			if n++; n == 15 {
				cancel()
			}
		})
		return n >= 15
	})
	eventually(t, "its place is free", func() bool { return w.server.service.previews.taken.Load() == 0 })
}

// deaf is a connection whose reader stops when told.
type deaf struct {
	net.Conn
	when, free chan struct{}
}

func (d *deaf) Read(p []byte) (int, error) {
	select {
	case <-d.when:
		<-d.free
	default:
	}
	return d.Conn.Read(p)
}

func TestAllTheSeatsAreTaken(t *testing.T) {
	w := start(t, nil)
	api := raw(t, w)
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	for range maxPreviews {
		stream, err := api.Preview(ctx, &controlv1.PreviewRequest{Camera: "door", Width: 8, Height: 8})
		if err == nil {
			_, err = stream.Recv()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	err := w.client(t).Preview(within(t), "door", 8, 8, 0, func(Picture) {})
	if err == nil || !strings.Contains(err.Error(), "previews are shown already") {
		t.Errorf("one more: %v", err)
	}
	cancel()
	eventually(t, "the places are free again", func() bool { return w.server.service.previews.taken.Load() == 0 })
}

func TestCommandsDoNotPileUp(t *testing.T) {
	gate := make(chan struct{})
	w := start(t, func(o *ServerOptions) {
		o.Reload = func(ctx context.Context) error {
			select {
			case <-gate:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	c := w.client(t)
	var wg sync.WaitGroup
	for range maxCommands {
		wg.Go(func() {
			if err := c.Do(within(t), runtime.Command{Do: runtime.Reload}); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, "all wait", func() bool { return w.server.service.commands.taken.Load() == maxCommands })
	if err := w.client(t).Do(within(t), runtime.Command{Do: runtime.Reload}); err == nil || !strings.Contains(err.Error(), "16 commands are under way") {
		t.Errorf("one more: %v", err)
	}
	close(gate)
	wg.Wait()
}

func TestTooLargeIsRefused(t *testing.T) {
	w := start(t, nil)
	api := raw(t, w)
	_, err := api.Do(within(t), &controlv1.DoRequest{Verb: "attach", Attach: strings.Repeat(" ", maxRequest)})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a request of more than a MiB: %v", err)
	}
	_, err = api.Do(within(t), &controlv1.DoRequest{Verb: "attach", Attach: strings.Repeat("x", maxText+1)})
	if status.Code(err) != codes.InvalidArgument {
		t.Errorf("a detector of more than 64 KiB: %v", err)
	}
	if _, err := api.Clips(within(t), &controlv1.ClipsRequest{Limit: maxClips + 1}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("more clips than there may be: %v", err)
	}
}

func TestCrowdsAreTurnedAway(t *testing.T) {
	w := start(t, nil)
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for range maxConns {
		c, err := net.Dial("unix", w.server.Socket())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	for range 5 {
		late, err := net.Dial("unix", w.server.Socket())
		if err != nil {
			t.Fatal(err)
		}
		defer late.Close()
		late.SetReadDeadline(time.Now().Add(patience))
		if _, err := bytes.NewBuffer(nil).ReadFrom(late); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("a connection too many is kept")
		}
	}
	told := func() int { return strings.Count(w.log.String(), "clients were turned away") }
	// Who says nothing for 5 s is let go: on a slow machine some of them have been.
	eventually(t, "the log has it", func() bool {
		if c, err := net.Dial("unix", w.server.Socket()); err == nil {
			conns = append(conns, c)
		}
		return told() > 0
	})
	if n := told(); n != 1 {
		t.Errorf("a crowd makes %d lines in the log", n)
	}
	for _, c := range conns {
		c.Close()
	}
	c := w.client(t)
	eventually(t, "there is room again", func() bool {
		_, err := c.About(within(t))
		return err == nil
	})
}

func TestAServerComesBackUnderItsClient(t *testing.T) {
	w := start(t, nil)
	first := NewServer(ServerOptions{Config: Config{Socket: w.opts.Config.Socket + "2"}, Runtime: w.rt, Log: w.opts.Log})
	end := w.serve(t, first)
	c := dial(t, first.Socket(), DialOptions{})
	before, err := c.About(within(t))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	seen := make(chan struct{}, 1)
	go func() {
		ended <- c.Watch(within(t), 0, func(*runtime.Snapshot) {
			select {
			case seen <- struct{}{}:
			default:
			}
		})
	}()
	<-seen
	end()
	select {
	case err := <-ended:
		if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "is ending") {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(patience):
		t.Fatal("a watch goes on without its server")
	}
	// A first call may still find the connection that has just been closed.
	eventually(t, "it is told that nobody is there", func() bool {
		_, err := c.About(within(t))
		if !errors.Is(err, ErrUnreachable) {
			t.Fatalf("nobody is there: %v", err)
		}
		return strings.Contains(err.Error(), "no rvo-tui answers at "+c.Addr()+": start one")
	})
	second := NewServer(first.opts)
	defer w.serve(t, second)()
	eventually(t, "it finds the next one", func() bool {
		a, err := c.About(within(t))
		return err == nil && a.Instance != before.Instance
	})
}
