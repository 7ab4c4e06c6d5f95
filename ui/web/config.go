package web

import (
	"fmt"
	"net"
	"strconv"
)

// Config is the [web] section.
type Config struct {
	// Listen is the TCP address (HOST:PORT) that serves the browser dashboard and the HTTP API.
	// Access is as with control.listen: on loopback this user, root and holders of a token;
	// any other address needs control.token, control.tls_cert and control.tls_key. Empty: none.
	Listen string `toml:"listen"`
}

// Validate calls bad for every invalid key, with what is allowed.
func (c Config) Validate(bad func(key, problem string)) {
	if c.Listen == "" {
		return
	}
	_, port, err := net.SplitHostPort(c.Listen)
	n, perr := strconv.Atoi(port)
	if err != nil || perr != nil || n < 0 || n > 65535 {
		bad("listen", fmt.Sprintf("%q is not an address; write host:port, as in \"127.0.0.1:8080\", or \"\" for none", c.Listen))
	}
}
