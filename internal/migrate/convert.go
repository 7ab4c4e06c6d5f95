package migrate

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// write writes the TOML tables of a configuration.
func (r *reader) write(root *yaml.Node, w *writer) {
	f := r.mapping(root, "")
	if null(f.all["detectors"]) && null(f.all["events"]) {
		r.bad(root, "", "", "this is not a configuration of rvo: it has neither detectors nor events; is it the right file?")
		return
	}
	r.camera(f, w)
	provided := r.detectors(f.list("detectors"), w)
	r.rules(f.list("events"), provided, w)
	if log := f.text("event_log", ""); log != "" {
		t := w.add("[events]", "events", f.all["event_log"])
		t.note("JSON lines with more keys than rvo's: docs/rules.md.")
		t.set("log", quote(log), f, "event_log")
	}
	clips := w.add("[clips]", "clips", f.all["clips_dir"])
	clips.note("A clip is a video as the camera sent it, with a thumbnail and meta.json;")
	clips.note("frames = true adds a JPEG file of each frame, which is what rvo writes.")
	clips.set("dir", quote(f.text("clips_dir", "clips")), f, "clips_dir")
	clips.lost(f)
}

// camera writes the camera. An address takes precedence over a device.
func (r *reader) camera(root *fields, w *writer) {
	f := r.mapping(root.take("camera"), "camera")
	t := w.add("[[camera]]", `camera "camera"`, root.all["camera"])
	t.set("name", quote("camera"), nil, "")
	device := 0
	get(f, "device_index", "number of a device; write one, as in 0", &device)
	switch uri := f.take("source_uri"); {
	case uri == nil:
		t.set("source", quote(fmt.Sprintf("device:%d", device)), f, "device_index")
	default:
		source := f.text("source_uri", "")
		if strings.Contains(source, "@") {
			t.note("Keep passwords out of this file: rtsp://user:${CAMERA_PASSWORD}@…")
		}
		p := t.set("source", quote(source), f, "source_uri")
		if !null(f.all["device_index"]) {
			p.note = "takes precedence over device_index"
		}
	}
	t.lost(f)
}

// detectors writes the detectors and returns the signals that they provide.
func (r *reader) detectors(items []*yaml.Node, w *writer) (provided []string) {
	type entry struct {
		f       *fields
		enabled bool
		kind    string
		signal  string // empty: none given
	}
	var all []entry
	owner := map[string]int{} // detector that provides each signal; enabled ones have priority over disabled ones
	for i, n := range items {
		e := entry{f: r.mapping(n, fmt.Sprintf("detector %d", i+1)), enabled: true}
		e.kind = e.f.text("kind", "")
		get(e.f, "enabled", "truth value; write true or false", &e.enabled)
		switch e.kind {
		case "dummy":
			e.signal = "Dummy"
		case "remote_grpc":
			e.signal = e.f.text("output_signal", "")
		case "load", "jitter":
		default:
			r.bad(n, e.f.where, "kind", "%q is not a kind of detector; kinds are dummy, load, jitter and remote_grpc", e.kind)
		}
		if e.signal != "" {
			if j, taken := owner[e.signal]; !taken || e.enabled && !all[j].enabled {
				owner[e.signal] = i
			}
		}
		all = append(all, e)
	}
	names, noted := unique{}, map[string]bool{}
	for i, e := range all {
		name := e.kind
		if e.kind == "remote_grpc" {
			name = strings.ToLower(e.signal)
		}
		name = names.of(name)
		t := w.add("[[detector]]", fmt.Sprintf("detector %q", name), e.f.node)
		t.set("name", quote(name), e.f, "output_signal")
		if note := changes[e.kind]; note != nil && !noted[e.kind] {
			t.notes, noted[e.kind] = note, true
		}
		r.detector(t, e.f, e.kind, e.signal)
		if !e.enabled {
			t.set("enabled", "false", e.f, "enabled")
		}
		t.lost(e.f)
		if e.signal != "" && owner[e.signal] != i {
			t.note("In this program each signal has one detector: give this one its own signal, and write")
			t.note("rules as in any = [%s, %s].", quote(e.signal+" >= 1"), quote(e.signal+"_2 >= 1"))
			t.off = true
		}
	}
	for signal := range owner {
		provided = append(provided, signal)
	}
	slices.Sort(provided)
	return provided
}

