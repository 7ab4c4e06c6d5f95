package listen

import (
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
)

// Hosts are names that requests may come for, beside those that always may. A page
// can make its own name lead to this machine, and then read what is served there for
// others; it cannot do that with an address.
type Hosts map[string]bool

// NewHosts returns the hosts of a list of names and addresses, and the machine's own
// name.
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

// Serve reports whether a request is for one of the hosts, a loopback address, the
// address that it has come to, or the name that its client has verified in the
// certificate.
func (h Hosts) Serve(r *http.Request) bool {
	host := hostOf(r)
	if h[host] || host == "" && r.ProtoMajor == 1 && r.ProtoMinor == 0 { // which no browser speaks
		return true
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback() || addr == localAddr(r)
	}
	return r.TLS != nil && host != "" && CanonicalHost(r.TLS.ServerName) == host
}

// Direct reports whether the peer of a request on loopback is who made it, and not a
// proxy that has passed it on: which says so, or was asked for another name.
func Direct(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	return OnLoopback(net.JoinHostPort(hostOf(r), "0"))
}

// hostOf returns the name or address that a request is for.
func hostOf(r *http.Request) string {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return CanonicalHost(host)
}

// localAddr returns the address of this machine that a request has come to.
func localAddr(r *http.Request) netip.Addr {
	if a, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// CanonicalHost returns one form for all spellings of a name or address.
func CanonicalHost(host string) string {
	if ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")); err == nil {
		return ip.Unmap().String()
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// OnLoopback reports whether an address HOST:PORT is reached from this machine
// alone. A name other than localhost is not.
func OnLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	addr, perr := netip.ParseAddr(host)
	return err == nil && (host == "localhost" || perr == nil && addr.Unmap().IsLoopback())
}
