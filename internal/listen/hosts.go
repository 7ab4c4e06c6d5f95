package listen

import (
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
)

// Hosts are the host names that requests may be for, in addition to those that are always allowed.
// The check defends against DNS rebinding: a web site can point its own name at this machine to
// read what it serves, but cannot do so with an address.
type Hosts map[string]bool

// NewHosts returns the given names and addresses, and the machine's own name.
func NewHosts(names ...string) Hosts {
	h := Hosts{"localhost": true}
	if own, err := os.Hostname(); err == nil {
		h[CanonicalHost(own)] = true
	}
	for _, name := range names {
		h[CanonicalHost(name)] = true
	}
	return h
}

// Serve reports whether a request is for one of the hosts, a loopback address, the local address of
// its connection, or the TLS server name.
func (h Hosts) Serve(r *http.Request) bool {
	host := hostOf(r)
	if h[host] || host == "" && r.ProtoMajor == 1 && r.ProtoMinor == 0 { // HTTP/1.0 without a Host: not a browser
		return true
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback() || addr == localAddr(r)
	}
	return r.TLS != nil && host != "" && CanonicalHost(r.TLS.ServerName) == host
}

// Direct reports whether a loopback request was made by its peer and not forwarded by a proxy, which
// shows by its headers or by another host name.
func Direct(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	return OnLoopback(net.JoinHostPort(hostOf(r), "0"))
}

// hostOf returns the host name or address that a request is for, without port.
func hostOf(r *http.Request) string {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return CanonicalHost(host)
}

// localAddr returns the local address of a request's connection.
func localAddr(r *http.Request) netip.Addr {
	if a, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// CanonicalHost returns the canonical form of a host name or address.
func CanonicalHost(host string) string {
	if ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")); err == nil {
		return ip.Unmap().String()
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// OnLoopback reports whether an address HOST:PORT can be reached only from this machine. Names other
// than localhost count as reachable from elsewhere.
func OnLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	addr, perr := netip.ParseAddr(host)
	return err == nil && (host == "localhost" || perr == nil && addr.Unmap().IsLoopback())
}
