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

// Server serves GET and HEAD of /metrics (Prometheus), /health (JSON, 200 as long as
// the process is alive) and /ready (JSON, 503 while a camera or a detector does not
// work) at one address.
//
// Clients are limited to 64 connections, of which the oldest is closed for a new one;
// one request per connection, with at most 16 kB of headers, sent within 3 s and
// answered within 10 s; and four concurrent scrapes. If it cannot listen, it logs a
// warning and retries every 1 to 10 s.
type Server struct {
	log     *slog.Logger
	handler http.Handler
	service listen.Service
}

// NewServer returns a server at addr (HOST:PORT) for the snapshots returned by latest,
// which may be nil. hosts are the names that requests may use.
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
		DisableCompression:  true, // costs more than it saves on loopback
	})))
	mux.Handle("GET /health", health(latest))
	mux.Handle("GET /ready", ready(latest))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "rvo-tui: /metrics for Prometheus, /health for liveness, /ready for readiness")
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

// Addr returns the address being served; empty while there is none. It differs from the
// configured one if that has port 0 or no host.
func (s *Server) Addr() string { return s.service.Addr() }

// Run serves until ctx ends; open requests then have one second to finish. It returns
// nil.
func (s *Server) Run(ctx context.Context) error {
	s.service.Run(ctx)
	return nil
}

func listenAdvice(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "stop the program that uses the port, or set another with --metrics-listen"
	case errors.Is(err, syscall.EACCES):
		return "set a port of 1024 or above with --metrics-listen"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "set an address of this machine with --metrics-listen"
	}
	return "set a free address (HOST:PORT) with --metrics-listen"
}

// serve serves one listener until ctx ends or the listener fails.
func (s *Server) serve(ctx context.Context, ln net.Listener) error {
	srv := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: httpRead,
		ReadTimeout:       httpRead,
		WriteTimeout:      httpWrite,
		MaxHeaderBytes:    httpHeader,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	// Otherwise idle connections could be kept open between scrapes.
	srv.SetKeepAlivesEnabled(false)

	done := make(chan error, 1)
	go func() {
		done <- srv.Serve(listen.NewPool(ln, listen.Bounds{Unauthenticated: httpConns, PerNetwork: httpConns}, s.log))
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

// guard sets the headers of every response, and rejects requests for foreign hosts and
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
			http.Error(w, "this is not a name of this rvo-tui: use its address, or add the name to control.hosts", http.StatusMisdirectedRequest)
			return
		}
		if r.ContentLength != 0 {
			http.Error(w, "requests must not have a body", http.StatusRequestEntityTooLarge)
			return
		}
		next.ServeHTTP(w, r)
	})
}
