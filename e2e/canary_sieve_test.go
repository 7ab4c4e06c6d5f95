package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"image"
	"image/jpeg"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mark begins every secret of the canary test and occurs nowhere else, so that a truncated
// secret, such as at the edge of a screen, is found as well.
const mark = "q7Zk"

// traces are the forms of a secret to look for, in lower case: plain (escaping keeps its
// beginning), and as encoded for servers.
func traces() []string {
	return []string{
		strings.ToLower(mark),
		fmt.Sprintf("%x", mark),
		strings.ToLower(base64.StdEncoding.EncodeToString([]byte(mark))[:5]),           // by itself
		strings.ToLower(base64.StdEncoding.EncodeToString([]byte("joe:" + mark))[:10]), // Basic
	}
}

// sieve looks for secrets in the output of a program.
type sieve struct {
	t     testing.TB
	paths int
}

// take checks one output, which must contain a text that identifies it: an empty one would never
// contain a secret.
func (s *sieve) take(where, text, holds string) {
	s.t.Helper()
	s.paths++
	if text == "" || !strings.Contains(text, holds) {
		s.t.Errorf("%s does not hold %q: %s", where, holds, tail(text))
	}
	lower := strings.ToLower(text)
	for _, trace := range traces() {
		if at := strings.Index(lower, trace); at >= 0 {
			s.t.Errorf("a secret is in %s: …%s…", where, text[max(at-160, 0):min(at+80, len(text))])
			return
		}
	}
}

// files checks all files below a directory, and their names, and returns the number of files by
// extension.
func (s *sieve) files(dir string, except ...string) map[string]int {
	s.t.Helper()
	found := map[string]int{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		for _, name := range except {
			if d.Name() == name {
				return nil
			}
		}
		found[filepath.Ext(path)]++
		s.take(path, path+"\n"+read(s.t, path), "")
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// raw sends a request to a running program over its socket, and returns the response, or as much
// of a stream as needed until it contains a text.
func raw(t testing.TB, socket, path, holds string) string {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://rvo/api"+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var text strings.Builder
	for part := make([]byte, 1<<20); !strings.Contains(text.String(), holds); {
		n, err := resp.Body.Read(part)
		text.Write(part[:n])
		if err != nil {
			break
		}
	}
	return text.String()
}

// tellTale is a model service that rejects everybody, and repeats the credentials in its error.
func tellTale(t testing.TB) (endpoint string) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Grpc-Status", "16")
		w.Header().Set("Grpc-Message", "nobody is known by "+r.Header.Get("Authorization"))
	}))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

// webcam is an HTTP camera. It shows frames to joe under /video, redirects /moved elsewhere with
// the credentials, and repeats the request as the content type under /odd.
func webcam(t testing.TB, password string) (address string) {
	var frame bytes.Buffer
	if err := jpeg.Encode(&frame, image.NewGray(image.Rect(0, 0, 64, 48)), nil); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/moved"):
			http.Redirect(w, r, "http://127.0.0.2:1"+r.URL.RequestURI(), http.StatusFound)
			return
		case strings.HasPrefix(r.URL.Path, "/odd"):
			w.Header().Set("Content-Type", "text/plain; of="+r.URL.RawQuery)
			return
		case !strings.HasPrefix(r.URL.Path, "/video"):
			http.NotFound(w, r)
			return
		}
		if user, given, _ := r.BasicAuth(); user != "joe" || given != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="webcam"`)
			http.Error(w, "who is there?", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=frame")
		beat := time.NewTicker(100 * time.Millisecond)
		defer beat.Stop()
		for {
			_, err := fmt.Fprintf(w, "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n", frame.Len(), frame.Bytes())
			if err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-beat.C:
			case <-r.Context().Done():
				return
			}
		}
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return strings.TrimPrefix(server.URL, "http://")
}
