package rtsp

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
)

type discard struct{}

func (discard) OfferPacket(*capture.Packet) {}

// A stopped server (SIGSTOP) accepts connections and data and answers nothing. The camera stalls,
// is retried with the usual delays, and is live soon after the server continues, every time.
func TestServerThatStopsIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		var stopped atomic.Bool
		f.answers["TEARDOWN"] = "silence"
		f.play = func(c *fakeConn) {
			for i := 0; c.wait(40*ms) && !stopped.Load(); i++ {
				c.rtp(uint16(i), uint32(i*3600), true, nal(i%25 == 0, byte(i)))
			}
		}
		dial := func(ctx context.Context, address string) (net.Conn, error) {
			if !stopped.Load() {
				return f.dial(ctx, address)
			}
			client, server := net.Pipe()
			f.work.Go(func() { _, _ = io.Copy(io.Discard, server) })
			return client, nil
		}
		cfg, _ := config("rtsp://cam/")
		cfg.OpenTimeout, cfg.StallTimeout = text.Duration(time.Second), text.Duration(500*ms)
		pool := capture.NewPool(4, nil)
		defer pool.Close()
		open := func(ctx context.Context, cfg capture.Config) (capture.Connection, error) {
			_, addr := config(cfg.Source)
			return Open(ctx, cfg, addr, Options{Log: quiet, dial: dial})
		}
		cam := capture.NewCamera(cfg, open, pool, func(frame *capture.Frame) { frame.Release() }, quiet)
		cam.DecodeWith(nil, discard{})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- cam.Run(ctx) }()
		within := func(limit time.Duration, what string, ok func(capture.Status) bool) {
			t.Helper()
			for end := time.Now().Add(limit); !ok(cam.Status()); time.Sleep(10 * ms) {
				if time.Now().After(end) {
					t.Fatalf("not %s within %v: %+v", what, limit, cam.Status())
				}
			}
		}
		live := func(s capture.Status) bool { return s.State == capture.Live }
		within(time.Second, "live", live)
		for n := range 20 {
			before := cam.Status()
			stopped.Store(true)
			within(600*ms, "stalled", func(s capture.Status) bool { return s.Stalls == before.Stalls+1 })
			failing, limit := uint64(1), 2200*ms // half a second for TEARDOWN, the first wait, open_timeout
			if n%10 == 4 {
				failing, limit = 5, 18*time.Second // waits of 0.5, 1, 2, 3 and 3 s, 20 % more at most
			}
			within(limit, "tried in vain", func(s capture.Status) bool { return s.Failures >= before.Failures+failing })
			stopped.Store(false)
			within(5*time.Second, "live", live)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		f.work.Wait()
	})
}
