//go:build cgo

package libav

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"rvo-tui/capture"
	"rvo-tui/capture/login"
	"rvo-tui/capture/tlsverify"
)

// maxRedirects is the maximum number of redirects of a request.
const maxRedirects = 5

// fetcher reads HTTP addresses for libav: playlists, what they refer to, and all
// redirects. The login and the certificate settings apply only to the configured host.
type fetcher struct {
	ctx   context.Context
	owner *url.URL // scheme and host that the login applies to
	trust capture.Trust

	mu      sync.Mutex // guards the fields below
	login   *login.Login
	clients map[string]*http.Client // by scheme and host
	err     error                   // of the last request
}

func newFetcher(address string, trust capture.Trust) (f *fetcher, clean string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, "", errors.New("the address is malformed")
	}
	f = &fetcher{owner: &url.URL{Scheme: u.Scheme, Host: u.Host}, trust: trust, login: login.New(u.User), clients: map[string]*http.Client{}}
	u.User = nil // otherwise it would appear in addresses derived from a playlist
	return f, u.String(), nil
}

func (f *fetcher) failed() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// get requests an address from offset from to end; an end of 0 means the rest.
func (f *fetcher) get(address string, from, end int64) (*fetched, error) {
	resp, err := f.follow(address, from, end) //nolint:bodyclose // closed by fetched
	f.mu.Lock()
	f.err = err
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	b := &fetched{fetcher: f, address: address, found: address, body: resp.Body}
	// Newer versions of FFmpeg detect a playlist only by the extension.
	if to := resp.Request.URL; strings.HasSuffix(to.Path, ".m3u8") {
		b.found = to.String()
	}
	if from == 0 && end == 0 && resp.StatusCode == http.StatusOK && resp.Header.Get("Accept-Ranges") == "bytes" {
		b.size = max(0, resp.ContentLength)
	}
	return b, nil
}

// fetched is the response from an address. It is used by one goroutine at a time.
type fetched struct {
	fetcher *fetcher
	address string
	found   string        // address after redirects, if it is that of a playlist
	body    io.ReadCloser // nil: to be requested from offset at
	at      int64
	size    int64 // 0: unknown, or the server does not support ranges
}

// Read reads the next bytes.
func (b *fetched) Read(p []byte) (int, error) {
	if b.body == nil {
		if b.at >= b.size {
			return 0, io.EOF
		}
		part, err := b.fetcher.get(b.address, b.at, b.size)
		if err != nil {
			return 0, err
		}
		b.body = part.body
	}
	n, err := b.body.Read(p)
	b.at += int64(n)
	return n, err
}

// seek sets the offset of the next Read.
func (b *fetched) seek(at int64) error {
	if b.size == 0 || at < 0 {
		return errors.New("the server does not support range requests")
	}
	if at == b.at {
		return nil
	}
	err := b.Close()
	b.at = at
	return err
}

// Close ends the current request.
func (b *fetched) Close() error {
	if b.body == nil {
		return nil
	}
	err := b.body.Close()
	b.body = nil
	return err
}

func (f *fetcher) follow(address string, from, end int64) (*http.Response, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("it refers to a malformed address")
	}
	for range maxRedirects {
		resp, err := f.ask(u, from, end)
		if err != nil {
			return nil, err
		}
		switch resp.StatusCode {
		case http.StatusOK, http.StatusPartialContent:
			if from > 0 && resp.StatusCode == http.StatusOK {
				resp.Body.Close()
				return nil, errors.New("the server did not return the requested range")
			}
			return resp, nil
		case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
			next, err := resp.Location()
			resp.Body.Close()
			if err != nil {
				return nil, errors.New("it redirects without an address")
			}
			u = next
		default:
			resp.Body.Close()
			return nil, f.refused(u, resp.StatusCode)
		}
	}
	return nil, fmt.Errorf("it redirects more than %d times: give the address of the stream itself", maxRedirects)
}

func (f *fetcher) owns(u *url.URL) bool { return u.Scheme == f.owner.Scheme && u.Host == f.owner.Host }

func (f *fetcher) refused(u *url.URL, status int) error {
	switch {
	case status == http.StatusUnauthorized && !f.owns(u):
		return fmt.Errorf("%w: it refers to %s, which requires its own login", capture.ErrUnauthorized, u.Host)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fmt.Errorf("%w: correct it in the address (status %d)", capture.ErrUnauthorized, status)
	case status == http.StatusNotFound:
		return errors.New("there is no such stream (status 404): correct the path of the address")
	}
	return fmt.Errorf("the server responds with status %d", status)
}

// ask sends one request. After a challenge it sends it again with the answer.
func (f *fetcher) ask(u *url.URL, from, end int64) (*http.Response, error) {
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%w: it refers to a %s:// address; over HTTP, only http:// and https:// are followed", capture.ErrUnsupported, u.Scheme)
	}
	client, err := f.client(u)
	if err != nil {
		return nil, err
	}
	plain := *u
	plain.User = nil
	for {
		req, err := http.NewRequestWithContext(f.ctx, http.MethodGet, plain.String(), nil)
		if err != nil {
			return nil, errors.New("it refers to a malformed address")
		}
		req.Header.Set("User-Agent", "rvo-tui")
		if end > 0 {
			req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", from, end-1))
		} else if from > 0 {
			req.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
		}
		if f.owns(u) {
			f.mu.Lock()
			if answer := f.login.Authorization(http.MethodGet, plain.RequestURI()); answer != "" {
				req.Header.Set("Authorization", answer)
			}
			f.mu.Unlock()
		}
		resp, err := client.Do(req)
		if err != nil {
			if wrapped := new(url.Error); errors.As(err, &wrapped) {
				err = wrapped.Err
			}
			return nil, tlsverify.Explain(err)
		}
		if resp.StatusCode != http.StatusUnauthorized || !f.owns(u) || !f.challenged(resp) {
			return resp, nil
		}
		_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // drain it so that the connection can be reused
		resp.Body.Close()
	}
}

func (f *fetcher) challenged(resp *http.Response) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.login.Challenge(resp.Header.Values("WWW-Authenticate"))
}

// client returns the client for a host.
func (f *fetcher) client(u *url.URL) (*http.Client, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := u.Scheme + "://" + u.Host
	if c := f.clients[key]; c != nil {
		return c, nil
	}
	trust := capture.TrustVerify
	if f.owns(u) {
		trust = f.trust
	}
	config, err := tlsverify.Config(u.Hostname(), trust)
	if err != nil {
		return nil, err
	}
	c := &http.Client{
		Transport:     &http.Transport{DialContext: (&net.Dialer{}).DialContext, TLSClientConfig: config, MaxIdleConnsPerHost: 1, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	f.clients[key] = c
	return c, nil
}

// close closes idle connections.
func (f *fetcher) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.clients {
		c.CloseIdleConnections()
	}
}
