package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rvo-tui/internal/fileio/pem"
	"rvo-tui/internal/text"
	"rvo-tui/runtime/sink/outbox"
)

const (
	maxAnswer  = 4 << 10                // bytes read from a response
	answerWait = 500 * time.Millisecond // for the rest of a response that has begun
)

// client sends requests to one address.
type client struct {
	http   *http.Client
	url    *url.URL
	agent  string
	hidden []string // secrets besides those of the address
}

// newClient returns a client of an address. It does not follow redirects, because
// signatures and passwords are for one host. ca is a PEM file; empty: the system's
// certificates.
func newClient(u *url.URL, ca string) (*client, error) {
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           2,
		IdleConnTimeout:        time.Minute,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
	if ca != "" {
		var err error
		if transport.TLSClientConfig.RootCAs, err = pem.Authorities(ca); err != nil {
			return nil, err
		}
	}
	return &client{
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		url:  u,
	}, nil
}

func (c *client) close() { c.http.CloseIdleConnections() }

// shown returns the displayable part of the address: scheme and host.
func (c *client) shown() string { return c.url.Scheme + "://" + text.Clean(c.url.Host) }

// do sends a request and evaluates the response.
func (c *client) do(ctx context.Context, method string, header http.Header, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, method, c.url.String(), bytes.NewReader(body))
	if err != nil {
		return &outbox.Error{Reason: "the request cannot be made", Remedy: "correct to and method"}
	}
	req.Header = header
	if user := c.url.User; user != nil && header.Get("Authorization") == "" {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
	if c.agent != "" && header.Get("User-Agent") == "" {
		header.Set("User-Agent", c.agent)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		// An HTTP/2 connection may be dead; the next attempt makes a new one.
		c.http.CloseIdleConnections()
		return c.unreachable(err)
	}
	defer resp.Body.Close()
	defer time.AfterFunc(answerWait, func() { resp.Body.Close() }).Stop()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // for display; it may be truncated
	if resp.StatusCode < 300 {
		return nil
	}
	e := judge(resp.StatusCode)
	if said := c.clean(string(answer)); said != "" {
		e.Reason += ": " + said
	}
	if e.After = parseRetryAfter(resp.Header.Get("Retry-After"), time.Now()); e.After > 0 {
		e.Reason += fmt.Sprintf(" (retry after %v)", e.After.Round(time.Second))
	}
	if to, err := resp.Location(); err == nil && resp.StatusCode < 400 {
		e.Reason += ": it redirects to " + text.Clean(to.Scheme+"://"+to.Host)
	}
	return e
}

// unreachable explains an error without the address, which may contain secrets.
func (c *client) unreachable(err error) *outbox.Error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	e := &outbox.Error{Reason: c.clean(err.Error()), Remedy: "check the address, the network and the receiver"}
	var unknown x509.UnknownAuthorityError
	var dns *net.DNSError
	switch {
	case errors.As(err, &unknown):
		e.Remedy = "set ca to the certificate of its authority, or use a trusted certificate"
	case errors.As(err, &dns) && dns.IsNotFound:
		e.Remedy = "correct the host of to"
	}
	return e
}

// clean makes foreign text safe to display: it hides secrets and all parts of the address
// except the host.
func (c *client) clean(s string) string {
	return hideParts(s, append(partsOf(c.url), c.hidden...), 200)
}

// partsOf returns the parts of an address that may be secrets.
func partsOf(u *url.URL) []string {
	parts := strings.FieldsFunc(u.Path, func(r rune) bool { return r == '/' })
	if u.User != nil {
		password, _ := u.User.Password()
		parts = append(parts, u.User.Username(), password)
	}
	for _, values := range u.Query() {
		parts = append(parts, values...)
	}
	return parts
}

// hideParts cleans and truncates text, and hides the parts that are long enough to be
// secrets.
func hideParts(s string, parts []string, length int) string {
	s = text.Clean(text.RedactLine(s))
	for _, p := range parts {
		if len(p) < 4 || p == "http" || p == "https" {
			continue
		}
		for _, form := range []string{p, url.PathEscape(p), url.QueryEscape(p)} {
			s = strings.ReplaceAll(s, form, text.Hidden)
		}
	}
	return text.CleanTo(s, length)
}

// judge interprets an HTTP status: either the message is refused, or the output has a
// problem.
func judge(status int) *outbox.Error {
	e := &outbox.Error{Reason: fmt.Sprintf("%d %s", status, http.StatusText(status))}
	e.Reason = strings.TrimSpace(e.Reason)
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		e.Remedy = "correct the user, password, token or secret"
	case http.StatusNotFound, http.StatusGone, http.StatusMethodNotAllowed:
		e.Remedy = "correct the address or the method"
	case http.StatusPaymentRequired, http.StatusRequestTimeout, http.StatusLocked, http.StatusTooEarly, http.StatusUpgradeRequired,
		http.StatusTooManyRequests, http.StatusUnavailableForLegalReasons:
		e.Remedy = "it is retried; set max_per_hour if the receiver limits messages"
	default:
		switch {
		case status < 400:
			e.Remedy = "set the address that it redirects to"
		case status < 500:
			e.Refused, e.Remedy = true, "check what the receiver expects"
		default:
			e.Remedy = "check the receiver"
		}
	}
	return e
}

// parseRetryAfter parses the Retry-After header: seconds or a date. 0: missing, or in
// the past.
func parseRetryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(s, 10, 64); err == nil {
		return time.Duration(min(n, uint64((24*time.Hour).Seconds()))) * time.Second
	}
	at, err := http.ParseTime(s)
	if err != nil {
		return 0
	}
	return min(max(0, at.Sub(now)), 24*time.Hour)
}
