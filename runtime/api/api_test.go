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
