package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/internal/text"
)

const (
	maxClips     = 1000
	defaultClips = 100
	readTime     = 10 * time.Second // limit for the disk
	verifyTime   = 2 * time.Minute
	verifyNice   = 19 // hashing uses a core for seconds, and has no hurry
)

// Clips is the response of GET /api/clips.
type Clips struct {
	Dir   string        `json:"dir"`   // on the server
	Clips []clips.Entry `json:"clips"` // newest first
}

// Clip is the response of GET /api/clips/{id}.
type Clip struct {
	clips.Entry
	File string `json:"file"` // path of the movie on the server; empty: the clip is damaged
}

// Verdict is the response of POST /api/clips/{id}/verify.
type Verdict struct {
	OK    bool   `json:"ok"`              // every file is as it was saved
	Error string `json:"error,omitempty"` // what differs
}

// evidenceRoutes returns the routes of clips. None of them takes a path from the
// client: a clip is looked up by the ID of one of its events.
func (s *Server) evidenceRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/clips", Doc: "Clips, newest first, optionally those that overlap a time span.", Serve: s.clips},
		{Method: "GET", Path: "/clips/{id}", Doc: "The clip of an event.", Serve: s.clip},
		{Method: "GET", Path: "/clips/{id}/clip.mp4", Doc: "Its movie, or a range of it. ?part=2 is the second part, if the stream changed.", Serve: s.movie},
		{Method: "GET", Path: "/clips/{id}/thumb.jpg", Doc: "Its thumbnail.", Serve: s.clipFile(clips.ThumbFileName, "image/jpeg")},
		{Method: "GET", Path: "/clips/{id}/meta.json", Doc: "Its metadata.", Serve: s.clipFile(clips.MetaFileName, "application/json")},
		{Method: "POST", Path: "/clips/{id}/verify", Doc: "Compare its files with their hashes.", Serve: s.verify},
	}
}

var errNoEvidence = problem(http.StatusNotFound, "no evidence is kept", "give a rule clip = true")

// onDisk runs read, which accesses the evidence directory, in its own goroutine and
// waits up to limit. At most maxReads run at a time. One that hangs in the disk counts
// until it returns, but does not block a request.
func onDisk[T any](ctx context.Context, s *Server, limit time.Duration, read func(ctx context.Context, dir string) (T, error)) (T, error) {
	var none T
	if s.opts.ClipsDir == "" {
		return none, errNoEvidence
	}
	if err := s.disk.acquire(); err != nil {
		return none, err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	type result struct {
		v   T
		err error
	}
	out := make(chan result)
	go func() { // a disk may hang, so nothing waits for it
		defer s.disk.release()
		v, err := read(ctx, s.opts.ClipsDir)
		select {
		case out <- result{v, err}:
		case <-ctx.Done():
			if c, ok := any(v).(io.Closer); ok && err == nil {
				_ = c.Close() // it was only read
			}
		}
	}()
	select {
	case r := <-out:
		return r.v, r.err
	case <-ctx.Done():
		return none, problem(http.StatusGatewayTimeout, "the evidence disk does not respond", "check the disk and clips.dir")
	}
}

func (s *Server) clips(w http.ResponseWriter, r *http.Request) error {
	f, err := clipFilterOf(r)
	if err != nil {
		return err
	}
	list, err := onDisk(r.Context(), s, readTime, func(_ context.Context, dir string) ([]clips.Entry, error) { return clips.List(dir) })
	if err != nil {
		return err
	}
	answer := Clips{Dir: absolute(s.opts.ClipsDir), Clips: []clips.Entry{}}
	for _, e := range slices.Backward(list) {
		if uint64(len(answer.Clips)) == f.limit {
			break
		}
		if f.matches(e) {
			answer.Clips = append(answer.Clips, e)
		}
	}
	return writeJSON(w, answer)
}

// clipFilter selects clips.
type clipFilter struct {
	from, to time.Time // zero: any
	camera   string    // empty: any
	limit    uint64
}

func clipFilterOf(r *http.Request) (f clipFilter, err error) {
	q := r.URL.Query()
	if err := onlyKeys(q, "from", "to", "camera", "limit"); err != nil {
		return f, err
	}
	for key, at := range map[string]*time.Time{"from": &f.from, "to": &f.to} {
		if given := q.Get(key); q.Has(key) {
			if *at, err = time.Parse(time.RFC3339, given); err != nil {
				return f, problem(http.StatusBadRequest, fmt.Sprintf("%s: %q is not a time", key, text.Clean(given)), "write it as 2026-11-30T07:00:00Z")
			}
		}
	}
	if !f.to.IsZero() && f.from.After(f.to) {
		return f, problem(http.StatusBadRequest, "from is later than to", "exchange them")
	}
	f.camera = q.Get("camera")
	f.limit, _, err = numberOf(q, "limit")
	switch {
	case err != nil:
		return f, err
	case f.limit > maxClips:
		return f, problem(http.StatusBadRequest, fmt.Sprintf("limit %d is out of range", f.limit), fmt.Sprintf("request at most %d clips, and others by time", maxClips))
	case f.limit == 0:
		f.limit = defaultClips
	}
	return f, nil
}

// matches reports whether a clip is from the camera and overlaps the time range.
func (f clipFilter) matches(e clips.Entry) bool {
	return (f.camera == "" || e.Camera == f.camera) &&
		(f.from.IsZero() || !e.End.Before(f.from)) && (f.to.IsZero() || !e.Start.After(f.to))
}

func (s *Server) clip(w http.ResponseWriter, r *http.Request) error {
	e, err := s.entry(r)
	if err != nil {
		return err
	}
	answer := Clip{Entry: e}
	if e.Movie != "" {
		answer.File = absolute(e.MoviePath(s.opts.ClipsDir))
	}
	return writeJSON(w, answer)
}

// entry looks up the clip of a request.
func (s *Server) entry(r *http.Request) (clips.Entry, error) {
	return onDisk(r.Context(), s, readTime, func(_ context.Context, dir string) (clips.Entry, error) {
		return clips.FindEntry(dir, r.PathValue("id"))
	})
}

// movie serves a movie of a clip.
func (s *Server) movie(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if err := onlyKeys(q, "part"); err != nil {
		return err
	}
	part, _, err := numberOf(q, "part")
	if err != nil {
		return err
	}
	e, err := s.entry(r)
	if err != nil {
		return err
	}
	name := e.Movie
	if part > 1 {
		m, err := onDisk(r.Context(), s, readTime, func(_ context.Context, dir string) (*clips.Meta, error) { return clips.ReadMeta(dir, e) })
		if err != nil {
			return err
		}
		if part-2 >= uint64(len(m.Parts)) {
			return problem(http.StatusNotFound, fmt.Sprintf("the clip has no part %d", part), fmt.Sprintf("it has %d", 1+len(m.Parts)))
		}
		name = m.Parts[part-2].File
	}
	if name == "" {
		return problem(http.StatusNotFound, "the clip is damaged: "+e.Damaged, "see its directory: "+e.Path)
	}
	contentType := "video/mp4"
	if filepath.Ext(name) == ".avi" {
		contentType = "video/x-msvideo"
	}
	return s.send(w, r, e, name, contentType)
}

// clipFile serves another file of a clip.
func (s *Server) clipFile(name, contentType string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		e, err := s.entry(r)
		if err != nil {
			return err
		}
		return s.send(w, r, e, name, contentType)
	}
}

