package metrics

import (
	"fmt"
	"net"
	"strconv"

	"rvo-tui/internal/listen"
)

// Config is the [metrics] section.
type Config struct {
	// Listen is the TCP address that serves /metrics, /health and /ready, as
	// host:port. Empty: none is served.
	Listen string `toml:"listen"`
}

// DefaultConfig returns the default values: port 9090 of this machine alone.
func DefaultConfig() Config { return Config{Listen: "127.0.0.1:9090"} }

// Validate calls bad for every invalid key, with what is allowed.
func (c Config) Validate(bad func(key, problem string)) {
	if c.Listen == "" {
		return
	}
	_, port, err := net.SplitHostPort(c.Listen)
	n, perr := strconv.Atoi(port)
	if err != nil || perr != nil || n < 0 || n > 65535 {
		bad("listen", fmt.Sprintf("%q is not an address; write host:port, as in \"127.0.0.1:9090\" or \":9090\", or \"\" for none", c.Listen))
	}
}

// Exposed warns of an address beyond this machine, and says what to do; empty: it is
// none.
func (c Config) Exposed() (warning, do string) {
	if c.Listen == "" || listen.OnLoopback(c.Listen) {
		return "", ""
	}
	return "metrics are served beyond this machine, to everybody who reaches it: they name cameras, detectors and rules", "set metrics.listen to 127.0.0.1:9090, or let a firewall or a proxy decide who reads them"
}
