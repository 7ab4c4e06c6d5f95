package mqtt

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// payload returns a decoded payload of a board.
func payload(t *testing.T, b board, topic string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(b[topic].payload, &v); err != nil {
		t.Fatalf("%s: %v", topic, err)
	}
	return v
}

// A rule is on, off or unknown, and unknown never reads as off.
func TestUnknownIsNotOff(t *testing.T) {
	tests := []struct {
		status rules.Status
		clause rules.Clause
		known  bool
		on     any
		why    string
	}{
		{rules.Status{State: rules.Idle, Truth: rules.False}, rules.Clause{}, true, false, ""},
		{rules.Status{State: rules.Potential, Truth: rules.True}, rules.Clause{}, true, false, ""},
		{rules.Status{State: rules.Confirmed, Truth: rules.True, Active: true}, rules.Clause{}, true, true, ""},
		{rules.Status{State: rules.Potential, Truth: rules.True, Active: true}, rules.Clause{}, true, true, ""},
		{rules.Status{State: rules.Cooldown, Truth: rules.False}, rules.Clause{}, true, false, ""},
		{rules.Status{State: rules.Idle, Truth: rules.Unknown}, rules.Clause{Text: "person >= 1", Truth: rules.Unknown, Why: detectors.Errored}, false, nil, "person >= 1: detector failed"},
		{rules.Status{State: rules.Confirmed, Truth: rules.Unknown, Active: true}, rules.Clause{Text: "person >= 1", Truth: rules.Unknown, Why: detectors.Stale}, false, nil, "person >= 1: stale"},
		{rules.Status{State: rules.Disabled, Truth: rules.False}, rules.Clause{}, false, nil, "disabled"},
		{rules.Status{State: rules.Inactive, Truth: rules.False}, rules.Clause{}, false, nil, "inactive"},
	}
	for _, tt := range tests {
		b := newBox()
		b.snap.Cameras[0].Rules[0].Status = tt.status
		b.snap.Cameras[0].Rules[0].Clause = []rules.Clause{tt.clause}
		got := payload(t, newClient(DefaultConfig(), b.options()).states(b.Snapshot()), "rvo-tui/door/rules/visitor/state")
		if got["known"] != tt.known || got["on"] != tt.on || got["why"] != tt.why {
			t.Errorf("%+v: got %v", tt.status, got)
		}
	}
}

func TestSignalsAndFigures(t *testing.T) {
	b := newBox()
	v := &b.snap.Cameras[0]
	v.Signals = []engine.SignalView{
		{Name: "person", Detector: "person", Value: 2},
		{Name: "score", Detector: "person", Value: 0.123456},
		{Name: "late", Detector: "person", Value: 1, Unknown: detectors.Stale, Why: "stale"},
		{Name: "broken", Detector: "person", Value: math.Inf(1)},
		{Name: "detached", Value: 1},
	}
	got := newClient(DefaultConfig(), b.options()).states(b.Snapshot())
	for name, want := range map[string]struct {
		known bool
		value any
		calm  string
	}{"person": {true, 2., ""}, "score": {true, 0.123, "fraction"}, "late": {false, nil, "stale"}, "broken": {false, nil, "not a number"}} {
		topic := "rvo-tui/door/signals/" + name + "/state"
		if p := payload(t, got, topic); p["known"] != want.known || p["value"] != want.value || got[topic].calm != want.calm {
			t.Errorf("%s: got %v, calm %q", name, p, got[topic].calm)
		}
	}
	if _, there := got["rvo-tui/door/signals/detached/state"]; there {
		t.Error("a signal without a detector is published")
	}
	if s := payload(t, got, "rvo-tui/door/stats"); s["fps"] != 30. || s["latency_ms"] != 30. {
		t.Errorf("got %v", s)
	}
	v.State = capture.Stalled
	got = newClient(DefaultConfig(), b.options()).states(b.Snapshot())
	if s := payload(t, got, "rvo-tui/door/stats"); s["fps"] != nil || s["latency_ms"] != nil || string(got["rvo-tui/door/availability"].payload) != offline {
		t.Errorf("camera is down: got %v", s)
	}
}

