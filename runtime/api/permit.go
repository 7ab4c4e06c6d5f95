package api

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
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

// sourcePermit is one entry of Config.Sources: what a camera that is added over the
// API may read from.
type sourcePermit struct {
	scheme, host, port string       // an empty one means any
	network            netip.Prefix // valid: the addresses that are meant, in place of host
}

// parseSource reads HOST, HOST:PORT, SCHEME://HOST[:PORT] or a network such as
// 192.0.2.0/24.
func parseSource(text string) (p sourcePermit, err error) {
	bad := errors.New("is no source: write a host, host:port, rtsp://host, or a network as in 192.0.2.0/24")
	if p.network, err = netip.ParsePrefix(text); err == nil {
		return p, nil
	}
	scheme, rest, found := strings.Cut(text, "://")
	if found {
		p.scheme = strings.ToLower(scheme)
	} else {
		rest = text
	}
	p.host = strings.TrimSuffix(strings.TrimPrefix(rest, "["), "]")
	if host, port, err := net.SplitHostPort(rest); err == nil {
		p.host, p.port = host, port
	}
	if _, err := remote.ParseEndpoint(net.JoinHostPort(p.host, cmp.Or(p.port, "1"))); err != nil || found && p.scheme == "" {
		return p, bad
	}
	p.host = canonicalHost(p.host)
	return p, nil
}

// allows reports whether the address of a camera is what the entry means. Names are
// compared as names: nothing is looked up.
func (p sourcePermit) allows(u *url.URL) bool {
	host := canonicalHost(u.Hostname())
	if p.network.IsValid() {
		addr, err := netip.ParseAddr(host)
		return err == nil && p.network.Contains(addr)
	}
	return host == p.host && (p.scheme == "" || strings.EqualFold(u.Scheme, p.scheme)) && (p.port == "" || portOf(u) == p.port)
}

// portOf returns the port that an address means; "": its scheme has none of its own.
func portOf(u *url.URL) string {
	ports := map[string]string{"rtsp": "554", "rtsps": "322", "http": "80", "https": "443", "rtmp": "1935", "rtmps": "443"}
	return cmp.Or(u.Port(), ports[strings.ToLower(u.Scheme)])
}

// expands refuses a body that counts on what the API does not do.
func expands(body []byte) error {
	if at := bytes.Index(body, []byte("${")); at >= 0 {
		return problem(http.StatusBadRequest, fmt.Sprintf("${…} is not expanded over the API (byte %d)", at), "write the value itself, or put it into the configuration file and reload")
	}
	return nil
}

// redactUser hides what stands where a password might.
func redactUser(text string) string {
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		return "***" + text[i:]
	}
	return text
}
