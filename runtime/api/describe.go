package api

import (
	"io/fs"
	"net/http"

	"rvo-tui/docs"
)

// described are the documents that describe the API. They reveal nothing about this
// program and are public.
var described = []struct{ name, doc string }{
	{"openapi.json", "The description of this API: OpenAPI 3.1."},
	{"snapshot.schema.json", "The JSON schema of a snapshot."},
	{"event.schema.json", "The JSON schema of an event."},
	{"meta.schema.json", "The JSON schema of the metadata of a clip."},
	{"mqtt.schema.json", "The JSON schema of messages over MQTT."},
}

// describeRoutes returns the routes of these documents.
func (s *Server) describeRoutes() []Route {
	var routes []Route
	for _, d := range described {
		routes = append(routes, Route{
			Method: "GET", Path: "/" + d.name, Doc: d.doc, Open: true,
			Serve: func(w http.ResponseWriter, _ *http.Request) error {
				text, err := fs.ReadFile(docs.Schemas, d.name)
				if err != nil {
					return err
				}
				return writeBytes(w, "application/json", text)
			},
		})
	}
	return routes
}
