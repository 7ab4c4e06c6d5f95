package api

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/runtime"
)

// served returns the address of a server over loopback, to which tests have access by their user
// ID.
func served(t *testing.T, s *Server) string {
	t.Helper()
	ending := make(chan struct{})
	s.ending = ending
	ts := httptest.NewUnstartedServer(s.Handler())
	ts.Config.ConnContext = withPeer
	ts.Start()
	t.Cleanup(ts.Close)
	t.Cleanup(func() { close(ending) })
	return ts.URL
}

func TestRoutesAreDescribedAndUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range NewServer(Options{}).routes() {
		name := r.Method + " " + r.Path
		if seen[name] || r.Doc == "" || r.Serve == nil {
			t.Errorf("%s: is there twice, or without a description", name)
		}
		seen[name] = true
	}
}

func TestUnknownPathsAreProblems(t *testing.T) {
	at := served(t, NewServer(Options{}))
	for path, want := range map[string]int{"/api/nothing": 404, "/": 404, "/api/login": 405} {
		res, err := http.Get(at + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if want == 405 && !strings.Contains(string(body), `"use POST"`) {
			t.Errorf("GET %s: %s does not say what to do", path, body)
		}
		if res.StatusCode != want || res.Header.Get("Content-Type") != ProblemType {
			t.Errorf("GET %s: %s, %s, want %d and a problem", path, res.Status, res.Header.Get("Content-Type"), want)
		}
	}
}

// A body that does not arrive is awaited for some seconds, also where it is not used.
func TestBodiesThatDoNotArrive(t *testing.T) {
	for _, path := range []string{"/api/logout", "/api/cameras/door/pause", "/api/login", "/nothing"} {
		synctest.Test(t, func(t *testing.T) {
			c := newPiped().client(t, NewServer(Options{Runtime: &standing{snap: new(runtime.Snapshot)}}))
			body, part := io.Pipe()
			defer part.Close()
			began := time.Now()
			req, err := http.NewRequest(http.MethodPost, "http://rvo"+path, io.MultiReader(strings.NewReader("x"), body))
			if err != nil {
				t.Fatal(err)
			}
			req.ContentLength = 100
			time.AfterFunc(time.Minute, func() { part.CloseWithError(errors.New("no answer")) })
			res, err := c.Do(req)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			res.Body.Close()
			if took := time.Since(began); took > bodyTime+time.Second {
				t.Errorf("%s: it was answered after %v", path, took)
			}
		})
	}
}

// A HEAD request gets the headers of a stream, and its connection serves the next request.
func TestHeadersOfStreams(t *testing.T) {
	for path, rt := range map[string]Runtime{
		"/api/stream": &standing{snap: new(runtime.Snapshot)}, "/api/media?jpeg=door": newFilmed(), "/api/cameras/door/preview.mjpeg": newFilmed(),
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newPiped().client(t, NewServer(Options{Runtime: rt}))
			c.Timeout = time.Minute
			res, err := c.Head("http://rvo" + path)
			if err != nil || res.StatusCode != http.StatusOK || res.Header.Get("X-Accel-Buffering") != "no" {
				t.Fatalf("%s: %v, %v", path, res, err)
			}
			res.Body.Close()
			next, err := c.Get("http://rvo/api/openapi.json")
			if err != nil {
				t.Fatalf("after %s: %v", path, err)
			}
			next.Body.Close()
		})
	}
}

// A bug in one route is logged, and costs one connection.
func TestPanicsAreLogged(t *testing.T) {
	var log bytes.Buffer
	s := NewServer(Options{Runtime: newFilmed(), Log: slog.New(slog.NewTextHandler(&log, nil))})
	func() {
		defer func() {
			bug := recover()
			if err, _ := bug.(error); !errors.Is(err, http.ErrAbortHandler) {
				t.Errorf("it ends with %v", bug)
			}
		}()
		res := askAs(s, overSocket(os.Geteuid()), "POST", "/api/cameras/door/pause", "") // a filmed has no commands
		t.Errorf("the answer is %s", res.Status)
	}()
	if text := log.String(); !strings.Contains(text, "panic in an API request") || !strings.Contains(text, "/api/cameras/door/pause") {
		t.Errorf("the log says %q", text)
	}
}
