package remote

import (
	"net"
	"sync"
	"time"
)

// silenceLimit is how long calls may wait without any data from the service before
// their shared connection is reopened. A NAT or firewall may have forgotten the
// connection and still accept what is sent.
const silenceLimit = 5 * time.Second

// silence watches one connection for silenceLimit.
type silence struct {
	mu    sync.Mutex // guards what follows
	link  net.Conn   // below TLS; nil: there was none yet
	since time.Time  // the first call since anything came; zero: no call is open for longer than that
}

// begin notes a new connection.
func (s *silence) begin(link net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link, s.since = link, time.Time{}
}

// ask notes that a call begins.
func (s *silence) ask(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() {
		s.since = now
	}
}

// hear notes that data came.
func (s *silence) hear(link net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link == link {
		s.since = time.Time{}
	}
}

// late notes that a call had no answer in time, and closes the connection when
// nothing has come over it for too long. gRPC then opens another one.
func (s *silence) late(now time.Time) {
	s.mu.Lock()
	link := s.link
	if link == nil || s.since.IsZero() || now.Sub(s.since) < silenceLimit {
		s.mu.Unlock()
		return
	}
	s.link, s.since = nil, time.Time{}
	s.mu.Unlock()
	// It is abandoned whether or not it closes cleanly.
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
