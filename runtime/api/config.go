package api

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"rvo-tui/detectors/remote"
	"rvo-tui/internal/listen"
	"rvo-tui/internal/text"
)

// Auto is the value of Config.Socket that means DefaultSocket.
const Auto = "auto"

// Config is the [control] section.
type Config struct {
	// Socket is the path of the unix socket of the API: Auto for DefaultSocket, "" for
	// none.
	Socket string `toml:"socket"`
	// Listen is a TCP address (HOST:PORT) that also serves the API. On loopback this
	// user, root and holders of a token have access, and TLS is used if there is a
	// certificate. Other addresses require TLS and a token. Empty: none.
	Listen string `toml:"listen"`
	// Token gives full access over TCP, ReadToken read-only access. Both are secrets.
	// An empty ReadToken disables it.
	Token     string `toml:"token"`
	ReadToken string `toml:"read_token"`
	// TLSCert and TLSKey are PEM files. They are reloaded when they change.
	TLSCert string `toml:"tls_cert" is:"path"`
	TLSKey  string `toml:"tls_key" is:"path"`
	// Endpoints are model services that detectors attached over the API may use, in
	// addition to local and configured ones: an endpoint in the form of a detector's,
	// HOST:PORT, or a HOST with any port.
	Endpoints []string `toml:"endpoints"`
	// Sources are what cameras added over the API may read from, in addition to
	// devices, scenes and the hosts of configured cameras: a HOST, HOST:PORT,
	// SCHEME://HOST[:PORT] or a network such as 192.0.2.0/24.
	Sources []string `toml:"sources"`
	// Hosts are additional names of this machine that requests may use, for example
	// behind a proxy.
	Hosts []string `toml:"hosts"`
	// Write allows writing the configuration file over the API.
	Write bool `toml:"write"`
}

// DefaultConfig returns the defaults: a socket for this user only, and no TCP.
func DefaultConfig() Config { return Config{Socket: Auto} }

const (
	minToken     = 16
	maxToken     = 512
	maxEndpoints = 256
)

// Validate reports every invalid key.
func (c Config) Validate(bad func(key, problem string)) {
	if len(c.Socket) > listen.MaxSocketPath {
		bad("socket", fmt.Sprintf("is %d bytes long, but a socket's path has at most %d; choose a shorter one", len(c.Socket), listen.MaxSocketPath))
	}
	if strings.ContainsFunc(c.Socket, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		bad("socket", "contains a control character; remove it")
	}
	checkToken("token", c.Token, bad)
	checkToken("read_token", c.ReadToken, bad)
	if c.Token != "" && c.Token == c.ReadToken {
		bad("read_token", "is the same as token; use a different one for read-only access")
	}
	if c.Listen != "" {
		c.checkListen(bad)
	}
	if len(c.Endpoints) > maxEndpoints {
		bad("endpoints", fmt.Sprintf("has %d entries; at most %d are allowed", len(c.Endpoints), maxEndpoints))
	}
	for _, e := range c.Endpoints {
		if _, err := parsePermit(e); err != nil {
			bad("endpoints", fmt.Sprintf("%q %v", text.HideUser(e), err))
		}
	}
	if len(c.Sources) > maxEndpoints {
		bad("sources", fmt.Sprintf("has %d entries; at most %d are allowed", len(c.Sources), maxEndpoints))
	}
	for _, e := range c.Sources {
		if _, err := parseSource(e); err != nil {
			bad("sources", fmt.Sprintf("%q %v", text.HideUser(e), err))
		}
	}
	for _, h := range c.Hosts {
		if _, err := remote.ParseEndpoint(net.JoinHostPort(h, "1")); err != nil {
			bad("hosts", fmt.Sprintf("%q is not a name or address: write it without a port", h))
		}
	}
}

func (c Config) checkListen(bad func(key, problem string)) {
	_, port, err := net.SplitHostPort(c.Listen)
	n, perr := strconv.Atoi(port)
	if err != nil || perr != nil || n < 0 || n > 65535 {
		bad("listen", fmt.Sprintf("%q is not an address; write host:port, as in \"0.0.0.0:7443\", or \"\" for none", c.Listen))
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		bad("tls_key", "tls_cert and tls_key belong together; give both or none")
	}
	if !listen.OnLoopback(c.Listen) {
		c.Beyond("listen", bad)
	}
}

// Beyond reports every key required for serving other machines that is missing, the
// first one with how to do without. name is the key that requires it.
func (c Config) Beyond(name string, bad func(key, problem string)) {
	otherwise := "; or listen on 127.0.0.1 and forward the port with ssh -L (docs/web.md)"
	for _, k := range []struct{ key, value, what string }{
		{"token", c.Token, "clients on other machines authenticate with it"},
		{"tls_cert", c.TLSCert, "other machines are only served over TLS"},
		{"tls_key", c.TLSKey, "other machines are only served over TLS"},
	} {
		if k.value == "" {
			bad(k.key, "is missing and "+name+" needs it: "+k.what+otherwise)
			otherwise = ""
		}
	}
}

func checkToken(key, token string, bad func(key, problem string)) {
	switch {
	case token == "":
	case len(token) < minToken:
		bad(key, fmt.Sprintf("has fewer than %d characters; make one with: openssl rand -hex 32", minToken))
	case len(token) > maxToken:
		bad(key, fmt.Sprintf("has more than %d characters; make one with: openssl rand -hex 32", maxToken))
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		bad(key, "contains a space or a non-ASCII character, which is not allowed in a header; make one with: openssl rand -hex 32")
	}
}

const socketName = "control.sock"

// DefaultSocket returns the path of the socket for this environment: in the directory
// that systemd created for the service ($RUNTIME_DIRECTORY), otherwise in the user's
// session directory ($XDG_RUNTIME_DIR, which cron and su do not set), otherwise, for
// root, in /run. It is empty if there is none of these.
func DefaultSocket() string {
	if dir, _, _ := strings.Cut(os.Getenv("RUNTIME_DIRECTORY"), ":"); filepath.IsAbs(dir) {
		return filepath.Join(dir, socketName)
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "rvo-tui", socketName)
	}
	if os.Geteuid() == 0 {
		return SystemSocket
	}
	session := filepath.Join("/run/user", strconv.Itoa(os.Geteuid()))
	if info, err := os.Stat(session); err == nil && info.IsDir() {
		return filepath.Join(session, "rvo-tui", socketName)
	}
	return ""
}

// SystemSocket is the socket of the system-wide service.
const SystemSocket = "/run/rvo-tui/" + socketName

// path returns the path that Socket stands for, or "" for none.
func (c Config) path() string {
	if c.Socket == Auto {
		return DefaultSocket()
	}
	return c.Socket
}
