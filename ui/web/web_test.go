package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

// vendored are third-party files, as in their npm packages.
var vendored = map[string]string{
	"preact-htm.js":  "72284e8e9079c87817145df1110f74e8a2aa040b2fc384922e18dfcb46fc1fd7",
	"htm.LICENSE":    "740725f7252e750af735d0028cc534970772f513331e9f68150fede8fb3ce00f",
	"uplot.js":       "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
	"uplot.css":      "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
	"uplot.LICENSE":  "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
	"preact.LICENSE": "1fe6958409c8c257a70c587a18b6f7f412b179b456630790d30b2ec9a8e4b7d4",
}

func TestVendoredFilesAreThoseOfTheirPackages(t *testing.T) {
	entries, err := embedded.ReadDir("static/vendor")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(vendored) {
		t.Errorf("%d files are vendored, %d hashes are known", len(entries), len(vendored))
	}
	for name, want := range vendored {
		body, err := embedded.ReadFile(path.Join("static/vendor", name))
		if err != nil {
			t.Error(err)
			continue
		}
		if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s is not the file of its package: its hash is %x", name, sum)
		}
	}
}

// own calls back with every static file of the project.
func own(t *testing.T, each func(name string, body []byte)) {
	t.Helper()
	err := fs.WalkDir(embedded, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(name, "static/vendor/") {
			return err
		}
		body, err := embedded.ReadFile(name)
		each(name, body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

const (
	maxLines = 3500 // of all scripts and style sheets
	maxFile  = 500
)

func TestThePageStaysSmall(t *testing.T) {
	all := 0
	own(t, func(name string, body []byte) {
		if ext := path.Ext(name); ext != ".js" && ext != ".css" {
			return
		}
		n := bytes.Count(body, []byte("\n"))
		if all += n; n > maxFile {
			t.Errorf("%s has %d lines, more than %d", name, n, maxFile)
		}
		for i, line := range strings.Split(string(body), "\n") {
			if len(line) > 240 {
				t.Errorf("%s:%d has %d characters", name, i+1, len(line))
			}
		}
	})
	if all > maxLines {
		t.Errorf("the page has %d lines, more than %d", all, maxLines)
	}
}

// Text from a model, a camera or a user is never HTML, and nothing is loaded from elsewhere.
func TestThePageMakesNoHTMLOfText(t *testing.T) {
	bad := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySetInnerHTML|eval\(|new Function|https?://`)
	own(t, func(name string, body []byte) {
		if found := bad.FindString(strings.ReplaceAll(string(body), "http://www.w3.org/2000/svg", "")); found != "" {
			t.Errorf("%s has %q", name, found)
		}
	})
}

func TestServesThePage(t *testing.T) {
	handler := Handler()
	get := func(method, path, tag string) *http.Response {
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("If-None-Match", tag)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Result()
	}
	for _, tt := range []struct {
		method, path string
		status       int
		mime         string
	}{
		{"GET", "/", 200, "text/html; charset=utf-8"},
		{"HEAD", "/index.html", 200, "text/html; charset=utf-8"},
		{"GET", "/app.js", 200, "text/javascript; charset=utf-8"},
		{"GET", "/views/fleet.js", 200, "text/javascript; charset=utf-8"},
		{"GET", "/build.js", 200, "text/javascript; charset=utf-8"},
		{"GET", "/style.css", 200, "text/css; charset=utf-8"},
		{"GET", "/icon.svg", 200, "image/svg+xml"},
		{"GET", "/vendor/htm.LICENSE", 200, "text/plain; charset=utf-8"},
		{"GET", "/none.js", 404, "text/plain; charset=utf-8"},
		{"GET", "/views/", 404, "text/plain; charset=utf-8"},
		{"GET", "/../web.go", 404, "text/plain; charset=utf-8"},
		{"POST", "/", 405, "text/plain; charset=utf-8"},
	} {
		res := get(tt.method, tt.path, "")
		defer res.Body.Close()
		if res.StatusCode != tt.status || res.Header.Get("Content-Type") != tt.mime {
			t.Errorf("%s %s: %d, %q", tt.method, tt.path, res.StatusCode, res.Header.Get("Content-Type"))
		}
		if got := res.Header.Get("Content-Security-Policy"); got != "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self'; connect-src 'self'" {
			t.Errorf("%s: the policy is %q", tt.path, got)
		}
		if tt.status != http.StatusOK {
			continue
		}
		again := get("GET", tt.path, res.Header.Get("ETag"))
		defer again.Body.Close()
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("%s is sent again: %d", tt.path, again.StatusCode)
		}
	}
}

func TestConfig(t *testing.T) {
	for listen, valid := range map[string]bool{"": true, "127.0.0.1:8080": true, ":8080": true, "[::1]:0": true, "8080": false, "h:p": false, "h:70000": false} {
		problems := 0
		Config{Listen: listen}.Validate(func(string, string) { problems++ })
		if (problems == 0) != valid {
			t.Errorf("%q has %d problems", listen, problems)
		}
	}
}
