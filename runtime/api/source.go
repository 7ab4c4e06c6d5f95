package api

import (
	"net/http"

	"rvo-tui/capture"
	"rvo-tui/runtime"
)

// Sources is the answer of GET /api/sources.
type Sources struct {
	Sources []capture.Choice `json:"sources"`
}

// Size is the answer of POST /api/sources/try.
type Size struct {
	Width  int `json:"width"` // of a frame as it is shown; 0: the source does not say
	Height int `json:"height"`
}

// sourceRoutes returns the routes of what a camera may be added from.
func (s *Server) sourceRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/sources", Doc: "Sources for new cameras besides addresses: devices and synthetic scenes.", Serve: s.sources},
		{Method: "POST", Path: "/sources/try", Doc: "Open the source of a camera, wait for a frame, and close it.", Write: true, Serve: s.try},
	}
}

func (s *Server) sources(w http.ResponseWriter, _ *http.Request) error {
	if err := s.tries.acquire(); err != nil {
		return err
	}
	defer s.tries.release()
	list := []capture.Choice{}
	if s.opts.Sources != nil {
		list = append(list, s.opts.Sources()...)
	}
	return writeJSON(w, Sources{list})
}

func (s *Server) try(w http.ResponseWriter, r *http.Request) error {
	cmd := runtime.Command{Do: "try"}
	size, err := s.trial(w, r, &cmd)
	s.audit(r.Context(), cmd, err)
	if err != nil {
		return err
	}
	return writeJSON(w, size)
}

// trial tries the source of a camera that may be added.
func (s *Server) trial(w http.ResponseWriter, r *http.Request, cmd *runtime.Command) (size Size, err error) {
	if s.opts.Open == nil {
		return size, problem(http.StatusNotImplemented, "this rvo-tui tries no sources", "add the camera, and see whether it works")
	}
	if err := s.tries.acquire(); err != nil {
		return size, err
	}
	defer s.tries.release()
	body, err := readBody(w, r)
	if err != nil {
		return size, err
	}
	cfg, err := s.cameraOf(body)
	if err != nil {
		return size, err
	}
	cmd.Added = &cfg
	if err := s.policy.camera(cfg, s.opts.Runtime.Snapshot()); err != nil {
		return size, err
	}
	size.Width, size.Height, err = capture.Try(r.Context(), cfg, s.opts.Open)
	return size, err
}

// cameraOf reads the keys of a camera.
func (s *Server) cameraOf(body []byte) (capture.Config, error) {
	if err := expands(body); err != nil {
		return capture.Config{}, err
	}
	return decode(body, "camera", s.opts.Codec.Camera)
}
