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
	maxRequests = 64              // at a time on one connection of HTTP/2
	headerTime  = 5 * time.Second // for a TLS handshake, and for the headers of a request
	idleTime    = time.Minute
	pingEvery   = 10 * time.Second // without a frame of HTTP/2 from the client
	pingTimeout = 10 * time.Second // past it a client that is stopped or gone is let go
	stopTime    = time.Second      // that requests being served have at the end
)

// connections are the bounds of those of one listener.
var connections = listen.Bounds{Strangers: 512, OfNetwork: 256, Known: 512}

// Run serves at the unix socket and, where asked for, over TCP, until ctx ends;
// requests being served then have a second to finish. It returns nil. A socket or an
// address that cannot be had is a warning in the log, and is tried again every 1 to
// 10 s. It is called once.
func (s *Server) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	s.ending = ctx.Done()
	if s.socket.Address == "" && s.opts.Config.Socket == Auto {
		s.log.Info("there is no control socket: neither $RUNTIME_DIRECTORY nor $XDG_RUNTIME_DIR names a directory", "do", "set control.socket to a path, or to \"\" for none")
	}
	for _, service := range []*listen.Service{s.socket, s.tcp, s.page} {
		if service.Address != "" {
			wg.Go(func() { service.Run(ctx) })
		}
	}
	<-ctx.Done()
	return nil
}

// Socket returns the path of the socket being served, empty while there is none.
func (s *Server) Socket() string { return s.socket.Addr() }

// Addr returns the TCP address being served, empty while there is none. It differs
// from the configured one where that has port 0 or no host.
func (s *Server) Addr() string { return s.tcp.Addr() }

// PageAddr returns the TCP address at which the page is being served, empty while it is
// not.
func (s *Server) PageAddr() string { return s.page.Addr() }

// listenAt sets where the API is to be served.
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

// withPage returns the handler of the API that answers all other paths with a page.
func (s *Server) withPage(page http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(Prefix+"/", s.Handler())
	if page != nil {
		mux.Handle("/", page)
	}
	return mux
}

// overTCP serves a handler at an address, which a key of the configuration sets.
func (s *Server) overTCP(name, key, address string, handler http.Handler) *listen.Service {
	cfg := s.opts.Config
	var pair *listen.Certificate // of the listener that is open
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

var errExposed = errors.New("an address beyond this machine needs TLS and a token")

// listenTCP listens at an address, which needs what Config.Beyond reports.
func listenTCP(ctx context.Context, address string, cfg Config) (net.Listener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	// What a name means is known only now.
	if a, ok := ln.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() && (cfg.TLSCert == "" || cfg.Token == "") {
		ln.Close()
		return nil, fmt.Errorf("listen at %s: %w", address, errExposed)
	}
	return ln, nil
}

// serve serves one listener, which it closes, until ctx ends or it breaks. Without a
// certificate there is no TLS.
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
		srv.Close() // a handler that hangs in the system is not waited for
	}
	<-done
	return nil
}

// listenAdvice says what to do about an error of listening on TCP, where a key says.
func listenAdvice(err error, key string) string {
	switch {
	case errors.Is(err, errExposed):
		return "set control.token, control.tls_cert and control.tls_key, or listen at 127.0.0.1"
	case errors.Is(err, syscall.EADDRINUSE):
		return "stop the program that has the port, or set another " + key
	case errors.Is(err, syscall.EACCES):
		return "set " + key + " to a port of 1024 or above, and let this user read the files"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "set " + key + " to an address of this machine"
	}
	return "put it right, or set another " + key
}

// socketAdvice says what to do about an error of listening at the socket.
func socketAdvice(err error) string {
	var held *listen.HeldError
	switch {
	case errors.As(err, &held) && held.PID != 0:
		return "watch that one with rvo-tui connect, or give this one another control.socket"
	case errors.As(err, &held):
		return "stop the program that has it, or set another control.socket"
	case errors.Is(err, os.ErrPermission):
		return "let this user write there, or set another control.socket"
	case errors.Is(err, syscall.EROFS):
		return "set control.socket to a path that can be written to"
	}
	return "put it right, or set another control.socket"
}
