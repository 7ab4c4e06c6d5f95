package metrics

import (
	"fmt"
	"net"
	"strconv"
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
