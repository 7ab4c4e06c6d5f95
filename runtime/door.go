package runtime

import (
	"context"
	"log/slog"
	"net"
	"sync/atomic"
	"time"
)

const (
	doorRetryMin = time.Second
	doorRetryMax = 10 * time.Second
)

// Door is a place at which something is served as long as that can be had. One
// that cannot, or breaks, is a warning in the log, with what to do about it, told
// once for each reason; it is tried again every 1 to 10 s.
type Door struct {
	Name   string // what is served, and its verb: "metrics are"
	Where  string // for people
	Open   func(context.Context) (net.Listener, error)
	Serve  func(context.Context, net.Listener) error // closes the listener; nil once the context has ended
	Advice func(error) string                        // what to do about an error of the two
	Log    *slog.Logger

	bound atomic.Pointer[string] // address being served; nil: none
}

// Addr returns the address being served, empty while there is none. It differs
// from the one asked for where that has port 0 or no host.
func (d *Door) Addr() string {
	if a := d.bound.Load(); a != nil {
		return *a
	}
	return ""
}

// Run serves until ctx ends and Serve has returned. It is called once.
func (d *Door) Run(ctx context.Context) {
	retry, told := doorRetryMin, ""
	for ctx.Err() == nil {
		ln, err := d.Open(ctx)
		if err == nil {
			addr := ln.Addr().String()
			d.bound.Store(&addr)
			d.Log.Info(d.Name+" served", "address", addr)
			started := time.Now()
			err = d.Serve(ctx, ln)
			d.bound.Store(nil)
			if time.Since(started) > doorRetryMax {
				retry, told = doorRetryMin, ""
			}
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil && err.Error() != told {
			told = err.Error()
			d.Log.Warn(d.Name+" not served; trying again", "address", d.Where, "error", err, "do", d.Advice(err))
		}
		timer := time.NewTimer(retry)
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
		retry = min(2*retry, doorRetryMax)
	}
}
