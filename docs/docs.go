// Package docs holds the documents that the program itself serves.
package docs

import "embed"

// Schemas are the description of the HTTP API, openapi.json, and the JSON schemas that
// it refers to, whose names end in .schema.json.
//
//go:embed *.json
var Schemas embed.FS
