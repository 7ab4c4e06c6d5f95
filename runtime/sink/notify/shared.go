package notify

import (
	"fmt"
	"net/http"
	"time"

	"rvo-tui/internal/text"
)

const (
	sharedTimeout = 30 * time.Second
	sharedAnswer  = 1 << 20 // bytes
)

// Bound limits http.DefaultClient, which some services of shoutrrr use: an exchange has a
// timeout, a response a maximum size, and a redirect is an error, because the other host
// would get the secrets of the address. Call it once, before any output is used.
func Bound() {
	http.DefaultClient.Timeout = sharedTimeout
	http.DefaultClient.Transport = bounded{}
}

// bounded is http.DefaultTransport with limits.
type bounded struct{}

// RoundTrip implements http.RoundTripper.
func (bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if to, err := resp.Location(); err == nil && resp.StatusCode >= 300 && resp.StatusCode < 400 {
		resp.Body.Close()
		return nil, fmt.Errorf("it redirects to %s", text.Clean(to.Scheme+"://"+to.Host))
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, sharedAnswer)
	return resp, nil
}
