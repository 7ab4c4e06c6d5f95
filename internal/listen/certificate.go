package listen

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"rvo-tui/internal/fileio/pem"
)

// Certificate is a certificate and its key, loaded from files and reloaded when these change. It is
// safe for concurrent use.
type Certificate struct {
	cert, key string
	log       *slog.Logger

	mu      sync.Mutex // guards the fields below; held while two small files are read
	stamp   [2]time.Time
	broken  [2]time.Time // stamp of invalid files that have been logged
	current *tls.Certificate
}

// OpenCertificate loads a pair of PEM files. If they later become invalid, the last valid pair stays
// in use, and log gets one warning.
func OpenCertificate(cert, key string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{cert: cert, key: key, log: log}
	if _, err := c.get(nil); err != nil {
		return nil, err
	}
	return c, nil
}

// Config returns the TLS configuration of a listener, for TLS 1.2 and newer.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
}

// get returns the pair in the files or, if these are invalid, the last valid pair.
func (c *Certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	pair, worse, err := c.look()
	if worse != nil {
		c.log.Warn("a certificate cannot be read again; the last one stays in use", "file", c.cert, "error", worse, "do", "correct the certificate and its key; they are read again when they change")
	}
	return pair, err
}

// look implements get. Worse is why new files cannot be used, if that has not been logged yet.
func (c *Certificate) look() (pair *tls.Certificate, worse, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var stamp [2]time.Time
	for i, name := range []string{c.cert, c.key} {
		if info, err := os.Stat(name); err == nil {
			stamp[i] = info.ModTime()
		}
	}
	if c.current != nil && stamp == c.stamp {
		return c.current, nil, nil
	}
	next, err := pem.KeyPair(c.cert, c.key)
	switch {
	case err == nil:
		c.current, c.stamp = &next, stamp
	case c.current == nil:
		return nil, nil, fmt.Errorf("read certificate: %w", err)
	case stamp != c.broken:
		c.broken, worse = stamp, err
	}
	return c.current, worse, nil
}
