// Package metrics serves the state of a runtime over HTTP: /metrics for Prometheus,
// /health and /ready.
package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"rvo-tui/internal/listen"
	"rvo-tui/runtime"
)

const (
	httpConns     = 64
	httpScrapes   = 4
	httpHeader    = 16 << 10
	httpRead      = 3 * time.Second
	httpWrite     = 10 * time.Second
	httpShutdown  = time.Second
	scrapeTimeout = 5 * time.Second
)

// Server answers GET and HEAD at one address: of /metrics (Prometheus), of
// /health (JSON, 200 as long as the process is alive) and of /ready (JSON, 503
// while a camera or a detector does not work).
//
// Clients are bounded: 64 connections, of which the oldest is closed for the next;
// one request for each, with at most 16 kB of headers, sent within 3 s and answered
// within 10 s; four scrapes at a time. An address that cannot be listened on is a
// warning in the log, and is tried again every 1 to 10 s.
type Server struct {
	log     *slog.Logger
	handler http.Handler
	service listen.Service
}

// NewServer returns a server for the address, which is HOST:PORT, over what
// latest returns at each request, which may be nil. Hosts are the names that requests
// may come for.
func NewServer(addr string, hosts listen.Hosts, latest func() *runtime.Snapshot, log *slog.Logger) *Server {
	registry := prometheus.NewRegistry()
	collector := NewCollector(latest)
	registry.MustRegister(
		collector,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	quiet := slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", collector.sized(promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog:            quiet,
		MaxRequestsInFlight: httpScrapes,
		Timeout:             scrapeTimeout,
		DisableCompression:  true, // it costs more than the loopback it saves
	})))
	mux.Handle("GET /health", health(latest))
	mux.Handle("GET /ready", ready(latest))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "rvo-tui: /metrics for Prometheus, /health for whether it is alive, /ready for whether all of it works")
	})
	s := &Server{log: log, handler: guard(hosts, mux)}
	s.service = listen.Service{
		Name: "metrics are", Address: addr, Serve: s.serve, Advice: listenAdvice, Log: log,
		Open: func(ctx context.Context) (net.Listener, error) {
			var lc net.ListenConfig
			ln, err := lc.Listen(ctx, "tcp", addr)
			if err == nil {
				if warning, do := (Config{Listen: ln.Addr().String()}).Exposed(); warning != "" {
					log.Warn(warning, "address", ln.Addr().String(), "do", do)
				}
			}
			return ln, err
		},
	}
	return s
}

// Addr returns the address being served, empty while there is none. It differs
// from the configured one where that has port 0 or no host.
func (s *Server) Addr() string { return s.service.Addr() }

// Run serves until ctx ends; requests under way then get a second to finish.
// It returns nil.
func (s *Server) Run(ctx context.Context) error {
	s.service.Run(ctx)
	return nil
}

func listenAdvice(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "stop the program that has the port, or name another with --metrics-listen"
	case errors.Is(err, syscall.EACCES):
		return "name a port of 1024 or above with --metrics-listen"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "name an address of this machine with --metrics-listen"
	}
	return "name a free address as HOST:PORT with --metrics-listen"
}

// serve serves one listener until ctx ends or the listener breaks.
func (s *Server) serve(ctx context.Context, ln net.Listener) error {
	srv := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: httpRead,
		ReadTimeout:       httpRead,
		WriteTimeout:      httpWrite,
		MaxHeaderBytes:    httpHeader,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	// A connection that stays open for the next scrape may stay open for nothing.
	srv.SetKeepAlivesEnabled(false)

	done := make(chan error, 1)
	go func() {
		done <- srv.Serve(listen.NewPool(ln, listen.Bounds{Strangers: httpConns, OfNetwork: httpConns}, s.log))
	}()
	select {
	case err := <-done:
		srv.Close()
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), httpShutdown)
	defer cancel()
	if srv.Shutdown(end) != nil {
		srv.Close()
	}
	<-done
	return nil
}

// guard sets the headers of every answer, and refuses requests for foreign hosts and
// those with a body.
func guard(hosts listen.Hosts, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		if !hosts.Serve(r) {
			http.Error(w, "this is no name of this rvo-tui: use its address, or put the name into control.hosts", http.StatusMisdirectedRequest)
			return
		}
		if r.ContentLength != 0 {
			http.Error(w, "requests have no body here", http.StatusRequestEntityTooLarge)
			return
		}
		next.ServeHTTP(w, r)
	})
}
