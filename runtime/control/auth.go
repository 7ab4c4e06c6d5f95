package control

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

const (
	tokenHeader = "authorization"
	tokenPrefix = "Bearer "
)

// caller is who makes a call, and what he may do.
type caller struct {
	who   string // for the log
	write bool
	drop  func() // closes his connection
}

type callerKey struct{}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// gatekeeper authenticates callers: everyone who could open the unix socket, and
// over TCP the holders of a token.
type gatekeeper struct {
	write, read []byte // digests of the tokens; nil: there is none
	failures    failures
	log         *slog.Logger
}

func newGatekeeper(cfg Config, log *slog.Logger) *gatekeeper {
	g := &gatekeeper{log: log}
	if cfg.Token != "" {
		g.write = digest(cfg.Token)
	}
	if cfg.ReadToken != "" {
		g.read = digest(cfg.ReadToken)
	}
	return g
}

func digest(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// admit returns the caller, or why the call is refused.
func (g *gatekeeper) admit(ctx context.Context, now time.Time) (caller, error) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return caller{}, status.Error(codes.Unauthenticated, "the connection has no peer information")
	}
	info, ok := p.AuthInfo.(peerInfo)
	if !ok {
		return caller{}, status.Error(codes.Unauthenticated, "the connection has no peer information")
	}
	c := caller{who: info.who, drop: func() { _ = info.conn.Close() }} // it is gone then, whatever that says
	if info.local {
		c.write = true
		return c, nil
	}
	if g.failures.blocked(info.host, now) {
		return caller{}, status.Error(codes.ResourceExhausted, "too many wrong tokens came from this address: wait a minute")
	}
	var token string
	if values := metadata.ValueFromIncomingContext(ctx, tokenHeader); len(values) == 1 {
		token, _ = strings.CutPrefix(values[0], tokenPrefix)
	}
	sum := digest(token)
	write := subtle.ConstantTimeCompare(sum, g.write) == 1 // of different length, and unequal, where there is none
	read := subtle.ConstantTimeCompare(sum, g.read) == 1
	switch {
	case write:
		c.who += " with token"
		c.write = true
		return c, nil
	case read:
		c.who += " with read_token"
		return c, nil
	}
	if g.failures.add(info.host, now) {
		g.log.Warn("a control client has no valid token", "from", info.who, "do", "give it control.token or control.read_token, or close the port to it")
	}
	if token == "" {
		return caller{}, status.Error(codes.Unauthenticated, "a token is needed: give the control.token or control.read_token of this rvo-tui")
	}
	return caller{}, status.Error(codes.Unauthenticated, "the token is wrong: give the control.token or control.read_token of this rvo-tui")
}

// unary guards calls with one answer.
func (g *gatekeeper) unary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	c, err := g.admit(ctx, time.Now())
	if err != nil {
		return nil, err
	}
	return next(context.WithValue(ctx, callerKey{}, c), req)
}

// stream guards calls with a stream of answers.
func (g *gatekeeper) stream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	c, err := g.admit(stream.Context(), time.Now())
	if err != nil {
		return err
	}
	return next(srv, &guarded{stream, context.WithValue(stream.Context(), callerKey{}, c)})
}

// guarded is a stream whose context knows the caller.
type guarded struct {
	grpc.ServerStream
	ctx context.Context
}

func (g *guarded) Context() context.Context { return g.ctx }

const (
	failureLimit = 10
	failureTime  = time.Minute
	failureHosts = 1024
)

// failures counts wrong tokens by address. An address with failureLimit of them is
// blocked for failureTime. Beyond failureHosts addresses, the rest share one count.
type failures struct {
	mu    sync.Mutex // guards what follows
	hosts map[string]*failure
}

type failure struct {
	n     int
	since time.Time
}

// blocked reports whether an address is blocked.
func (s *failures) blocked(host string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.hosts[s.key(host)]
	return k != nil && k.n >= failureLimit && now.Sub(k.since) < failureTime
}

// add counts a wrong token and reports whether it is worth a line in the log: the
// first one, and the one that blocks the address.
func (s *failures) add(host string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hosts == nil {
		s.hosts = make(map[string]*failure)
	}
	if len(s.hosts) >= failureHosts {
		for h, k := range s.hosts {
			if now.Sub(k.since) >= failureTime {
				delete(s.hosts, h)
			}
		}
	}
	key := s.key(host)
	k := s.hosts[key]
	if k == nil || now.Sub(k.since) >= failureTime {
		k = &failure{since: now}
		s.hosts[key] = k
	}
	if k.n++; k.n == failureLimit {
		k.since = now
	}
	return k.n == 1 || k.n == failureLimit
}

// key is what a host is counted under. The caller holds the mutex.
func (s *failures) key(host string) string {
	if _, known := s.hosts[host]; !known && len(s.hosts) >= failureHosts {
		return ""
	}
	return host
}
