package api

// evidenceRoutes returns the routes of clips.
func (s *Server) evidenceRoutes() []Route { return nil }
