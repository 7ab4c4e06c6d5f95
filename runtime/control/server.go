package control

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/listen"
	"rvo-tui/internal/logging"
	controlv1 "rvo-tui/proto/rvo/control/v1"
	"rvo-tui/runtime"
)

// The bounds of the API; docs/control.md lists them.
const (
	maxStreams  = 32       // calls at a time on one connection
	maxRequest  = 1 << 20  // bytes
	maxHeader   = 16 << 10 // bytes of headers
	writeBuffer = 32 << 10 // bytes that wait for a connection to take them
	idleTime    = time.Minute
	pingEvery   = 10 * time.Second
	pingTimeout = 15 * time.Second // past it a client that is stopped or gone is let go
	sendTimeout = 25 * time.Second // that a client may leave an answer unread
	stopTime    = time.Second      // that calls under way have at the end
	turnedEvery = time.Minute      // that clients which are turned away are told of in the log
)

// Codec turns the text of one [[detector]] or [[camera]] of a configuration,
// without its header, into a value and back. Decoding is strict, and expands no
// ${NAME}: what travels over the API is nobody's way to this machine's secrets.
// Nor does it look at a file that the text names: whether it may name one is
// judged with what Detector returns, and what is in the file after that.
type Codec struct {
	Detector     func(text string) (detectors.Config, error)
	Camera       func(text string) (capture.Config, error)
	DetectorText func(detectors.Config) (string, error)
	CameraText   func(capture.Config) (string, error)
}

// ServerOptions is what a Server serves. Its configuration must be valid.
type ServerOptions struct {
	Config     Config
	Runtime    *runtime.Runtime
	Ring       *logging.Ring               // lines of the log; nil: there are none
	Recent     *runtime.Recent             // events; nil: there are none
	ClipsDir   string                      // of the evidence; empty: there is none
	Kinds      detectors.Kinds             // as the Runtime's
	Configured func() []string             // endpoints of detectors that the configuration names now; nil: none
	Codec      Codec                       // Detector and Camera; nil: attach, add_camera are refused
	Reload     func(context.Context) error // nil: reload is refused
	Version    string
	ConfigFile string // configuration in use, as its user named it
	Log        *slog.Logger
}

// Server serves the control API at a unix socket and, where asked for, over TCP.
//
// It keeps clients at arm's length: at most 64 connections each, of 32 calls each;
// requests of 1 MiB; 16 commands at a time. What a client does not read is bounded
// and replaced by what is newer; one that reads nothing for 25 s is let go.
type Server struct {
	opts     ServerOptions
	log      *slog.Logger
	instance string
	gate     *gatekeeper
	service  *service

	socket, tcp *listen.Service // without an Address: there is none
}

// NewServer returns a server that is ready to Run.
func NewServer(opts ServerOptions) *Server {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	id := make([]byte, 8)
	_, _ = rand.Read(id) // it never fails
	s := &Server{opts: opts, log: opts.Log, instance: hex.EncodeToString(id), gate: newGatekeeper(opts.Config, opts.Log)}
	s.service = newService(opts, s.instance)
	s.socket, s.tcp = s.services()
	return s
}

// services returns where the API is to be served.
func (s *Server) services() (socket, tcp *listen.Service) {
	cfg := s.opts.Config
	path := cfg.path()
	socket = &listen.Service{
		Name: "control is", Address: path, Advice: socketAdvice, Log: s.log,
		Open: func(ctx context.Context) (net.Listener, error) { return openSocket(ctx, path) },
		Serve: func(ctx context.Context, ln net.Listener) error {
			return s.serve(ctx, ln, new(handshake))
		},
	}
	creds := new(handshake)
	tcp = &listen.Service{
		Name: "control is", Address: cfg.Listen, Advice: listenAdvice, Log: s.log,
		Open: func(ctx context.Context) (net.Listener, error) {
			var err error
			if creds.tls, err = openTLS(cfg.TLSCert, cfg.TLSKey, s.log); err != nil {
				return nil, err
			}
			var lc net.ListenConfig
			return lc.Listen(ctx, "tcp", cfg.Listen)
		},
		Serve: func(ctx context.Context, ln net.Listener) error { return s.serve(ctx, ln, creds) },
	}
	return socket, tcp
}

// Socket returns the path of the socket being served, empty while there is none.
func (s *Server) Socket() string { return s.socket.Addr() }

// Addr returns the TCP address being served, empty while there is none. It
// differs from the configured one where that has port 0 or no host.
func (s *Server) Addr() string { return s.tcp.Addr() }

// Run serves until ctx ends; calls under way then have a second to finish. It
// returns nil. A socket or an address that cannot be had is a warning in the log,
// and is tried again every 1 to 10 s. It is called once.
func (s *Server) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	s.service.ending = ctx.Done()
	if s.socket.Address == "" && s.opts.Config.Socket == Auto {
		s.log.Info("there is no control socket: neither $RUNTIME_DIRECTORY nor $XDG_RUNTIME_DIR names a directory", "do", "set control.socket to a path, or to \"\" for none")
	}
	for _, service := range []*listen.Service{s.socket, s.tcp} {
		if service.Address != "" {
			wg.Go(func() { service.Run(ctx) })
		}
	}
	<-ctx.Done()
	return nil
}

// serve serves one listener, which it closes, until ctx ends or it breaks.
func (s *Server) serve(ctx context.Context, ln net.Listener, creds *handshake) error {
	server := grpc.NewServer(
		grpc.Creds(creds),
		grpc.UnaryInterceptor(s.gate.unary),
		grpc.StreamInterceptor(s.gate.stream),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.MaxRecvMsgSize(maxRequest),
		grpc.MaxHeaderListSize(maxHeader),
		grpc.WriteBufferSize(writeBuffer),
		grpc.ConnectionTimeout(handshakeTime),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: pingEvery, Timeout: pingTimeout, MaxConnectionIdle: idleTime}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingEvery / 2}),
		grpc.WaitForHandlers(true),
	)
	controlv1.RegisterControlServer(server, s.service)
	var told time.Time // these two are of the goroutine that accepts
	var turned int
	refused := func(from net.Addr) {
		if turned++; time.Since(told) < turnedEvery {
			return
		}
		s.log.Warn("control clients were turned away: there are too many", "newest", from.String(), "at", ln.Addr().String(), "limit", maxConns, "turned_away", turned)
		told, turned = time.Now(), 0
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listen.NewLimit(ln, maxConns, refused)) }()
	select {
	case err := <-done:
		server.Stop()
		return err
	case <-ctx.Done():
	}
	timer := time.AfterFunc(stopTime, server.Stop)
	server.GracefulStop()
	timer.Stop()
	<-done
	return nil
}
