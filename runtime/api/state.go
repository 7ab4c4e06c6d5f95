package api

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"slices"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/logging"
	"rvo-tui/internal/option"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"
)

// About describes the running program.
type About struct {
	Version  string    `json:"version"`
	Instance string    `json:"instance"` // changes with every start, when event and log line numbers restart
	PID      int       `json:"pid"`
	Host     string    `json:"host"`   // host name
	Config   string    `json:"config"` // current configuration, as named by the user
	Started  time.Time `json:"started"`
	ReadOnly bool      `json:"read_only"` // the caller may not change anything
	Cameras  []Camera  `json:"cameras"`
	Kinds    []Kind    `json:"kinds"` // detector kinds that can be attached over the API

	CameraOptions []KindOption                 `json:"camera_options"` // keys of a camera that can be added over the API
	Queues        map[string]runtime.QueueText `json:"queues"`         // texts about queues, by name
}

// Camera is a running camera.
type Camera struct {
	Name   string `json:"name"`
	Source string `json:"source"` // redacted
}

// Kind is a kind of detector.
type Kind struct {
	Name    string       `json:"name"`
	Doc     string       `json:"doc"`     // one line
	Options []KindOption `json:"options"` // keys of its own
	Common  []KindOption `json:"common"`  // common keys that apply to it
}

