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
	"sync"

	"rvo-tui/capture"
	"rvo-tui/capture/login"
	"rvo-tui/capture/tlsverify"
)

// maxRedirects bounds how often one request is sent elsewhere.
const maxRedirects = 5

// fetcher reads what an HTTP address leads to: a playlist, what that names, and
// where all of it is redirected to. The login of the address is for its own host
// alone, and so is what is configured of certificates.
type fetcher struct {
	ctx   context.Context
	owner *url.URL // scheme and host that the login is for
	trust capture.Trust

	mu      sync.Mutex // guards what follows
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
	u.User = nil // or it would be written into what a playlist names
	return f, u.String(), nil
}

func (f *fetcher) failed() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// get asks for an address, from an offset up to an end where that is above 0.
func (f *fetcher) get(address string, from, end int64) (*fetched, error) {
	resp, err := f.follow(address, from, end) //nolint:bodyclose // fetched closes it
	f.mu.Lock()
	f.err = err
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	b := &fetched{fetcher: f, address: address, body: resp.Body}
	if from == 0 && end == 0 && resp.StatusCode == http.StatusOK && resp.Header.Get("Accept-Ranges") == "bytes" {
		b.size = max(0, resp.ContentLength)
	}
	return b, nil
}

// fetched is what an address leads to. One goroutine at a time uses it.
type fetched struct {
	fetcher *fetcher
	address string
	body    io.ReadCloser // nil: to be asked for, from at on
	at      int64
	size    int64 // 0: not known, or the server gives no parts
}

// Read reads on.
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

// seek has the next Read begin elsewhere.
func (b *fetched) seek(at int64) error {
	if b.size == 0 || at < 0 {
		return errors.New("the server gives no parts")
	}
	if at == b.at {
		return nil
	}
	err := b.Close()
	b.at = at
	return err
}

// Close ends the request that is under way.
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
		return nil, errors.New("it leads to an address that is malformed")
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
				return nil, errors.New("the server does not give the part that was asked for")
			}
			return resp, nil
		case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
			next, err := resp.Location()
			resp.Body.Close()
			if err != nil {
				return nil, errors.New("it redirects to nowhere")
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
		return fmt.Errorf("%w: it leads to %s, which wants a login of its own", capture.ErrUnauthorized, u.Host)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fmt.Errorf("%w: correct it in the address (status %d)", capture.ErrUnauthorized, status)
	case status == http.StatusNotFound:
		return errors.New("there is no such stream (status 404): correct the path of the address")
	}
	return fmt.Errorf("the server answers with status %d", status)
}

// ask sends one request, and again with an answer to a challenge.
func (f *fetcher) ask(u *url.URL, from, end int64) (*http.Response, error) {
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%w: it leads to a %s:// address; over HTTP, only http:// and https:// are followed", capture.ErrUnsupported, u.Scheme)
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
			return nil, errors.New("it leads to an address that is malformed")
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
		_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // read to its end, the connection can carry the next request
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

// close ends the connections that wait for another request.
func (f *fetcher) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.clients {
		c.CloseIdleConnections()
	}
}