// changes are notes about what a kind does differently in this program.
var changes = map[string][]string{
	"dummy": {"Detectors run on frames. Unlike in rvo, this one gives no result while there are none."},
	"remote_grpc": {
		"A signal that is missing from the service's answer is 0 at once; rvo keeps its value until",
		"its TTL. A service that fails is retried; rvo gives up.",
	},
}

// detector writes the keys of one kind.
func (r *reader) detector(t *table, f *fields, kind, signal string) {
	switch kind {
	case "dummy":
		t.set("kind", quote("dummy"), f, "kind")
		t.set("signal", quote(signal), nil, "")
		t.set("ttl", quote("1s"), nil, "")
	case "load":
		t.set("kind", quote("load"), f, "kind")
		if null(f.all["busy_ns"]) {
			r.bad(f.node, f.where, "busy_ns", "is missing; write its computing time, as in 3000000")
		}
		t.set("busy", duration(f.whole("busy_ns", 0), time.Nanosecond), f, "busy_ns")
	case "jitter":
		t.set("kind", quote("jitter"), f, "kind")
	case "remote_grpc":
		t.set("kind", quote("remote"), f, "kind")
		t.set("endpoint", quote(f.text("endpoint", "")), f, "endpoint")
		t.set("signal", quote(signal), f, "output_signal")
		rate := 15.0
		get(f, "max_fps", "number; write one, as in 15", &rate)
		if math.IsNaN(rate) || math.IsInf(rate, 0) {
			r.bad(f.all["max_fps"], f.where, "max_fps", "must be finite; write a number, as in 15")
			rate = 15
		}
		t.set("max_fps", number(rate), f, "max_fps")
		t.set("timeout", duration(f.whole("timeout_ms", 200), time.Millisecond), f, "timeout_ms")
		t.set("ttl", duration(f.whole("ttl_ms", 1000), time.Millisecond), f, "ttl_ms")
	}
}

// rules writes a rule for each event.
func (r *reader) rules(items []*yaml.Node, provided []string, w *writer) {
	names := unique{}
	for i, n := range items {
		f := r.mapping(n, fmt.Sprintf("event %d", i+1))
		kind := f.text("event_type", "")
		if kind == "" {
			r.bad(n, f.where, "event_type", "is missing; write the name of the event")
		}
		cond := r.condition(f)
		name := eventName(kind)
		if names[name] && len(cond.signals) > 0 {
			name = eventName(name + "_" + cond.signals[0])
		}
		name = names.of(name)
		t := w.add("[[rule]]", fmt.Sprintf("rule %q", name), n)
		p := t.set("event", quote(name), f, "event_type")
		if name != kind {
			p.note = fmt.Sprintf("was %q; event types are unique here, of letters, digits, _ . -", kind)
		}
		t.set(cond.key, cond.value, f, cond.from)
		t.set("for", duration(f.whole("duration_ms", 2000), time.Millisecond), f, "duration_ms")
		t.set("cooldown", duration(f.whole("cooldown_ms", 5000), time.Millisecond), f, "cooldown_ms")
		if cond.note != "" {
			t.note("%s", cond.note)
		}
		for _, signal := range cond.signals {
			if !slices.Contains(provided, signal) {
				t.note("No detector provides %s, so rvo never confirms this: add one, then uncomment the rule.", signal)
				t.off = true
			}
		}
		t.lost(f)
	}
}

// unique is a set of names in use.
type unique map[string]bool

// of adds the name, with a number if it is in use, and returns it.
func (u unique) of(name string) string {
	free := name
	for n := 2; u[free]; n++ {
		free = fmt.Sprintf("%s_%d", name, n)
	}
	u[free] = true
	return free
}

// eventName converts a text to a valid event type.
func eventName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("_.-", r) {
			return r
		}
		return '_'
	}, s)
	if s != "" && (s[0]|0x20 < 'a' || s[0]|0x20 > 'z') {
		s = "event_" + s
	}
	return s[:min(len(s), 60)] // leave room for a number
}
