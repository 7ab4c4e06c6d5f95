package mjpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"rvo-tui/capture"
	"rvo-tui/capture/login"
)

// sameHost lets redirects stay on the server that was asked: the password is
// for it.
func sameHost(req *http.Request, via []*http.Request) error {
	if len(via) > 3 {
		return errors.New("too many redirections: give the address of the stream itself")
	}
	if req.URL.Host != via[0].URL.Host || req.URL.Scheme != via[0].URL.Scheme {
		// What follows may repeat what was asked, secrets and all.
		return fmt.Errorf("it redirects to %s://%s: give the address of the stream itself", req.URL.Scheme, req.URL.Host)
	}
	return nil
}

// request asks for the stream, and answers one challenge, or two where the
// server calls the first nonce stale.
func request(ctx context.Context, client *http.Client, target *url.URL, user *url.Userinfo) (*http.Response, error) {
	answers := login.New(user)
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
		if err != nil {
			return nil, errors.New("the address is malformed")
		}
		req.Header.Set("Accept", "multipart/x-mixed-replace, image/jpeg;q=0.5")
		req.Header.Set("User-Agent", "rvo-tui")
		if authorization := answers.Authorization(http.MethodGet, target.RequestURI()); authorization != "" {
			req.Header.Set("Authorization", authorization)
		}
		resp, err := client.Do(req)
		if err != nil {
			if wrapped := new(url.Error); errors.As(err, &wrapped) {
				err = wrapped.Err
			}
			return nil, err
		}
		if resp.StatusCode != http.StatusUnauthorized || !answers.Challenge(resp.Header.Values("WWW-Authenticate")) {
			return resp, nil
		}
		// The redirected address is what the digest is made of.
		target = resp.Request.URL
		// Read to its end, the connection can carry the next request.
		_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
		resp.Body.Close()
	}
}

func checkAnswer(resp *http.Response, user *url.Userinfo) error {
	switch {
	case resp.StatusCode == http.StatusUnauthorized && user == nil:
		return fmt.Errorf("%w: it asks for one, write it as in http://USER:PASSWORD@%s/", capture.ErrUnauthorized, resp.Request.URL.Host)
	case resp.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("%w: correct it in the address", capture.ErrUnauthorized)
	case resp.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%w: the camera forbids this user to watch (status 403)", capture.ErrUnauthorized)
	case resp.StatusCode == http.StatusNotFound:
		return errors.New("there is no such stream (status 404): correct the path of the address")
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("the server answers with status %d", resp.StatusCode)
	}
	text := resp.Header.Get("Content-Type")
	kind, _, err := mime.ParseMediaType(text)
	if err != nil {
		// Cameras write boundaries that need quotes without them.
		kind, _, _ = strings.Cut(text, ";")
		kind = strings.ToLower(strings.TrimSpace(kind))
	}
	switch kind {
	case "multipart/x-mixed-replace", "multipart/mixed", "video/x-motion-jpeg", "video/mjpeg", "video/x-jpeg":
		return nil
	case "image/jpeg":
		return fmt.Errorf("a single picture (image/jpeg) is %w: give the address of the camera's MJPEG stream", capture.ErrUnsupported)
	}
	return fmt.Errorf("content type %q is %w: give the address of an MJPEG stream (multipart/x-mixed-replace), or use rtsp://", kind, capture.ErrUnsupported)
}
