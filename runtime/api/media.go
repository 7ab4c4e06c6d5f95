package api

// mediaRoutes returns the routes of live frames and packets.
func (s *Server) mediaRoutes() []Route { return nil }
