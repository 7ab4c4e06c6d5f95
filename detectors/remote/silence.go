package remote

import (
	"net"
	"sync"
	"time"
)

// silenceLimit is how long calls may wait without any data from the service before
// their shared connection is reopened. A NAT or firewall may have dropped the
// connection without rejecting data.
const silenceLimit = 5 * time.Second

// silence detects silence on one connection.
type silence struct {
	mu    sync.Mutex // guards the fields below
	link  net.Conn   // below TLS; nil: none yet
	since time.Time  // first call since data last arrived; zero: none
}

// begin records a new connection.
func (s *silence) begin(link net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link, s.since = link, time.Time{}
}

// ask records the start of a call.
func (s *silence) ask(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() {
		s.since = now
	}
}

// hear records incoming data.
func (s *silence) hear(link net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link == link {
		s.since = time.Time{}
	}
}

// late records that a call timed out, and closes the connection if it has been silent
// for too long. gRPC then opens another one.
func (s *silence) late(now time.Time) {
	s.mu.Lock()
	link := s.link
	if link == nil || s.since.IsZero() || now.Sub(s.since) < silenceLimit {
		s.mu.Unlock()
		return
	}
	s.link, s.since = nil, time.Time{}
	s.mu.Unlock()
	// The connection is abandoned even if closing fails.
	_ = link.Close()
}

// heard is a connection that reports incoming data.
type heard struct {
	net.Conn
	link net.Conn
	s    *silence
}

func (h *heard) Read(p []byte) (int, error) {
	n, err := h.Conn.Read(p)
	if n > 0 {
		h.s.hear(h.link)
	}
	return n, err
}
