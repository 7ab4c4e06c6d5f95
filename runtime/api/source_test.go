package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"rvo-tui/capture"
)

// trialSource is a source whose first frame is err, or a frame.
type trialSource struct {
	capture.Source
	err    error
	closed *int
}

func (s trialSource) Grab() (capture.Stamp, error) { return capture.Stamp{}, s.err }
func (s trialSource) Size() (width, height int)    { return 640, 360 }
func (s trialSource) Close() error                 { *s.closed++; return nil }

// A source is tried under the same policy as adding a camera, and closed again.
func TestSourcesAreTried(t *testing.T) {
	closed := 0
	s, rt := commanded(func(o *Options) {
		o.Open = func(ctx context.Context, cfg capture.Config) (capture.Connection, error) {
			if _, ok := ctx.Deadline(); !ok {
				t.Error("a trial may take for ever")
			}
			switch {
			case strings.HasPrefix(cfg.Source, "rtsp:"):
				return nil, capture.ErrUnauthorized
			case strings.HasSuffix(cfg.Source, "dark"):
				return trialSource{err: errors.New("it gives no frame"), closed: &closed}, nil
			}
			return trialSource{closed: &closed}, nil
		}
		o.Config.Sources = []string{"10.0.0.7"}
	})
	for _, tt := range []struct {
		body   string
		status int
		want   string // in the answer
		closed int
	}{
		{`{"name": "a", "source": "synthetic:street"}`, 200, `{"width":640,"height":360}`, 1},
		{`{"name": "a", "source": "synthetic:dark"}`, 409, "it gives no frame", 1},
		{`{"name": "a", "source": "rtsp://10.0.0.7/1"}`, 409, "wrong user or password", 0},
		{`{"name": "a", "source": "rtsp://10.0.0.8/1"}`, 403, "control.sources", 0},
		{`{"name": "a", "source": "/etc/passwd"}`, 403, "files cannot be chosen", 0},
		{`{"name": "a", "source": "rtsp://u:${SECRET}@10.0.0.7/1"}`, 400, "is not expanded", 0},
		{"", 400, "no camera was given", 0},
	} {
		closed = 0
		res := askAs(s, overSocket(0), "POST", "/api/sources/try", tt.body)
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != tt.status || !strings.Contains(string(body), tt.want) || closed != tt.closed {
			t.Errorf("%s: %s, %s; %d closed", tt.body, res.Status, body, closed)
		}
	}
	if rt.did != nil {
		t.Errorf("a trial does %+v", rt.did)
	}
	if res := askAs(s, stranger("192.0.2.1"), "POST", "/api/sources/try", "{}", "Authorization", "Bearer "+lookToken); res.StatusCode != http.StatusForbidden {
		t.Errorf("with the token to look: %s", res.Status)
	}
	for range maxTries {
		_ = s.tries.acquire()
	}
	for _, route := range []string{"POST /api/sources/try", "GET /api/sources"} {
		method, path, _ := strings.Cut(route, " ")
		if res := askAs(s, overSocket(0), method, path, "{}"); res.StatusCode != http.StatusTooManyRequests {
			t.Errorf("%s while others are tried: %s", route, res.Status)
		}
	}
}

func TestSourcesAreOffered(t *testing.T) {
	for _, tt := range []struct {
		sources func() []capture.Choice
		want    string
	}{
		{nil, `{"sources":[]}`},
		{func() []capture.Choice { return []capture.Choice{{Source: "device:0", Label: "webcam"}} }, `{"sources":[{"source":"device:0","label":"webcam"}]}`},
	} {
		s, _ := commanded(func(o *Options) { o.Sources = tt.sources })
		body, _ := io.ReadAll(askAs(s, overSocket(0), "GET", "/api/sources", "").Body)
		if string(body) != tt.want {
			t.Errorf("offered is %s, want %s", body, tt.want)
		}
		if res := askAs(s, overSocket(0), "POST", "/api/sources/try", "{}"); res.StatusCode != http.StatusNotImplemented {
			t.Errorf("a trial without drivers: %s", res.Status)
		}
	}
}

// The form of a camera has the keys that are allowed.
func TestCameraOptionsAreDescribed(t *testing.T) {
	for _, o := range cameraOptions() {
		if o.Help == "" || strings.Contains(o.Help, "\n") {
			t.Errorf("%s: the help is %q", o.Name, o.Help)
		}
		for _, value := range o.Choices {
			cfg := capture.DefaultConfig()
			cfg.Name, cfg.Source = "a", "rtsp://cam/"
			switch o.Name {
			case "transport":
				cfg.Transport = value
			case "decode":
				cfg.Decode = value
			case "hwaccel":
				cfg.HWAccel = value
			default:
				t.Fatalf("%s has choices, which are not checked here", o.Name)
			}
			cfg.Validate(func(key, problem string) { t.Errorf("%s = %q: %s: %s", o.Name, value, key, problem) })
		}
	}
}
