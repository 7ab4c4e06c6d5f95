package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"rvo-tui/capture"
	"rvo-tui/capture/synthetic"
	"rvo-tui/runtime"
	"rvo-tui/runtime/api"
)

const described = "../../../docs/openapi.json"

// testFile is a configuration file with one change.
type testFile struct{}

func (testFile) Diff(context.Context) (runtime.FileDiff, error) {
	return runtime.FileDiff{
		File: "rvo.toml", ID: "1", TOML: "enabled = false\n",
		Changes:    []runtime.FileChange{{What: "rule \"a\"", Line: 3, New: "enabled = false\n"}},
		Unwritable: []runtime.Unwritable{},
	}, nil
}

func (testFile) Write(_ context.Context, id string) error {
	if id != "1" {
		return errors.New("something else has changed")
	}
	return nil
}

func (f testFile) Edit(ctx context.Context, _ []runtime.FileEdit, _ bool) (runtime.FileDiff, error) {
	return f.Diff(ctx)
}

func (f testFile) Revert(ctx context.Context, id string) error { return f.Write(ctx, id) }

// The API writes the file only if the configuration allows it.
func TestFileIsWrittenWhereAllowed(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		w := start(t, func(o *api.Options) { o.File, o.Config.Write = testFile{}, allowed })
		c := w.client(t)
		d, err := c.Diff(within(t))
		if err != nil || len(d.Changes) != 1 || (d.Refused == "") != allowed {
			t.Errorf("allowed %v: %+v, %v", allowed, d, err)
		}
		for _, write := range []func(context.Context, string) error{c.Write, c.Revert} {
			err = write(within(t), d.ID)
			if (err == nil) != allowed || err != nil && !strings.Contains(err.Error(), "set control.write = true") {
				t.Errorf("allowed %v: %v", allowed, err)
			}
		}
	}
}

// operation is an operation of the description, as far as its responses go.
type operation struct {
	ID        string `json:"operationId"`
	Responses map[string]struct {
		Ref     string `json:"$ref"`
		Content map[string]any
	}
}

