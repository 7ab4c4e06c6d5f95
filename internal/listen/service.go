// Package listen opens and reopens listeners, bounds their connections, checks Host headers and
// reloads certificates.
package listen

import (
	"context"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"rvo-tui/internal/backoff"
)

const (
	retryFirst = time.Second
	retryLast  = 10 * time.Second
)

// Service is a server with its listener. If the listener cannot be opened or fails, it is reopened
// with delays of 1 to 10 s. Each reason is logged once, with advice.
type Service struct {
	Name    string // subject and verb for the log, such as "metrics are"
	Address string // requested address, for the log
	Open    func(context.Context) (net.Listener, error)
	Serve   func(context.Context, net.Listener) error // closes the listener; nil once the context has ended
	Advice  func(error) string                        // advice on an error of Open or Serve
	Log     *slog.Logger

	bound atomic.Pointer[string] // address being served; nil: none
}

// Addr returns the address being served; empty while there is none. It differs from Address if that
// has port 0 or no host.
func (s *Service) Addr() string {
	if a := s.bound.Load(); a != nil {
		return *a
	}
	return ""
}

// Run serves until ctx ends, and returns after Serve has. Call it once.
func (s *Service) Run(ctx context.Context) {
	waits, logged := backoff.Backoff{First: retryFirst, Last: retryLast}, ""
	for ctx.Err() == nil {
		ln, err := s.Open(ctx)
		if err == nil {
			addr := ln.Addr().String()
			s.bound.Store(&addr)
			s.Log.Info(s.Name+" served", "address", addr)
			started := time.Now()
			err = s.Serve(ctx, ln)
			s.bound.Store(nil)
			if time.Since(started) > retryLast {
				waits.Reset()
				logged = ""
			}
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil && err.Error() != logged {
			logged = err.Error()
			s.Log.Warn(s.Name+" not served; trying again", "address", s.Address, "error", err, "do", s.Advice(err))
		}
		waits.Wait(ctx)
	}
}
