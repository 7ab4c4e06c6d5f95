package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"rvo-tui/runtime"
	"rvo-tui/runtime/api"
)

func TestCommandsDoNotPileUp(t *testing.T) {
	const places = 16
	gate, waiting := make(chan struct{}), make(chan struct{}, places)
	w := start(t, func(o *api.Options) {
		o.Reload = func(ctx context.Context) error {
			waiting <- struct{}{}
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
	for range places {
		wg.Go(func() {
			if err := c.Do(within(t), runtime.Command{Do: runtime.Reload}); err != nil {
				t.Error(err)
			}
		})
	}
	for range places {
		<-waiting
	}
	if err := w.client(t).Do(within(t), runtime.Command{Do: runtime.Reload}); err == nil || !strings.Contains(err.Error(), "16 commands are being carried out already: try again later") {
		t.Errorf("one more: %v", err)
	}
	close(gate)
	wg.Wait()
}

// Silent connections lock out neither this user nor a holder of a token.
func TestSilentConnectionsLockNobodyOut(t *testing.T) {
	w, ca := overTCP(t)
	for _, at := range [][2]string{{"unix", w.server.Socket()}, {"tcp", w.server.Addr()}} {
		for range 300 {
			conn, err := net.Dial(at[0], at[1])
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
		}
	}
	for name, c := range map[string]*Client{
		"the socket": w.client(t), "a token": dial(t, w.server.Addr(), DialOptions{Token: fullToken, CA: ca}),
	} {
		if _, err := c.About(within(t)); err != nil {
			t.Errorf("with %s: %v", name, err)
		}
	}
	eventually(t, "the log has it", func() bool { return strings.Contains(w.log.String(), "closed to make room") })
}

func TestAServerComesBackUnderItsClient(t *testing.T) {
	w := start(t, nil)
	opts := api.Options{Config: api.Config{Socket: w.opts.Config.Socket + "2"}, Runtime: w.rt, Log: w.opts.Log}
	first := api.NewServer(opts)
	end := w.serve(t, first)
	c := dial(t, first.Socket(), DialOptions{})
	before, err := c.About(within(t))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	seen := make(chan struct{}, 1)
	go func() {
		ended <- c.Follow(within(t), Stream{State: func(*runtime.Snapshot) {
			select {
			case seen <- struct{}{}:
			default:
			}
		}})
	}()
	<-seen
	end()
	select {
	case err := <-ended:
		if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "is shutting down") {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(patience):
		t.Fatal("a stream continues without its server")
	}
	// The first call may still use the connection that was just closed.
	eventually(t, "an error that there is no server", func() bool {
		_, err := c.About(within(t))
		if !errors.Is(err, ErrUnreachable) {
			t.Fatalf("no server: %v", err)
		}
		return strings.Contains(err.Error(), "no rvo-tui answers at "+c.Addr()+": start one")
	})
	second := api.NewServer(opts)
	defer w.serve(t, second)()
	eventually(t, "it finds the next one", func() bool {
		a, err := c.About(within(t))
		return err == nil && a.Instance != before.Instance
	})
}

func TestASecondServerWaitsForTheSocket(t *testing.T) {
	w := start(t, nil)
	opts := w.opts
	second := api.NewServer(opts)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- second.Run(ctx) }()
	eventually(t, "it says who has it", func() bool {
		return strings.Contains(w.log.String(), fmt.Sprintf("another rvo-tui serves it, process %d", os.Getpid()))
	})
	cancel()
	if err := <-done; err != nil || second.Socket() != "" {
		t.Errorf("%v, serves %q", err, second.Socket())
	}
	if _, err := w.client(t).About(within(t)); err != nil {
		t.Errorf("the first one suffered: %v", err)
	}
}
