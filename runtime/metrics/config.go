package metrics

import (
	"fmt"
	"net"
	"strconv"

	"rvo-tui/internal/listen"
)

// Config is the [metrics] section.
type Config struct {
	// Listen is the TCP address (host:port) of /metrics, /health and /ready. Empty:
	// none.
	Listen string `toml:"listen"`
}

// DefaultConfig returns the defaults: port 9090, only for this machine.
func DefaultConfig() Config { return Config{Listen: "127.0.0.1:9090"} }

// Validate calls bad for every invalid key, with the allowed values.
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

// Exposed returns a warning about an address reachable from other machines, and what to
// do; empty: it is not.
func (c Config) Exposed() (warning, do string) {
	if c.Listen == "" || listen.OnLoopback(c.Listen) {
		return "", ""
	}
	return "metrics, which name cameras, detectors and rules, are readable from other machines without a login", "set metrics.listen to 127.0.0.1:9090, or restrict access with a firewall or a proxy"
}
