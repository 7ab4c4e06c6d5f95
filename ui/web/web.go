// Package web is the browser dashboard: static files, embedded, which talk to the HTTP
// API that is served beside them. The files are for everybody; what they show comes from
// the API, which asks who wants to know.
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

// policy lets the page load its own files and nothing else: neither a script within a
// page nor anything from another host.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self'; connect-src 'self'"

// further is what policy leaves open where it names nothing.
const further = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// file is a static file with its headers.
type file struct {
	body      []byte
	mime, tag string
}

// Handler returns the handler of the page, whose views are fragments of its address.
func Handler() http.Handler {
	files := files()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Content-Security-Policy"] = []string{policy, further} // both hold
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "the page is only read", http.StatusMethodNotAllowed)
			return
		}
		f, found := files[r.URL.Path]
		if !found {
			http.NotFound(w, r)
			return
		}
		h.Set("Content-Type", f.mime)
		h.Set("Cache-Control", "no-cache") // a newer program has newer files
		h.Set("ETag", f.tag)
		if r.Header.Get("If-None-Match") == f.tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(f.body) // who has gone needs no answer
	})
}

// files returns the static files by their paths, and a script with the hash of all of
// them, by which a page knows whether it is the one of a server.
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
	}) // embedded files are always read
	all["/"] = all["/index.html"]
	all["/build.js"] = newFile("build.js", fmt.Appendf(nil, "export const build = %q;\n", hex.EncodeToString(hash.Sum(nil)[:8])))
	return all
}

func newFile(name string, body []byte) file {
	sum := sha256.Sum256(body)
	return file{body, contentType(name), `"` + hex.EncodeToString(sum[:8]) + `"`}
}

// contentType returns the type of a file. It does not depend on the machine.
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
