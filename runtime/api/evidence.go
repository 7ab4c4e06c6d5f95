package api

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"

	"rvo-tui/clips"
)

const (
	maxClips     = 1000
	defaultClips = 100
)

// Clips is the answer of GET /api/clips.
type Clips struct {
	Dir   string        `json:"dir"`   // of the evidence, on the machine of the program
	Clips []clips.Entry `json:"clips"` // newest first
}

// Clip is the answer of GET /api/clips/{id}.
type Clip struct {
	clips.Entry
	Dir string `json:"dir"` // of the evidence, on the machine of the program
}

// evidenceRoutes returns the routes of clips.
func (s *Server) evidenceRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/clips", Doc: "The clips on disk, newest first.", Serve: s.clips},
		{Method: "GET", Path: "/clips/{id}", Doc: "The clip of an event.", Serve: s.clip},
		{Method: "GET", Path: "/clips/{id}/thumb.jpg", Doc: "The thumbnail of a clip.", Serve: s.thumb},
	}
}

func (s *Server) clips(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if err := onlyKeys(q, "limit"); err != nil {
		return err
	}
	limit, given, err := numberOf(q, "limit")
	if err != nil {
		return err
	}
	if !given {
		limit = defaultClips
	}
	if limit > maxClips {
		return problem(http.StatusBadRequest, fmt.Sprintf("limit %d is out of range", limit), fmt.Sprintf("ask for %d clips at most", maxClips))
	}
	dir, done, err := s.evidence()
	if err != nil {
		return err
	}
	defer done()
	all, err := clips.List(dir)
	if err != nil {
		return err
	}
	newest := append([]clips.Entry{}, all[max(0, len(all)-int(limit)):]...)
	slices.Reverse(newest)
	return writeJSON(w, Clips{absolute(dir), newest})
}

func (s *Server) clip(w http.ResponseWriter, r *http.Request) error {
	dir, c, err := s.find(r)
	if err != nil {
		return err
	}
	return writeJSON(w, Clip{c.Entry, absolute(dir)})
}

func (s *Server) thumb(w http.ResponseWriter, r *http.Request) error {
	_, c, err := s.find(r)
	if err != nil {
		return err
	}
	if len(c.Thumb) == 0 {
		return problem(http.StatusNotFound, "the clip has no thumbnail", "")
	}
	return writeBytes(w, "image/jpeg", c.Thumb)
}

// find returns the clip that a request names.
func (s *Server) find(r *http.Request) (dir string, c clips.Clip, err error) {
	dir, done, err := s.evidence()
	if err != nil {
		return "", c, err
	}
	defer done()
	c, err = clips.Find(dir, r.PathValue("id"))
	return dir, c, err
}

// evidence returns the directory of the evidence to one of a few readers, which
// calls done.
func (s *Server) evidence() (dir string, done func(), err error) {
	if s.opts.ClipsDir == "" {
		return "", nil, problem(http.StatusNotFound, "no evidence is kept", "give a rule clip = true")
	}
	if err := s.disk.acquire(); err != nil {
		return "", nil, err
	}
	return s.opts.ClipsDir, s.disk.release, nil
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
