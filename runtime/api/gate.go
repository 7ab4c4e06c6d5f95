package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"rvo-tui/internal/listen"
	"rvo-tui/internal/text"
)

// caller is the client of a request and its permissions.
type caller struct {
	who   string // for the log
	write bool
	over  context.Context // done when its session has ended; nil: it has none
}

type callerKey struct{}

func callerOf(ctx context.Context) (c caller, known bool) {
	c, known = ctx.Value(callerKey{}).(caller)
	return c, known
}

// gate authenticates requests.
type gate struct {
	write, read []byte // digests of the tokens; nil: no token
	hosts       listen.Hosts
	foreign     *http.CrossOriginProtection
	sessions    *sessions
	failed      *failedLogins
	log         *slog.Logger
}

func newGate(cfg Config, log *slog.Logger) gate {
	g := gate{hosts: listen.NewHosts(append([]string{SocketHost}, cfg.Hosts...)...), foreign: http.NewCrossOriginProtection(), sessions: new(sessions), failed: new(failedLogins), log: log}
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

// guard passes requests on, with the caller in their context if it is authenticated. It
// refuses requests that another site's page may have made.
func (g *gate) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		defer func() {
			if bug := recover(); bug != nil {
				if err, _ := bug.(error); !errors.Is(err, http.ErrAbortHandler) {
					g.log.Error("panic in an API request", "method", r.Method, "path", text.CleanTo(r.URL.Path, 200), "panic", bug, "stack", string(debug.Stack()))
				}
				panic(http.ErrAbortHandler)
			}
		}()
		p, ok := peerOf(r.Context())
		if !ok {
			errUnknownCaller.write(w)
			return
		}
		if err := g.origin(r); err != nil {
			refuse(w, err)
			return
		}
		c, known, err := g.identify(r, p, time.Now())
		if err != nil {
			refuse(w, err)
			return
		}
		ctx := r.Context()
		if known {
			p.prove()
			ctx = context.WithValue(ctx, callerKey{}, c)
		}
		if c.over != nil && r.Method == http.MethodGet { // a change in progress is completed
			var cancel context.CancelFunc
			ctx, cancel = context.WithCancel(ctx)
			defer cancel()
			defer context.AfterFunc(c.over, cancel)()
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// refuse responds with a problem and closes the connection without waiting for the rest
// of the request.
func refuse(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Connection", "close")
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(time.Second)) // a connection without deadlines needs none
	_ = rc.SetWriteDeadline(time.Now().Add(sendTimeout))
	p.write(w)
}

// origin refuses requests for a foreign host, as made by a page whose name suddenly
// resolves to this machine (DNS rebinding), and requests from pages of other origins.
func (g *gate) origin(r *http.Request) *Problem {
	if !g.hosts.Serve(r) {
		return problem(http.StatusMisdirectedRequest, fmt.Sprintf("%q is not a name of this rvo-tui", text.Clean(r.Host)), "use its address, or put the name into control.hosts")
	}
	err := g.foreign.Check(r)
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		if strings.HasPrefix(r.URL.Path, Prefix+"/") {
			err = http.ErrNotSupported
		}
	}
	if err != nil {
		return problem(http.StatusForbidden, "the request comes from a page of another origin", "open the page from this address")
	}
	return nil
}

// SocketHost is the host in the address of requests over the unix socket, where it has
// no meaning.
const SocketHost = "rvo"

// identify returns the client of a request, if it is authenticated.
func (g *gate) identify(r *http.Request, p *peer, now time.Time) (c caller, known bool, err *Problem) {
	c.who = p.who
	overSocket := !p.addr.IsValid()
	if overSocket && p.own() {
		c.write = true
		return c, true, nil
	}
	if given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		kind, write := g.token(given)
		if kind == "" {
			return c, false, g.refuseToken(p, now)
		}
		c.who, c.write = c.who+" with "+kind, write
		return c, true, nil
	}
	if s, ok := g.sessions.find(r, p, now); ok {
		c.who, c.write, c.over = c.who+" with a session", s.write, s.over
		return c, true, nil
	}
	if !overSocket && p.addr.IsLoopback() && listen.Direct(r) && p.own() {
		c.who, c.write = fmt.Sprintf("%s uid=%d", c.who, os.Geteuid()), true
		return c, true, nil
	}
	return c, false, nil
}

// token returns which token given is, and whether it allows changes; "": none.
func (g *gate) token(given string) (kind string, write bool) {
	sum := digest(given)
	isWrite := subtle.ConstantTimeCompare(sum, g.write) == 1 // unequal if there is no token, because the lengths differ
	isRead := subtle.ConstantTimeCompare(sum, g.read) == 1
	switch {
	case isWrite:
		return "token", true
	case isRead:
		return "read_token", false
	}
	return "", false
}

// refuseToken counts a wrong token and returns the response.
func (g *gate) refuseToken(p *peer, now time.Time) *Problem {
	many, tell := g.failed.add(listen.Network(p.addr), now)
	if tell {
		g.log.Warn("a client of the API has a wrong token", "from", p.who, "do", "give it control.token or control.read_token, or block its access to the port")
	}
	if many {
		return problem(http.StatusTooManyRequests, "too many wrong tokens came from this address", "wait a minute, or send the right one")
	}
	return problem(http.StatusUnauthorized, "the token is wrong", "send the control.token or control.read_token of this rvo-tui")
}

const (
	failedLimit    = 10
	failedTime     = time.Minute
	failedNetworks = 1024
)

// failedLogins counts wrong tokens by network. Beyond failedNetworks networks, the rest
// share one counter. It slows down guessing and does not affect valid tokens, which are
// checked first.
type failedLogins struct {
	mu       sync.Mutex // guards the fields below
	networks map[string]*failures
}

type failures struct {
	n     int
	since time.Time
}

// add counts a wrong token. It reports whether there are too many from that network,
// and whether to log this one: only the first one, and the first one beyond the limit.
func (s *failedLogins) add(network string, now time.Time) (many, tell bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.networks == nil {
		s.networks = make(map[string]*failures)
	}
	if len(s.networks) >= failedNetworks {
		for n, k := range s.networks {
			if now.Sub(k.since) >= failedTime {
				delete(s.networks, n)
			}
		}
	}
	if _, known := s.networks[network]; !known && len(s.networks) >= failedNetworks {
		network = ""
	}
	k := s.networks[network]
	if k == nil || now.Sub(k.since) >= failedTime {
		k = &failures{since: now}
		s.networks[network] = k
	}
	k.n++
	return k.n > failedLimit, k.n == 1 || k.n == failedLimit+1
}
