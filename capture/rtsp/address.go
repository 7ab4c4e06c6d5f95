package rtsp

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"rvo-tui/capture"
)

// address is the address of a stream, in the forms needed for dialing and for requests.
type address struct {
	secure bool
	dial   string // host and port, including a zone
	host   string // without port, in lower case; logins and certificates apply to it
	// base is the start of request addresses: scheme and host as written, without a
	// zone, which is only meaningful here.
	base string
	path string // including its query, escaped
}

func (a address) String() string { return a.base + a.path }

// parse parses the address of a stream, and its login.
func parse(text string) (address, *url.Userinfo, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "rtsp" && u.Scheme != "rtsps" {
		return address{}, nil, fmt.Errorf("%w: not an rtsp:// or rtsps:// address", capture.ErrUnsupported)
	}
	a := address{secure: u.Scheme == "rtsps", host: strings.ToLower(u.Hostname())}
	port := u.Port()
	if port == "" {
		port = "554"
		if a.secure {
			port = "322"
		}
	}
	a.dial = net.JoinHostPort(u.Hostname(), port)
	host := u.Host
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && ip.Zone() != "" {
		if host = "[" + ip.WithZone("").String() + "]"; u.Port() != "" {
			host += ":" + u.Port()
		}
	}
	a.base = u.Scheme + "://" + host
	a.path = escape(u.EscapedPath())
	if u.RawQuery != "" || u.ForceQuery {
		a.path += "?" + escape(u.RawQuery)
	}
	return a, u.User, nil
}

// escape escapes non-ASCII characters and those that would end a request line.
func escape(text string) string {
	var out strings.Builder
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&out, "%%%02X", c)
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}

// resolve resolves a control attribute, a Content-Base or the like against a base. It
// keeps the host of the connection, because cameras send host names that only they can
// resolve.
func (a address) resolve(base, control string) string {
	if base == "" {
		base = a.String()
	}
	base = a.rehost(base)
	switch {
	case control == "" || control == "*":
		return base
	case strings.Contains(control, "://"):
		return a.rehost(control)
	case strings.HasPrefix(control, "/"):
		return a.base + escape(control)
	case strings.HasSuffix(base, "/"):
		return base + escape(control)
	}
	return base + "/" + escape(control)
}

// rehost returns an address with the scheme and host of this one.
func (a address) rehost(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || scheme == "" {
		if strings.HasPrefix(text, "/") {
			return a.base + escape(text)
		}
		return a.String()
	}
	if slash := strings.IndexAny(rest, "/?"); slash >= 0 {
		return a.base + escape(rest[slash:])
	}
	return a.base
}
