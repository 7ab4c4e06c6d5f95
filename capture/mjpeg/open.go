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

// sameHost rejects redirects to another host, which must not receive the password.
func sameHost(req *http.Request, via []*http.Request) error {
	if len(via) > 3 {
		return errors.New("too many redirections: give the address of the stream itself")
	}
	if req.URL.Host != via[0].URL.Host || req.URL.Scheme != via[0].URL.Scheme {
		// The rest of the address may repeat the request, including secrets.
		return fmt.Errorf("it redirects to %s://%s: give the address of the stream itself", req.URL.Scheme, req.URL.Host)
	}
	return nil
}

// errNotHTTP replaces the error of net/http, which quotes the response. A camera can be
// added remotely, and its error must not reveal what a port on this network sends.
var errNotHTTP = errors.New("the server does not speak HTTP: check the port of the address")

var errHungUp = fmt.Errorf("the server closed the connection without a response: %w", io.ErrUnexpectedEOF)

// request requests the stream. It answers one challenge, or two if the server calls the
// first nonce stale.
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
			if strings.Contains(err.Error(), "malformed") {
				return nil, errNotHTTP
			}
			if errors.Is(err, io.EOF) {
				return nil, errHungUp
			}
			return nil, err
		}
		if resp.StatusCode != http.StatusUnauthorized || !answers.Challenge(resp.Header.Values("WWW-Authenticate")) {
			return resp, nil
		}
		// The digest covers the redirected address.
		target = resp.Request.URL
		// Drain it so that the connection can be reused.
		_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
		resp.Body.Close()
	}
}

// content is the content type of a response.
type content int

const (
	contentFrames  content = iota // JPEG frames in parts
	contentImage                  // one JPEG; some cameras send one after another
	contentUnknown                // not useful: decide by the data
)

var errSingleImage = fmt.Errorf("a single JPEG image is %w: give the address of the camera's MJPEG stream", capture.ErrUnsupported)

// judge returns what a response contains, or an error if it is not a stream.
func judge(resp *http.Response, user *url.Userinfo) (content, error) {
	switch {
	case resp.StatusCode == http.StatusUnauthorized && user == nil:
		return 0, fmt.Errorf("%w: the camera requires a login; write it as in http://USER:PASSWORD@%s/", capture.ErrUnauthorized, resp.Request.URL.Host)
	case resp.StatusCode == http.StatusUnauthorized:
		return 0, fmt.Errorf("%w: correct it in the address", capture.ErrUnauthorized)
	case resp.StatusCode == http.StatusForbidden:
		return 0, fmt.Errorf("%w: the camera denies access to this user (status 403)", capture.ErrUnauthorized)
	case resp.StatusCode == http.StatusNotFound:
		return 0, errors.New("there is no such stream (status 404): correct the path of the address")
	case resp.StatusCode != http.StatusOK:
		return 0, fmt.Errorf("the server responds with status %d", resp.StatusCode)
	}
	header := resp.Header.Get("Content-Type")
	kind, _, err := mime.ParseMediaType(header)
	if err != nil {
		// Cameras omit the quotes that some boundaries need.
		kind, _, _ = strings.Cut(header, ";")
		kind = strings.ToLower(strings.TrimSpace(kind))
	}
	switch kind {
	case "multipart/x-mixed-replace", "multipart/mixed", "video/x-motion-jpeg", "video/mjpeg", "video/x-jpeg":
		return contentFrames, nil
	case "image/jpeg", "image/jpg":
		if resp.ContentLength >= 0 {
			return 0, errSingleImage
		}
		return contentImage, nil
	case "text/html", "application/json", "text/xml", "application/xml":
		return 0, fmt.Errorf("a page (%s) is %w: give the address of an MJPEG stream (multipart/x-mixed-replace), or use rtsp://", kind, capture.ErrUnsupported)
	}
	if name := codecName(kind); name != "" {
		return 0, otherCodec(name)
	}
	return contentUnknown, nil
}

// codecName returns the codec named by a content type other than JPEG, or "".
func codecName(kind string) string {
	sub, _ := strings.CutPrefix(strings.ToLower(kind), "video/")
	switch strings.TrimPrefix(sub, "x-") {
	case "h264", "avc":
		return "H.264"
	case "h265", "hevc":
		return "H.265"
	case "mp4", "mp4v-es", "mpeg", "mpeg4", "mp2t":
		return "MPEG"
	}
	return ""
}

func otherCodec(name string) error {
	return fmt.Errorf("%s video in HTTP parts is %w: use the camera's rtsp:// address, or let it send MJPEG here", name, capture.ErrUnsupported)
}
