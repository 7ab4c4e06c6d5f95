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

// Auto is the Config.Socket that stands for DefaultSocket.
const Auto = "auto"

// Config is the [control] section.
type Config struct {
	// Socket is the path of the unix socket that the API is served on: Auto for
	// DefaultSocket, "" for none.
	Socket string `toml:"socket"`
	// Listen is a TCP address, as HOST:PORT, that serves the API too. On loopback
	// this user and root are let in, and holders of a token; TLS is used where there
	// is a certificate. Any other address needs TLS and a token. Empty: none.
	Listen string `toml:"listen"`
	// Token lets its holder do everything over TCP, ReadToken only look. Both are
	// secrets. An empty ReadToken is nobody's.
	Token     string `toml:"token"`
	ReadToken string `toml:"read_token"`
	// TLSCert and TLSKey are PEM files. They are read again when they change.
	TLSCert string `toml:"tls_cert" is:"path"`
	TLSKey  string `toml:"tls_key" is:"path"`
	// Endpoints are model services that detectors attached over the API may use,
	// beside those on this machine and configured ones: each an endpoint as of a
	// detector, HOST:PORT, or a HOST with any port.
	Endpoints []string `toml:"endpoints"`
	// Sources are what cameras added over the API may read from, beside devices,
	// scenes and the hosts of configured cameras: each a HOST, HOST:PORT,
	// SCHEME://HOST[:PORT] or a network as 192.0.2.0/24.
	Sources []string `toml:"sources"`
	// Hosts are names of this machine beside localhost and its addresses, by which
	// requests may come, as through a proxy.
	Hosts []string `toml:"hosts"`
	// Write allows to write the configuration file over the API.
	Write bool `toml:"write"`
}

// DefaultConfig returns what holds where the configuration says nothing: a
// socket for this user alone, and no TCP.
func DefaultConfig() Config { return Config{Socket: Auto} }

const (
	minToken     = 16
	maxToken     = 512
	maxEndpoints = 256
)

// Validate reports every invalid key.
func (c Config) Validate(bad func(key, problem string)) {
	if len(c.Socket) > listen.MaxSocketPath {
		bad("socket", fmt.Sprintf("is %d bytes long, and a socket's path has %d at most; choose a shorter one", len(c.Socket), listen.MaxSocketPath))
	}
	if strings.ContainsFunc(c.Socket, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		bad("socket", "holds a control character; remove it")
	}
	checkToken("token", c.Token, bad)
	checkToken("read_token", c.ReadToken, bad)
	if c.Token != "" && c.Token == c.ReadToken {
		bad("read_token", "is the same as token; give those who only look another one")
	}
	if c.Listen != "" {
		c.checkListen(bad)
	}
	if len(c.Endpoints) > maxEndpoints {
		bad("endpoints", fmt.Sprintf("has %d entries; at most %d are possible", len(c.Endpoints), maxEndpoints))
	}
	for _, e := range c.Endpoints {
		if _, err := parsePermit(e); err != nil {
			bad("endpoints", fmt.Sprintf("%q %v", text.HideUser(e), err))
		}
	}
	if len(c.Sources) > maxEndpoints {
		bad("sources", fmt.Sprintf("has %d entries; at most %d are possible", len(c.Sources), maxEndpoints))
	}
	for _, e := range c.Sources {
		if _, err := parseSource(e); err != nil {
			bad("sources", fmt.Sprintf("%q %v", text.HideUser(e), err))
		}
	}
	for _, h := range c.Hosts {
		if _, err := remote.ParseEndpoint(net.JoinHostPort(h, "1")); err != nil {
			bad("hosts", fmt.Sprintf("%q is no name or address: write it without a port", h))
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

// Beyond reports every key that is missing for serving beyond this machine, which the
// key of a name asks for.
func (c Config) Beyond(name string, bad func(key, problem string)) {
	for _, k := range []struct{ key, value, what string }{
		{"token", c.Token, "beyond this machine clients prove with it that they may"},
		{"tls_cert", c.TLSCert, "beyond this machine the API is served over TLS alone"},
		{"tls_key", c.TLSKey, "beyond this machine the API is served over TLS alone"},
	} {
		if k.value == "" {
			bad(k.key, "is missing and "+name+" needs it: "+k.what)
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
		bad(key, "holds a blank or a character beyond ASCII, which does not fit into a header; make one with: openssl rand -hex 32")
	}
}

const socketName = "control.sock"

// DefaultSocket returns where the socket of a program with this environment is:
// in the directory that systemd has made for the service ($RUNTIME_DIRECTORY),
// else in that of the user's session ($XDG_RUNTIME_DIR, which cron and su leave out),
// else, for root, in /run. It is empty where there is none of these.
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

// SystemSocket is the socket of a service of the whole machine.
const SystemSocket = "/run/rvo-tui/" + socketName

// path returns the path that Socket stands for, or "" for none.
func (c Config) path() string {
	if c.Socket == Auto {
		return DefaultSocket()
	}
	return c.Socket
}
