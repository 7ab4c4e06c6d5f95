package api

import (
	"net/http"
)

// stateRoutes returns the routes of what stands how.
func (s *Server) stateRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/state", Doc: "The snapshot: how everything stands.", Serve: s.state},
	}
}

func (s *Server) state(w http.ResponseWriter, _ *http.Request) error {
	line, err := s.opts.Runtime.Snapshot().MarshalJSON()
	if err != nil {
		return err
	}
	return writeBytes(w, "application/json", line)
}
