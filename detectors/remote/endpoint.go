package remote

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path"
	"strconv"
	"strings"
)

const maxSocket = 107 // maximum path length in a socket address on Linux

var errSocket = fmt.Errorf("has no valid path: write unix:///path/of/socket, at most %d bytes after unix://", maxSocket)

// Endpoint is the address of a model service.
type Endpoint struct {
	Network string // "tcp" or "unix"
	Addr    string // host and port, or the absolute path of a socket
	TLS     bool
}

// ParseEndpoint parses host:port, http://host[:port], https://host[:port] or
// unix:///path. Its errors say what is allowed and never contain a password.
func ParseEndpoint(s string) (Endpoint, error) {
	if s == "" {
		return Endpoint{}, errors.New("is missing: write host:port, http://host:port, https://host:port or unix:///path")
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		if strings.HasPrefix(strings.ToLower(s), "unix:/") {
			return Endpoint{}, errSocket
		}
		return plain(s)
	}
	switch strings.ToLower(scheme) {
	case "unix":
		return unix(rest)
	case "http", "https":
	default:
		return Endpoint{}, errors.New("has an unknown scheme: use http, https or unix")
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return Endpoint{}, errors.New("is not an address: write it as in http://host:port")
	case u.User != nil:
		return Endpoint{}, errors.New("must not contain a user or password: set token instead")
	case u.Path != "" && u.Path != "/", u.RawQuery != "", u.Fragment != "", strings.HasSuffix(s, "#"), u.ForceQuery:
		return Endpoint{}, errors.New("must end after the port")
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	e, err := tcp(u.Hostname(), port)
	e.TLS = err == nil && u.Scheme == "https"
	return e, err
}

func plain(s string) (Endpoint, error) {
	if strings.Contains(s, "@") {
		return Endpoint{}, errors.New("must not contain a user or password: set token instead")
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return Endpoint{}, errors.New("has no port: write host:port, http://host:port, https://host:port or unix:///path")
	}
	return tcp(host, port)
}

func tcp(host, port string) (Endpoint, error) {
	if !validHost(host) {
		return Endpoint{}, errors.New("has no valid host: write a name or an address before the port; IPv6 in brackets")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return Endpoint{}, errors.New("has no valid port: use 1 to 65535")
	}
	return Endpoint{Network: "tcp", Addr: net.JoinHostPort(strings.ToLower(host), strconv.FormatUint(n, 10))}, nil
}

func unix(p string) (Endpoint, error) {
	clean := path.Clean(p)
	if !strings.HasPrefix(p, "/") || strings.HasSuffix(p, "/") || clean == "/" || len(clean) > maxSocket || strings.ContainsFunc(p, control) {
		return Endpoint{}, errSocket
	}
	return Endpoint{Network: "unix", Addr: clean}, nil
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

func validHost(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Zone() == ""
	}
	for _, r := range []byte(host) {
		letter := r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9'
		if !letter && r != '-' && r != '.' && r != '_' {
			return false
		}
	}
	return host != "" && len(host) <= 253
}

// Loopback reports whether the endpoint is on this machine.
func (e Endpoint) Loopback() bool {
	if e.Network == "unix" {
		return true
	}
	host, _, err := net.SplitHostPort(e.Addr)
	if err != nil {
		return false
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// String returns the canonical form of the endpoint, which ParseEndpoint accepts.
func (e Endpoint) String() string {
	switch {
	case e.Network == "unix":
		return "unix://" + e.Addr
	case e.TLS:
		return "https://" + e.Addr
	}
	return "http://" + e.Addr
}