// Every payload matches docs/mqtt.schema.json.
func TestPayloadsAreAsDescribed(t *testing.T) {
	b := newBox()
	b.snap.Alerts = []runtime.Alert{{ID: "camera_down:door", Kind: runtime.AlertCameraDown, Subject: "door", Severe: true, Since: time.Now(), Cause: strings.Repeat("x", 900)}}
	b.snap.Cameras[0].Zones = []engine.ZoneView{{Name: "porch"}}
	for i := range 3 {
		v := cameraView(string(rune('a' + i)))
		v.State, v.Signals[0].Unknown, v.Signals[0].Why = capture.Failed, detectors.Errored, "detector failed"
		v.Detectors[0].State, v.Detectors[0].Reason = engine.DetectorFailed, "no answer"
		v.Rules[0].Status = rules.Status{State: rules.Disabled}
		b.snap.Cameras = append(b.snap.Cameras, v)
	}
	schema := map[string]string{"state": "camera", "stats": "stats", ofDetector: "detector", ofRule: "rule", ofSignal: "signal", ofZone: "zone"}
	n := 0
	for topic, e := range newClient(DefaultConfig(), b.options()).states(b.Snapshot()) {
		words := strings.Split(topic, "/")
		name := ""
		switch len(words) {
		case 2:
			name = map[string]string{"state": "box", "alerts": "alerts"}[words[1]]
		case 3:
			name = schema[words[2]]
		default:
			name = schema[words[2]]
		}
		if name != "" {
			described(t, name, e.payload)
			n++
		}
	}
	if n != 2+4*5+1 {
		t.Errorf("%d payloads were checked", n)
	}
}

// described checks a payload against a definition in docs/mqtt.schema.json.
func described(t *testing.T, name string, payload []byte) {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("../../../docs/mqtt.schema.json#/$defs/" + name)
	must(t, err)
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(payload))
	must(t, err)
	if err := schema.Validate(v); err != nil {
		t.Errorf("%s: %s\n%v", name, payload, err)
	}
}

// Each topic is in the guide.
func TestGuideHasEveryTopic(t *testing.T) {
	guide, err := os.ReadFile("../../../docs/mqtt.md")
	must(t, err)
	c := topics{"PREFIX"}
	for _, topic := range []string{
		c.availability(), c.box(), c.alerts(), c.test(), c.responses(), c.set(), c.online("CAMERA"), c.state("CAMERA"), c.stats("CAMERA"), c.picture("CAMERA"),
		c.preview("CAMERA"), c.event("CAMERA", "EVENT"), c.clip("CAMERA", "EVENT"), c.part("CAMERA", ofDetector, "DETECTOR"), c.part("CAMERA", ofRule, "EVENT"),
		c.part("CAMERA", ofSignal, "SIGNAL"), c.part("CAMERA", ofZone, "ZONE"), c.partSet("CAMERA", ofDetector, "DETECTOR"), c.partSet("CAMERA", ofRule, "EVENT"), c.armedSet("CAMERA", "EVENT"), c.of("CAMERA", "set"),
	} {
		if !strings.Contains(string(guide), "`"+topic+"`") {
			t.Errorf("docs/mqtt.md does not have %s", topic)
		}
	}
}

// A zone is empty only if a detector runs.
func TestZones(t *testing.T) {
	b := newBox()
	v := &b.snap.Cameras[0]
	v.Zones = []engine.ZoneView{{Name: "porch"}, {Name: "bedroom", Privacy: true}}
	state := func() (map[string]any, board) {
		got := newClient(DefaultConfig(), b.options()).states(b.Snapshot())
		described(t, "zone", got["rvo-tui/door/zones/porch/state"].payload)
		return payload(t, got, "rvo-tui/door/zones/porch/state"), got
	}
	if s, _ := state(); s["known"] != false || s["why"] != "no detector is tracked" {
		t.Errorf("got %v", s)
	}
	v.Detectors[0].Tracks = &engine.TrackCounts{}
	if s, all := state(); s["known"] != true || s["count"] != 0. || s["dwell_s"] != 0. || all["rvo-tui/door/zones/bedroom/state"].payload != nil {
		t.Errorf("got %v", s)
	}
	stay := func(d time.Duration) []engine.StayView { return []engine.StayView{{Zone: "porch", Dwell: d}} }
	v.Tracks = []engine.TrackView{
		{Detector: "person", State: "seen", Zones: stay(1500 * time.Millisecond)},
		{Detector: "person", State: "coasting", Zones: stay(7900 * time.Millisecond)},
		{Detector: "person", State: "missing", Zones: stay(time.Minute)},
		{Detector: "other", State: "seen", Zones: stay(time.Minute)},
		{Detector: "person", State: "seen"},
	}
	if s, all := state(); s["count"] != 2. || s["dwell_s"] != 7. || all["rvo-tui/door/zones/porch/state"].calm != "count 2" {
		t.Errorf("got %v", s)
	}
	v.Signals[0].Unknown = detectors.Errored
	if s, _ := state(); s["known"] != false || s["count"] != nil || s["why"] != "person: detector failed" {
		t.Errorf("got %v", s)
	}
}