// send serves a file of a clip, with range requests.
func (s *Server) send(w http.ResponseWriter, r *http.Request, e clips.Entry, name, contentType string) error {
	if err := s.files.acquire(); err != nil {
		return err
	}
	defer s.files.release()
	file, err := onDisk(r.Context(), s, readTime, func(_ context.Context, dir string) (*os.File, error) { return clips.Open(dir, e, name) })
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return problem(http.StatusNotFound, "the clip has no "+text.Clean(name)+" any more", "check whether it was deleted, or verify it")
	case err != nil:
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("send %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", fmt.Sprintf("inline; filename=%q", e.Time.UTC().Format("20060102T150405Z")+"_"+name))
	h.Set("ETag", `"`+strconv.FormatInt(info.Size(), 36)+"-"+strconv.FormatInt(info.ModTime().UnixNano(), 36)+`"`)
	http.ServeContent(patient{w, http.NewResponseController(w)}, r, "", info.ModTime(), file)
	return nil
}

// patient is a ResponseWriter with a deadline of sendTimeout for each write.
type patient struct {
	http.ResponseWriter
	rc *http.ResponseController
}

func (p patient) Write(data []byte) (int, error) {
	_ = p.rc.SetWriteDeadline(time.Now().Add(sendTimeout)) // writers without deadlines need none
	return p.ResponseWriter.Write(data)
}

// verify compares the files of a clip with the hashes in its metadata.
func (s *Server) verify(w http.ResponseWriter, r *http.Request) error {
	e, err := s.entry(r)
	if err != nil {
		return err
	}
	if err := s.verifying.acquire(); err != nil {
		return err
	}
	defer s.verifying.release()
	verdict, err := onDisk(r.Context(), s, verifyTime, func(ctx context.Context, dir string) (Verdict, error) {
		capture.LowPriority(verifyNice) // for the goroutine of onDisk, which then ends
		if err := clips.Verify(ctx, dir, e); err != nil {
			return Verdict{Error: text.CleanTo(err.Error(), maxDetail)}, ctx.Err()
		}
		return Verdict{OK: true}, nil
	})
	if err != nil {
		return err
	}
	return writeJSON(w, verdict)
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