// The responses of a running program match the description.
func TestAnswersAreAsDescribed(t *testing.T) {
	w := start(t, func(o *api.Options) {
		o.Reload = func(context.Context) error { return nil }
		o.Stop = func() {}
		o.File, o.Config.Write = testFile{}, true
		o.Open = capture.Drivers{capture.KindSynthetic: capture.Opens(synthetic.Open)}.Open
		o.Config.Endpoints = []string{"gpu.lan"}
	})
	c := w.client(t)
	real := until(t, c, "a clip was saved", func(s *runtime.Snapshot) bool { return s.Clips != nil && s.Clips.Last != nil })
	raw := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", w.server.Socket())
	}}}
	defer raw.CloseIdleConnections()
	d := describe(t)
	clip := real.Clips.Last.EventID
	for _, r := range []struct{ method, path, body, of, status string }{
		{"GET", "/about", "", "/about", "200"},
		{"GET", "/state", "", "/state", "200"},
		{"GET", "/state?view=rvo", "", "/state", "200"},
		{"GET", "/state?view=other", "", "/state", "400"},
		{"GET", "/events", "", "/events", "200"},
		{"GET", "/log?limit=2", "", "/log", "200"},
		{"GET", "/alerts", "", "/alerts", "200"},
		{"GET", "/clips", "", "/clips", "200"},
		{"GET", "/clips?from=never", "", "/clips", "400"},
		{"GET", "/clips/" + clip, "", "/clips/{id}", "200"},
		{"GET", "/clips/none", "", "/clips/{id}", "404"},
		{"GET", "/clips/" + clip + "/clip.mp4", "", "/clips/{id}/clip.mp4", "200"},
		{"GET", "/clips/" + clip + "/thumb.jpg", "", "/clips/{id}/thumb.jpg", "200"},
		{"GET", "/clips/" + clip + "/meta.json", "", "/clips/{id}/meta.json", "200"},
		{"POST", "/clips/" + clip + "/verify", "", "/clips/{id}/verify", "200"},
		{"GET", "/cameras/door/frame.jpg", "", "/cameras/{camera}/frame.jpg", "200"},
		{"GET", "/cameras/yard/frame.jpg", "", "/cameras/{camera}/frame.jpg", "404"},
		{"GET", "/cameras/door/preview.mjpeg", "", "/cameras/{camera}/preview.mjpeg", "200"},
		{"GET", "/media?jpeg=door", "", "/media", "200"},
		{"GET", "/stream?state=10", "", "/stream", "200"},
		{"POST", "/cameras/door/detectors", `{"name":"extra","kind":"motion","enabled":true}`, "/cameras/{camera}/detectors", "200"},
		{"POST", "/cameras/door/detectors", `{"kind":`, "/cameras/{camera}/detectors", "400"},
		{"POST", "/cameras/door/detectors/motion/disable", "", "/cameras/{camera}/detectors/{detector}/disable", "200"},
		{"POST", "/cameras/door/detectors/motion/enable", "", "/cameras/{camera}/detectors/{detector}/enable", "200"},
		{"PUT", "/cameras/door/detectors/motion/rate", `{"fps":3}`, "/cameras/{camera}/detectors/{detector}/rate", "200"},
		{"PUT", "/cameras/door/detectors/motion/rate", `{"fps":"three"}`, "/cameras/{camera}/detectors/{detector}/rate", "400"},
		{"PUT", "/cameras/door/detectors/motion/rate", `{"fps":10001}`, "/cameras/{camera}/detectors/{detector}/rate", "400"},
		{"PUT", "/cameras/all/detectors/motion/rate", `{"fps":0}`, "/cameras/{camera}/detectors/{detector}/rate", "400"},
		{"DELETE", "/cameras/door/detectors/nobody", "", "/cameras/{camera}/detectors/{detector}", "404"},
		{"DELETE", "/cameras/door/detectors/motion", "", "/cameras/{camera}/detectors/{detector}", "200"},
		{"POST", "/cameras/door/rules/seen/disable", "", "/cameras/{camera}/rules/{rule}/disable", "200"},
		{"POST", "/cameras/all/rules/seen/enable", "", "/cameras/{camera}/rules/{rule}/enable", "200"},
		{"POST", "/cameras/door/rules/seen/arm", "", "/cameras/{camera}/rules/{rule}/arm", "409"}, // it has no hours
		{"POST", "/cameras/all/rules/all/disarm", "", "/cameras/{camera}/rules/{rule}/disarm", "404"},
		{"POST", "/cameras/door/clips", "", "/cameras/{camera}/clips", "200"},
		{"POST", "/cameras/door/pause", "", "/cameras/{camera}/pause", "200"},
		{"POST", "/cameras/door/resume", "", "/cameras/{camera}/resume", "200"},
		{"POST", "/cameras", `{"Name":"yard","Source":"synthetic:street"}`, "/cameras", "200"},
		{"GET", "/sources", "", "/sources", "200"},
		{"POST", "/sources/try", `{"Name":"gate","Source":"synthetic:street"}`, "/sources/try", "200"},
		{"POST", "/sources/try", `{"Name":"gate","Source":"synthetic:nowhere"}`, "/sources/try", "409"},
		{"POST", "/sources/try", `{"Name":`, "/sources/try", "400"},
		{"DELETE", "/cameras/all", "", "/cameras/{camera}", "404"},
		{"DELETE", "/cameras/yard", "", "/cameras/{camera}", "200"},
		{"POST", "/nodes", `{"endpoint":"gpu.lan:50051","signal":"person_count"}`, "/nodes", "200"},
		{"POST", "/nodes", `{"endpoint":"","signal":"other"}`, "/nodes", "400"},
		{"POST", "/alerts/none/acknowledge", "", "/alerts/{alert}/acknowledge", "404"},
		{"POST", "/outputs/none/test", "", "/outputs/{output}/test", "404"},
		{"POST", "/outputs/none/aside/all/resend", "", "/outputs/{output}/aside/{message}/resend", "404"},
		{"DELETE", "/outputs/none/aside/all", "", "/outputs/{output}/aside/{message}", "404"},
		{"POST", "/login", `{"token":"none"}`, "/login", "401"},
		{"POST", "/logout", "", "/logout", "200"},
		{"POST", "/reload", "", "/reload", "200"},
		{"GET", "/config/diff", "", "/config/diff", "200"},
		{"POST", "/config/write", `{"id":"1"}`, "/config/write", "200"},
		{"POST", "/config/write", `{"id":"2"}`, "/config/write", "409"},
		{"POST", "/config/edit", `{"edits":[{"table":"zone","name":"a","set":{"rect":[0,0,1,1]}}]}`, "/config/edit", "200"},
		{"POST", "/config/edit", `{"edits":[{"table":"zone","name":"${A}"}]}`, "/config/edit", "400"},
		{"POST", "/config/revert", `{"id":"1"}`, "/config/revert", "200"},
		{"POST", "/config/revert", `{"id":"2"}`, "/config/revert", "409"},
		{"POST", "/stop", "", "/stop", "200"},
		{"GET", "/openapi.json", "", "/openapi.json", "200"},
		{"GET", "/snapshot.schema.json", "", "/snapshot.schema.json", "200"},
		{"GET", "/event.schema.json", "", "/event.schema.json", "200"},
		{"GET", "/meta.schema.json", "", "/meta.schema.json", "200"},
		{"GET", "/mqtt.schema.json", "", "/mqtt.schema.json", "200"},
	} {
		req, err := http.NewRequestWithContext(within(t), r.method, "http://rvo/api"+r.path, strings.NewReader(r.body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := raw.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		name := r.method + " " + r.path
		if got := fmt.Sprint(res.StatusCode); got != r.status {
			body, _ := io.ReadAll(io.LimitReader(res.Body, 1000))
			t.Errorf("%s: %s, want %s: %s", name, got, r.status, body)
		} else if err := d.check(strings.ToLower(r.method), r.of, res); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		res.Body.Close()
	}
	for _, name := range d.unused() {
		t.Errorf("nothing was asked of %s", name)
	}
}

// description is the OpenAPI document.
type description struct {
	compiler *jsonschema.Compiler
	paths    map[string]map[string]operation
	used     map[string]bool
}

func describe(t *testing.T) *description {
	t.Helper()
	text, err := os.ReadFile(described)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]operation
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	return &description{c, doc.Paths, map[string]bool{}}
}