// KindOption is a key of a detector or a camera.
type KindOption struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`              // "string", "number", "integer", "boolean", "duration" or "list"
	Default string   `json:"default,omitempty"` // in configuration syntax
	Help    string   `json:"help"`              // one line
	Choices []string `json:"choices,omitempty"` // allowed values
}

// Events is the response of GET /api/events.
type Events struct {
	Instance string                `json:"instance"`
	Events   []runtime.RecentEvent `json:"events"` // oldest first
}

// Log is the response of GET /api/log.
type Log struct {
	Instance string         `json:"instance"`
	Lines    []logging.Line `json:"lines"` // oldest first
}

// stateRoutes returns the routes that return state.
func (s *Server) stateRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/about", Doc: "Information about the instance: version, cameras, kinds of detector.", Serve: s.about},
		{Method: "GET", Path: "/state", Doc: "The snapshot: the current state. With ?view=rvo in the format of RealTime-Video-Orchestrator (rvo).", Serve: s.state},
		{Method: "GET", Path: "/stream", Doc: "Server-sent events: snapshots, events, log lines and gaps.", Serve: s.stream},
		{Method: "GET", Path: "/events", Doc: "The events in memory.", Serve: s.events},
		{Method: "GET", Path: "/log", Doc: "The log lines in memory.", Serve: s.logLines},
		{Method: "GET", Path: "/alerts", Doc: "The current alerts.", Serve: s.alerts},
	}
}

func (s *Server) about(w http.ResponseWriter, r *http.Request) error {
	snap := s.opts.Runtime.Snapshot()
	host, _ := os.Hostname() // without it clients only show the address
	by, _ := callerOf(r.Context())
	a := About{
		Version: s.opts.Version, Instance: s.instance, PID: os.Getpid(), Host: host, Config: s.opts.ConfigFile,
		Started: snap.Started, ReadOnly: !by.write, Cameras: make([]Camera, len(snap.Cameras)), Kinds: []Kind{},
		CameraOptions: cameraOptions(), Queues: runtime.QueueTexts(),
	}
	for i := range snap.Cameras {
		a.Cameras[i] = Camera{snap.Cameras[i].Name, snap.Cameras[i].Source}
	}
	for _, name := range s.opts.Kinds.Names() {
		if k := s.opts.Kinds[name]; s.policy.kind(k) == nil {
			a.Kinds = append(a.Kinds, kindOf(k))
		}
	}
	return writeJSON(w, a)
}

// kindOf describes a kind, without keys that cannot be set over the API.
func kindOf(k detectors.Kind) Kind {
	defaults := detectors.DefaultConfig()
	defaults.Kind = k.Name
	defaults = defaults.Fill(k)
	return Kind{Name: k.Name, Doc: k.Doc, Options: optionsOf(k.Own(), defaults.Value), Common: optionsOf(k.Common(), defaults.Value)}
}

// cameraOptions describes the keys of a camera.
func cameraOptions() []KindOption {
	preset := reflect.ValueOf(capture.DefaultConfig())
	return optionsOf(option.List(capture.Config{}), func(key string) reflect.Value { return option.Field(preset, key) })
}

// optionsOf describes keys with their defaults. It leaves out files, the kind, the
// cameras (which the route selects) and execution (which has only one allowed value).
func optionsOf(keys []option.Option, preset func(key string) reflect.Value) []KindOption {
	list := []KindOption{}
	for _, o := range keys {
		if o.Path || slices.Contains([]string{"kind", "cameras", "disabled_on", "execution"}, o.Key) {
			continue
		}
		v := KindOption{Name: o.Key, Type: o.TypeName(), Help: o.Help, Choices: o.Choices}
		if f := preset(o.Key); !o.Secret && f.IsValid() && !f.IsZero() {
			v.Default = option.Text(f)
		}
		list = append(list, v)
	}
	return list
}

func (s *Server) state(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if err := onlyKeys(q, "view", "camera"); err != nil {
		return err
	}
	snap := s.opts.Runtime.Snapshot()
	switch view := q.Get("view"); {
	case view == "rvo":
		return s.rvoState(w, snap, q.Get("camera"))
	case q.Has("view"):
		return problem(http.StatusBadRequest, fmt.Sprintf("view %q is unknown", text.Clean(view)), `use "rvo" or leave it out`)
	case q.Has("camera"):
		return problem(http.StatusBadRequest, "camera is for view=rvo", "leave it out")
	}
	body, err := snap.MarshalJSON()
	if err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	return writeBytes(w, "application/json", body)
}

func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	all, err := s.eventCursor()
	if err != nil {
		return err
	}
	list, err := page(r.URL.Query(), all)
	if err != nil {
		return err
	}
	return writeJSON(w, Events{s.instance, list})
}

func (s *Server) logLines(w http.ResponseWriter, r *http.Request) error {
	all, err := s.logCursor()
	if err != nil {
		return err
	}
	list, err := page(r.URL.Query(), all)
	if err != nil {
		return err
	}
	return writeJSON(w, Log{s.instance, list})
}

// page applies a query to a numbered sequence: what follows after, or the newest limit
// entries.
func page[T any](q url.Values, all cursor[T]) ([]T, error) {
	if err := onlyKeys(q, "after", "limit"); err != nil {
		return nil, err
	}
	after, given, err := numberOf(q, "after")
	if err != nil {
		return nil, err
	}
	limit, limited, err := numberOf(q, "limit")
	if err != nil {
		return nil, err
	}
	all.start(after, given)
	list := append([]T{}, all.kept(all.last)...)
	switch n := uint64(len(list)); {
	case !limited || n <= limit:
		return list, nil
	case given:
		return list[:limit], nil
	default:
		return list[n-limit:], nil
	}
}

// eventCursor reads the stored events, logCursor the stored log lines.
func (s *Server) eventCursor() (c cursor[runtime.RecentEvent], err error) {
	if s.opts.Recent == nil {
		return c, problem(http.StatusNotFound, "this rvo-tui keeps no events in memory", "")
	}
	return cursor[runtime.RecentEvent]{kept: s.opts.Recent.Events, seq: func(e runtime.RecentEvent) uint64 { return e.Seq }}, nil
}

func (s *Server) logCursor() (c cursor[logging.Line], err error) {
	if s.opts.Ring == nil {
		return c, problem(http.StatusNotFound, "this rvo-tui keeps no log in memory", "")
	}
	return cursor[logging.Line]{kept: s.opts.Ring.Lines, seq: func(l logging.Line) uint64 { return l.Seq }}, nil
}

// alerts responds with the current alerts.
func (s *Server) alerts(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, Alerts{append([]runtime.Alert{}, s.opts.Runtime.Snapshot().Alerts...)})
}

// Alerts is the response of GET /api/alerts.
type Alerts struct {
	Alerts []runtime.Alert `json:"alerts"`
}
