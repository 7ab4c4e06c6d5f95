package api

import (
	"errors"
	"net"
	"net/netip"
	"strings"

	"rvo-tui/detectors/remote"
)

// permit is one entry of Config.Endpoints: what a detector that is attached over
// the API may talk to.
type permit struct {
	endpoint remote.Endpoint // with the zero value: any port of host
	scheme   bool            // TLS or not is part of it
	host     string
}

// parsePermit reads an endpoint in any form that a detector takes, HOST:PORT,
// or a HOST alone.
func parsePermit(text string) (permit, error) {
	e, err := remote.ParseEndpoint(text)
	if err == nil {
		return permit{endpoint: e, scheme: strings.Contains(text, "://")}, nil
	}
	if strings.Contains(text, "://") || strings.Contains(text, "@") {
		return permit{}, err
	}
	// A host alone is one that a port makes an endpoint of.
	host := strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	if _, err := remote.ParseEndpoint(net.JoinHostPort(host, "1")); err != nil {
		return permit{}, errors.New("is no endpoint: write host:port, http://host:port, https://host:port, unix:///path, or a host for all its ports")
	}
	return permit{host: canonicalHost(host)}, nil
}

// allows reports whether the endpoint is what the entry means. Names are
// compared as names: nothing is looked up.
func (p permit) allows(e remote.Endpoint) bool {
	if p.host != "" {
		host, _, err := net.SplitHostPort(e.Addr)
		return err == nil && e.Network == "tcp" && canonicalHost(host) == p.host
	}
	return e.Network == p.endpoint.Network && canonicalAddr(e) == canonicalAddr(p.endpoint) && (!p.scheme || e.TLS == p.endpoint.TLS)
}

// onThisMachine reports whether an endpoint is one of this machine's TCP ports.
// A name other than localhost is not: whoever answers for it decides where it
// leads to.
func onThisMachine(e remote.Endpoint) bool {
	host, _, err := net.SplitHostPort(e.Addr)
	if err != nil || e.Network != "tcp" {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func canonicalAddr(e remote.Endpoint) string {
	host, port, err := net.SplitHostPort(e.Addr)
	if err != nil || e.Network != "tcp" {
		return e.Addr
	}
	return net.JoinHostPort(canonicalHost(host), port)
}

// canonicalHost returns one form for all spellings of an address.
func canonicalHost(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().String()
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// redactUser hides what stands where a password might.
func redactUser(text string) string {
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		return "***" + text[i:]
	}
	return text
}
