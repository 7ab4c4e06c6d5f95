package api

import (
	"net/http"
	"slices"

	"rvo-tui/internal/text"
	"rvo-tui/runtime"
)

// FileWrite is the body of POST /api/config/write.
type FileWrite struct {
	ID string `json:"id"` // ID of the FileDiff that was shown
}

// FileRevert is the body of POST /api/config/revert.
type FileRevert struct {
	ID string `json:"id"` // ID of the edit's FileDiff
}

// FileEdits is the body of POST /api/config/edit.
type FileEdits struct {
	Edits []runtime.FileEdit `json:"edits"`
	Write bool               `json:"write"` // false: only return the effect
}

// fileRoutes returns the routes of the configuration file.
func (s *Server) fileRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/config/diff", Doc: "Differences between the running configuration and the file.", Serve: s.diff},
		{Method: "POST", Path: "/config/write", Doc: "Write these differences to the file.", Write: true, Serve: s.write},
		{Method: "POST", Path: "/config/edit", Doc: "Change zones and lines in the file.", Write: true, Serve: s.edit},
		{Method: "POST", Path: "/config/revert", Doc: "Revert a change of zones and lines.", Write: true, Serve: s.revert},
	}
}

var (
	errNoFile  = problem(http.StatusNotImplemented, "this rvo-tui has no configuration file", "")
	errNoWrite = problem(http.StatusForbidden, "the configuration file cannot be written over this API", "set control.write = true in it and restart, or put the TOML into it by hand")
)

func (s *Server) diff(w http.ResponseWriter, r *http.Request) error {
	if s.opts.File == nil {
		return errNoFile
	}
	if err := s.commands.acquire(); err != nil {
		return err
	}
	defer s.commands.release()
	d, err := s.opts.File.Diff(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, s.mayWrite(d))
}

// mayWrite notes in a difference that the API may not write it, if that is so.
func (s *Server) mayWrite(d runtime.FileDiff) runtime.FileDiff {
	if !s.opts.Config.Write && d.Refused == "" && len(d.Changes) > 0 {
		d.Refused = errNoWrite.Error()
	}
	return d
}

func (s *Server) write(w http.ResponseWriter, r *http.Request) error {
	var body FileWrite
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	err := s.writeFile(func(f File) error { return f.Write(r.Context(), body.ID) })
	s.audit(r.Context(), runtime.Command{Do: "write"}, err)
	if err != nil {
		return err
	}
	return writeJSON(w, struct{}{})
}

func (s *Server) revert(w http.ResponseWriter, r *http.Request) error {
	var body FileRevert
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	err := s.writeFile(func(f File) error { return f.Revert(r.Context(), body.ID) })
	s.audit(r.Context(), runtime.Command{Do: "revert"}, err)
	if err != nil {
		return err
	}
	return writeJSON(w, struct{}{})
}

// writeFile writes to the file, if allowed.
func (s *Server) writeFile(write func(f File) error) error {
	if s.opts.File == nil {
		return errNoFile
	}
	if !s.opts.Config.Write {
		return errNoWrite
	}
	if err := s.commands.acquire(); err != nil {
		return err
	}
	defer s.commands.release()
	return write(s.opts.File)
}

func (s *Server) edit(w http.ResponseWriter, r *http.Request) error {
	raw, err := readBody(w, r)
	if err != nil {
		return err
	}
	if err := expands(raw); err != nil {
		return err
	}
	var body FileEdits
	if err := unmarshal(raw, &body); err != nil {
		return problem(http.StatusBadRequest, "the body is invalid: "+text.CleanTo(err.Error(), 300), "send one JSON object, as docs/api.md shows")
	}
	if len(body.Edits) == 0 || slices.ContainsFunc(body.Edits, func(e runtime.FileEdit) bool { return e.Name == "" }) {
		return problem(http.StatusBadRequest, "edits is missing or empty, or one of them has no name", "send at least one, as docs/api.md shows")
	}
	d, err := s.editFile(r, body)
	if body.Write {
		s.audit(r.Context(), runtime.Command{Do: "edit"}, err)
	}
	if err != nil {
		return err
	}
	return writeJSON(w, d)
}

func (s *Server) editFile(r *http.Request, body FileEdits) (runtime.FileDiff, error) {
	if s.opts.File == nil {
		return runtime.FileDiff{}, errNoFile
	}
	if body.Write && !s.opts.Config.Write {
		return runtime.FileDiff{}, errNoWrite
	}
	if err := s.commands.acquire(); err != nil {
		return runtime.FileDiff{}, err
	}
	defer s.commands.release()
	d, err := s.opts.File.Edit(r.Context(), body.Edits, body.Write)
	if err != nil || body.Write {
		return d, err
	}
	return s.mayWrite(d), nil
}
