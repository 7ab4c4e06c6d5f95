// Package web is the browser dashboard: embedded static files that use the HTTP API of the same
// server. The files need no login; the API, which supplies all data, checks access itself.
package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var embedded embed.FS

// policy lets the page load only files of this server: no inline scripts and nothing from other
// hosts.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self'; connect-src 'self'"

// further restricts what default-src does not cover.
const further = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// file is a static file with its headers.
type file struct {
	body      []byte
	mime, tag string
}

// Handler serves the page. Its views are URL fragments, so there is one page only.
func Handler() http.Handler {
	files := files()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Content-Security-Policy"] = []string{policy, further} // browsers enforce both
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed: the page is read-only", http.StatusMethodNotAllowed)
			return
		}
		f, found := files[r.URL.Path]
		if !found {
			http.NotFound(w, r)
			return
		}
		h.Set("Content-Type", f.mime)
		h.Set("Cache-Control", "no-cache") // a newer program version has other files
		h.Set("ETag", f.tag)
		if r.Header.Get("If-None-Match") == f.tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(f.body) // the client may have gone
	})
}

// files returns the static files by path, and a script with a hash of all of them, by which the
// page notices that the server has a newer version.
func files() map[string]file {
	all := map[string]file{}
	hash := sha256.New()
	_ = fs.WalkDir(embedded, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := embedded.ReadFile(name)
		_, _ = hash.Write(body) // it never fails
		all[strings.TrimPrefix(name, "static")] = newFile(name, body)
		return err
	}) // reading embedded files cannot fail
	all["/"] = all["/index.html"]
	all["/build.js"] = newFile("build.js", fmt.Appendf(nil, "export const build = %q;\n", hex.EncodeToString(hash.Sum(nil)[:8])))
	return all
}

func newFile(name string, body []byte) file {
	sum := sha256.Sum256(body)
	return file{body, contentType(name), `"` + hex.EncodeToString(sum[:8]) + `"`}
}

// contentType returns the media type of a file. Unlike package mime it does not depend on the
// machine.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return "text/plain; charset=utf-8"
}
