package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"sync"
	"time"
)

const (
	sessionCookie = "rvo_session"
	sessionTime   = 12 * time.Hour
	maxSessions   = 64
)

// session is the permissions of a logged-in client.
type session struct {
	write bool
	uid   int // of a local client, which alone may use the session; -1: remote client
	until time.Time

	over context.Context // done when the session has ended, which also ends its requests
	end  context.CancelFunc
}

// sessions are the logins, at most maxSessions per token. Beyond that, the session with
// the earliest expiry is dropped. The zero value is ready to use. It is safe for
// concurrent use.
type sessions struct {
	mu   sync.Mutex // guards the fields below
	byID map[[32]byte]session
}

// uidOf returns the user that a session is bound to. Browsers send a cookie to every
// port of a host, so on loopback another user's server may get hold of it.
func uidOf(p *peer) int {
	if uid, known := p.uid(); known {
		return uid
	}
	return -1
}

// open starts a session and returns its secret.
func (s *sessions) open(p *peer, write bool, now time.Time) string {
	id := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = make(map[[32]byte]session)
	}
	var first [32]byte
	same := 0
	for key, k := range s.byID {
		switch f, ok := s.byID[first]; {
		case !now.Before(k.until):
			k.end()
			delete(s.byID, key)
		case k.write != write:
		case !ok || k.until.Before(f.until):
			first = key
			same++
		default:
			same++
		}
	}
	if same >= maxSessions {
		s.byID[first].end()
		delete(s.byID, first)
	}
	k := session{write: write, uid: uidOf(p), until: now.Add(sessionTime)}
	k.over, k.end = context.WithDeadline(context.Background(), k.until)
	s.byID[[32]byte(digest(id))] = k
	return id
}

// find returns the session of a request.
func (s *sessions) find(r *http.Request, p *peer, now time.Time) (session, bool) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return session{}, false
	}
	s.mu.Lock()
	k, ok := s.byID[[32]byte(digest(cookie.Value))]
	s.mu.Unlock()
	return k, ok && now.Before(k.until) && k.uid == uidOf(p)
}

// end ends the session of a request, if there is one.
func (s *sessions) end(r *http.Request) {
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		key := [32]byte(digest(cookie.Value))
		if k, ok := s.byID[key]; ok {
			k.end()
			delete(s.byID, key)
		}
	}
}

// cookie returns the cookie of a session; with id "", the one that deletes it.
func cookie(r *http.Request, id string) *http.Cookie {
	c := &http.Cookie{
		Name: sessionCookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
		MaxAge: int(sessionTime / time.Second),
	}
	if id == "" {
		c.MaxAge = -1
	}
	return c
}

// loginRoutes returns the routes of sessions.
func (s *Server) loginRoutes() []Route {
	return []Route{
		{Method: "POST", Path: "/login", Open: true, Doc: "Start a session of 12 hours with a token; the response sets its cookie.", Serve: s.login},
		{Method: "POST", Path: "/logout", Open: true, Doc: "End the session.", Serve: s.logout},
	}
}

// Login is the body of POST /api/login.
type Login struct {
	Token string `json:"token"` // control.token or control.read_token
}

// Session is the response of POST /api/login.
type Session struct {
	ReadOnly bool      `json:"read_only"` // it does not allow changes
	Expires  time.Time `json:"expires"`
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	var body Login
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	p, _ := peerOf(r.Context())
	now := time.Now()
	kind, write := s.gate.token(body.Token)
	if kind == "" {
		return s.gate.refuseToken(p, now)
	}
	p.prove()
	s.log.Info("API session started", "by", p.who, "with", kind)
	http.SetCookie(w, cookie(r, s.gate.sessions.open(p, write, now)))
	return writeJSON(w, Session{!write, now.Add(sessionTime)})
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) error {
	s.gate.sessions.end(r)
	http.SetCookie(w, cookie(r, ""))
	return writeJSON(w, struct{}{})
}
