package api

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"rvo-tui/docs"
)

// The description has every route, and no others.
func TestDescriptionHasEveryRoute(t *testing.T) {
	text, err := docs.Schemas.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Servers []struct{ URL string }
		Paths   map[string]map[string]struct {
			OperationID string
			Parameters  []struct{ Name string }
			RequestBody any
			Security    []map[string][]string
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Servers) != 1 || doc.Servers[0].URL != Prefix {
		t.Errorf("its paths are below %v, the server's below %s", doc.Servers, Prefix)
	}
	told := map[string]bool{}
	ids := map[string]bool{}
	for path, ops := range doc.Paths {
		for method, op := range ops {
			told[strings.ToUpper(method)+" "+path] = len(op.Security) == 1 && len(op.Security[0]) == 0
			if op.OperationID == "" || ids[op.OperationID] {
				t.Errorf("%s %s: no unique operationId", method, path)
			}
			ids[op.OperationID] = true
		}
	}
	for _, r := range NewServer(Options{}).routes() {
		name := r.Method + " " + r.Path
		open, ok := told[name]
		if !ok || open != r.Open {
			t.Errorf("%s: described %v, open %v, want %v", name, ok, open, r.Open)
		}
		delete(told, name)
	}
	for name := range told {
		t.Errorf("%s is described but missing", name)
	}
}

func TestDescriptionIsForEverybody(t *testing.T) {
	at := served(t, NewServer(Options{})) + Prefix
	for _, d := range described {
		want, err := docs.Schemas.ReadFile(d.name)
		if err != nil {
			t.Fatal(err)
		}
		res, body := ask(t, "GET", at+"/"+d.name)
		if res.StatusCode != 200 || body != string(want) || !json.Valid(want) {
			t.Errorf("%s: %s", d.name, res.Status)
		}
	}
	files, err := docs.Schemas.ReadDir(".")
	if err != nil || len(files) != len(described) {
		t.Errorf("docs has %d JSON files, %d are served: %v", len(files), len(described), err)
	}
	if !slices.ContainsFunc(NewServer(Options{}).routes(), func(r Route) bool { return r.Path == "/openapi.json" }) {
		t.Error("the description is not served")
	}
}