// check compares a response with the description for its status and type.
func (d *description) check(method, path string, res *http.Response) error {
	op, ok := d.paths[path][method]
	if !ok {
		return fmt.Errorf("%s is not described", path)
	}
	d.used[op.ID] = true
	status := fmt.Sprint(res.StatusCode)
	for _, s := range []string{status, status[:1] + "XX", "default"} {
		if _, ok := op.Responses[s]; ok {
			status = s
			break
		}
	}
	answer, at := op.Responses[status], fmt.Sprintf("#/paths/%s/%s/responses/%s", pointer(path), method, status)
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	if answer.Ref != "" {
		at = answer.Ref
		if kind != "application/problem+json" {
			return fmt.Errorf("%s is no problem", kind)
		}
	} else if _, ok := answer.Content[kind]; !ok {
		return fmt.Errorf("%s is described as %v", kind, answer.Content)
	}
	if !strings.HasSuffix(kind, "json") {
		return nil
	}
	schema, err := d.compiler.Compile(described + at + "/content/" + pointer(kind) + "/schema")
	if err != nil {
		return err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("%w\n%s", err, body)
	}
	return nil
}

// unused returns the operations that were never called.
func (d *description) unused() (names []string) {
	for _, ops := range d.paths {
		for _, op := range ops {
			if !d.used[op.ID] {
				names = append(names, op.ID)
			}
		}
	}
	slices.Sort(names)
	return names
}

// pointer escapes a key for a JSON pointer in a URL fragment.
func pointer(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(key)
}
