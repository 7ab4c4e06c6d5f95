package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"
)

// rvoState is the response of GET /api/state in the format of rvo-web of
// RealTime-Video-Orchestrator (rvo), for its page and scripts.
type rvoState struct {
	Camera  string      `json:"camera"`
	Config  string      `json:"config"`
	Signals []rvoSignal `json:"signals"`
	Metrics rvoMetrics  `json:"metrics"`
	Nodes   []rvoNode   `json:"nodes"`
	Events  []rvoEvent  `json:"events"` // the newest ten, newest first
}

type rvoSignal struct {
	Name    string   `json:"name"`
	Present bool     `json:"present"`
	Value   *float64 `json:"value"` // null: unknown
}

type rvoMetrics struct {
	Ticks     uint64 `json:"ticks"`
	Execs     uint64 `json:"detector_execs"`
	Skips     uint64 `json:"detector_skips"`
	Failures  uint64 `json:"detector_failures"`
	Events    uint64 `json:"events_emitted"`
	Drops     uint64 `json:"frame_drops"`
	AvgExecUS int64  `json:"avg_exec_us"`
}

type rvoNode struct {
	Label    string  `json:"label"`
	Kind     string  `json:"kind"`
	Endpoint *string `json:"endpoint"` // null: it computes locally
	Signal   *string `json:"signal"`
}

type rvoEvent struct {
	Type       string  `json:"type"`
	T          float64 `json:"t"` // seconds since the start
	Confidence float64 `json:"confidence"`
}

const (
	rvoEvents = 10
	rvoRemote = "remote_grpc" // rvo's name for the kind "remote"
)

// rvoState responds for one camera, because rvo has only one; "": the first one.
func (s *Server) rvoState(w http.ResponseWriter, snap *runtime.Snapshot, camera string) error {
	i := slices.IndexFunc(snap.Cameras, func(c runtime.CameraView) bool { return camera == "" || c.Name == camera })
	if i < 0 && camera != "" {
		return problem(http.StatusNotFound, fmt.Sprintf("no camera %q is running", text.Clean(camera)), "see /api/about for the running ones")
	}
	out := rvoState{Config: s.opts.ConfigFile, Signals: []rvoSignal{}, Nodes: []rvoNode{}, Events: []rvoEvent{}}
	if i >= 0 {
		out.describe(&snap.Cameras[i])
		camera = snap.Cameras[i].Name
	}
	if s.opts.Recent != nil {
		for _, e := range slices.Backward(s.opts.Recent.Events(0)) {
			if e.Event.Camera == camera && len(out.Events) < rvoEvents {
				out.Events = append(out.Events, rvoEvent{e.Event.Type, e.Event.At.Seconds(), e.Event.Confidence})
			}
		}
	}
	return writeJSON(w, out)
}

// describe fills in the state of a camera.
func (out *rvoState) describe(c *runtime.CameraView) {
	out.Camera = "uri: " + c.Source
	if addr, err := capture.ParseAddress(c.Source); err == nil && addr.Kind == capture.KindDevice {
		out.Camera = fmt.Sprintf("device %d", addr.Device)
	}
	for k := range c.Signals {
		v := &c.Signals[k]
		s := rvoSignal{Name: v.Name, Present: v.Unknown == detectors.Known}
		if s.Present {
			s.Value = &v.Value
		}
		out.Signals = append(out.Signals, s)
	}
	m := &out.Metrics
	m.Ticks = c.Ticks
	m.Drops = c.Superseded + c.DropPool + c.DropLag + c.DropRate + c.DropBroken
	var busy time.Duration
	var timed uint64
	for k := range c.Detectors {
		d := &c.Detectors[k]
		m.Execs += d.Runs
		for _, n := range d.Skips {
			m.Skips += n
		}
		for _, e := range d.Errors {
			m.Failures += e.N
		}
		if d.Exec != nil {
			busy += d.Exec.Sum()
			timed += d.Exec.Count()
		}
		if d.Enabled {
			out.Nodes = append(out.Nodes, nodeOf(d.Spec))
		}
	}
	if timed > 0 {
		m.AvgExecUS = (busy / time.Duration(timed)).Microseconds()
	}
	for k := range c.Rules {
		m.Events += c.Rules[k].Status.Fired
	}
}

func nodeOf(d detectors.Spec) rvoNode {
	n := rvoNode{Label: d.Kind, Kind: d.Kind}
	if d.Remote {
		signal := strings.Join(d.Provides, ", ")
		n = rvoNode{d.Endpoint + " → " + signal, rvoRemote, &d.Endpoint, &signal}
	}
	return n
}

// Node is the request body of POST /api/nodes.
type Node struct {
	Endpoint string `json:"endpoint"`
	Signal   string `json:"signal"`
}

// NodeAnswer is the response of POST /api/nodes.
type NodeAnswer struct {
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

// addNode attaches a model service to all cameras. Errors have rvo's format.
func (s *Server) addNode(w http.ResponseWriter, r *http.Request) error {
	cmd := runtime.Command{Do: runtime.Attach}
	err := s.attachNode(w, r, &cmd)
	s.audit(r.Context(), cmd, err)
	if err == nil {
		return writeJSON(w, NodeAnswer{OK: true})
	}
	p := problemOf(err)
	body, err := json.Marshal(NodeAnswer{Error: text.CleanTo(p.Error(), maxDetail)})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(p.Status)
	_, err = w.Write(body)
	return err
}

func (s *Server) attachNode(w http.ResponseWriter, r *http.Request, cmd *runtime.Command) error {
	if err := s.commands.acquire(); err != nil {
		return err
	}
	defer s.commands.release()
	var node Node
	if err := readJSON(w, r, &node); err != nil {
		return err
	}
	endpoint, signal := strings.TrimSpace(node.Endpoint), strings.TrimSpace(node.Signal)
	switch {
	case !detectors.ValidName(signal):
		return problem(http.StatusBadRequest, "signal is not a valid name", "use a letter, then letters, digits and underscores")
	case endpoint == "":
		return problem(http.StatusBadRequest, "endpoint is required", "write host:port or http://host:port")
	}
	body, err := json.Marshal(map[string]string{"name": s.nodeName(signal), "kind": "remote", "endpoint": endpoint, "signal": signal})
	if err != nil {
		return err
	}
	return s.add(r.Context(), cmd, body)
}

// nodeName returns an unused detector name.
func (s *Server) nodeName(signal string) string {
	taken := map[string]bool{}
	snap := s.opts.Runtime.Snapshot()
	for i := range snap.Cameras {
		for k := range snap.Cameras[i].Detectors {
			taken[snap.Cameras[i].Detectors[k].Name] = true
		}
	}
	name := "web_" + signal
	for n := 2; taken[name]; n++ {
		name = fmt.Sprintf("web_%s_%d", signal, n)
	}
	return name
}
