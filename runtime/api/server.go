package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"rvo-tui/internal/listen"
)

const (
	maxHeader   = 16 << 10        // bytes of headers
	maxRequests = 64              // concurrent requests on one HTTP/2 connection
	headerTime  = 5 * time.Second // for a TLS handshake, and for request headers
	idleTime    = time.Minute
	pingEvery   = 10 * time.Second // without an HTTP/2 frame from the client
	pingTimeout = 10 * time.Second // after which an unresponsive client is disconnected
	stopTime    = time.Second      // for open requests at shutdown
)

// connections are the connection limits of one listener.
var connections = listen.Bounds{Unauthenticated: 512, PerNetwork: 256, Authenticated: 512}

// Run serves the unix socket and, if configured, TCP, until ctx ends. Open requests
// then have one second to finish. It returns nil. If it cannot listen, it logs a
// warning and retries every 1 to 10 s. Call it once.
func (s *Server) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	s.ending = ctx.Done()
	if s.socket.Address == "" && s.opts.Config.Socket == Auto {
		s.log.Info("there is no control socket: neither $RUNTIME_DIRECTORY nor $XDG_RUNTIME_DIR is set to a directory", "do", "set control.socket to a path, or to \"\" for none")
	}
	for _, service := range []*listen.Service{s.socket, s.tcp, s.page} {
		if service.Address != "" {
			wg.Go(func() { service.Run(ctx) })
		}
	}
	<-ctx.Done()
	return nil
}

// Socket returns the path of the socket being served; empty while there is none.
func (s *Server) Socket() string { return s.socket.Addr() }

// Addr returns the TCP address being served; empty while there is none. It differs from
// the configured one if that has port 0 or no host.
func (s *Server) Addr() string { return s.tcp.Addr() }

// PageAddr returns the TCP address at which the page is being served; empty while there
// is none.
func (s *Server) PageAddr() string { return s.page.Addr() }

// listenAt configures the listeners.
func (s *Server) listenAt(opts Options) {
	path := opts.Config.path()
	s.socket = &listen.Service{
		Name: "the API is", Address: path, Advice: socketAdvice, Log: s.log,
		Open:  func(ctx context.Context) (net.Listener, error) { return listen.Socket(ctx, path) },
		Serve: func(ctx context.Context, ln net.Listener) error { return s.serve(ctx, ln, nil, s.Handler()) },
	}
	s.tcp = s.overTCP("the API is", "control.listen", opts.Config.Listen, s.Handler())
	s.page = s.overTCP("the browser dashboard is", "web.listen", opts.PageListen, s.withPage(opts.Page))
}

// withPage returns the API handler, with the page for all other paths.
func (s *Server) withPage(page http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(Prefix+"/", s.Handler())
	if page != nil {
		mux.Handle("/", limitBody(page))
	}
	return mux
}

// overTCP serves a handler at an address set by a configuration key.
func (s *Server) overTCP(name, key, address string, handler http.Handler) *listen.Service {
	cfg := s.opts.Config
	var pair *listen.Certificate // certificate of the open listener
	return &listen.Service{
		Name: name, Address: address, Advice: func(err error) string { return listenAdvice(err, key) }, Log: s.log,
		Open: func(ctx context.Context) (ln net.Listener, err error) {
			if cfg.TLSCert != "" {
				if pair, err = listen.OpenCertificate(cfg.TLSCert, cfg.TLSKey, s.log); err != nil {
					return nil, fmt.Errorf("read control.tls_cert and control.tls_key: %w", err)
				}
			}
			return listenTCP(ctx, address, cfg)
		},
		Serve: func(ctx context.Context, ln net.Listener) error { return s.serve(ctx, ln, pair, handler) },
	}
}

var errExposed = errors.New("an address reachable from other machines needs TLS and a token")

// listenTCP listens at an address. It enforces the requirements checked by
// Config.Beyond.
func listenTCP(ctx context.Context, address string, cfg Config) (net.Listener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	// Only now is it known which address the name resolves to.
	if a, ok := ln.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() && (cfg.TLSCert == "" || cfg.Token == "") {
		ln.Close()
		return nil, fmt.Errorf("listen at %s: %w", address, errExposed)
	}
	return ln, nil
}

// serve serves one listener until ctx ends or the listener fails, and closes it.
// Without a certificate it does not use TLS.
func (s *Server) serve(ctx context.Context, ln net.Listener, pair *listen.Certificate, handler http.Handler) error {
	srv := &http.Server{
		Handler:           handler,
		ConnContext:       withPeer,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxRequests, SendPingTimeout: pingEvery, PingTimeout: pingTimeout, WriteByteTimeout: sendTimeout,
		},
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	bounded := listen.NewPool(ln, connections, s.log)
	done := make(chan error, 1)
	go func() {
		if pair == nil {
			done <- srv.Serve(bounded)
			return
		}
		srv.TLSConfig = pair.Config()
		done <- srv.ServeTLS(bounded, "", "")
	}()
	select {
	case err := <-done:
		srv.Close()
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if srv.Shutdown(end) != nil {
		srv.Close() // do not wait for hanging handlers
	}
	<-done
	return nil
}

// listenAdvice says what to do about an error of listening on TCP. key is the
// configuration key.
func listenAdvice(err error, key string) string {
	switch {
	case errors.Is(err, errExposed):
		return "set control.token, control.tls_cert and control.tls_key, or listen at 127.0.0.1"
	case errors.Is(err, syscall.EADDRINUSE):
		return "stop the program that uses the port, or set another " + key
	case errors.Is(err, syscall.EACCES):
		return "set " + key + " to a port of 1024 or above, and let this user read the files"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "set " + key + " to an address of this machine"
	}
	return "correct the problem, or set another " + key
}

// socketAdvice says what to do about an error of listening on the socket.
func socketAdvice(err error) string {
	var held *listen.HeldError
	switch {
	case errors.As(err, &held) && held.PID != 0:
		return "connect to the running one with rvo-tui connect, or set another control.socket"
	case errors.As(err, &held):
		return "stop the program that uses it, or set another control.socket"
	case errors.Is(err, os.ErrPermission):
		return "let this user write there, or set another control.socket"
	case errors.Is(err, syscall.EROFS):
		return "set control.socket to a path that can be written to"
	}
	return "correct the problem, or set another control.socket"
}
