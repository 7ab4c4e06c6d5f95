package mqtt

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"rvo-tui/detectors"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// announced returns the announcements of a program, by camera, after checking them against what
// Home Assistant accepts.
func announced(t *testing.T, c *client, s *runtime.Snapshot, gone map[string]map[part]bool) map[string]config {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("testdata/homeassistant.schema.json")
	must(t, err)
	b := board{}
	c.announce(b, s, gone)
	devices := map[string]config{}
	topic := regexp.MustCompile(`^[^/]+/device/[a-zA-Z0-9_-]+/config$`)
	for at, e := range b {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(e.payload))
		must(t, err)
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", at, err)
		}
		if !topic.MatchString(at) {
			t.Errorf("Home Assistant ignores %s", at)
		}
		var d config
		must(t, json.Unmarshal(e.payload, &d))
		devices[d.Device.Name] = d
	}
	return devices
}

func everything() (*client, *box) {
	b := newBox()
	b.snap.Cameras = append(b.snap.Cameras, cameraView("yard-2.north"))
	v := &b.snap.Cameras[0]
	v.Detectors = append(v.Detectors, engine.DetectorView{Spec: detectors.Spec{Name: "quality", Kind: "quality"}, State: engine.DetectorFailed})
	v.Signals = append(v.Signals, engine.SignalView{Name: "quality_frozen", Detector: "quality"}, engine.SignalView{Name: "detached"})
	v.Rules = append(v.Rules, engine.RuleView{Event: "motion"}, engine.RuleView{Event: "A.b-c_d", Hours: &engine.HoursView{}})
	v.Zones = []engine.ZoneView{{Name: "porch"}, {Name: "bedroom", Privacy: true}}
	cfg := DefaultConfig()
	cfg.Discovery, cfg.Preview, cfg.Commands = "homeassistant", 1e10, []string{AllVerbs}
	return newClient(cfg, b.options()), b
}

// Home Assistant accepts every announcement, and each topic in one is published or subscribed to.
func TestAnnouncements(t *testing.T) {
	c, b := everything()
	s := b.Snapshot()
	published := slices.Collect(maps.Keys(c.states(s)))
	for _, camera := range names(s) {
		published = append(published, c.topics.picture(camera), c.topics.preview(camera), c.topics.event(camera, "+"))
	}
	ids, platforms := map[string]string{}, map[string]int{}
	devices := announced(t, c, s, nil)
	for name, d := range devices {
		if via := d.Device.Via; (name == "rvo-tui") != (via == "") || via != "" && via != devices["rvo-tui"].Device.Identifiers[0] {
			t.Errorf("%s: is linked to %q", name, via)
		}
		for key, e := range d.Components {
			if e.ID == "" {
				continue // an empty payload removes it
			}
			platforms[e.Platform]++
			if other, taken := ids[e.ID]; taken {
				t.Errorf("%s of %s has the ID of %s", key, name, other)
			}
			ids[e.ID] = key + " of " + name
			topics := []string{e.State, e.Attributes, e.Image, e.Topic}
			if len(e.Availability) == 0 || e.Availability[0].Topic != "rvo-tui/availability" || len(e.Availability) > 1 && e.Mode != "all" {
				t.Errorf("%s of %s: available by %v %q", key, name, e.Availability, e.Mode)
			}
			for _, a := range e.Availability {
				topics = append(topics, a.Topic)
			}
			for _, topic := range topics {
				if topic != "" && !slices.Contains(published, topic) {
					t.Errorf("%s of %s: %s is not published", key, name, topic)
				}
			}
			if e.Command != "" {
				if _, err := c.words(order{topic: e.Command, payload: "ON"}); err != nil {
					t.Errorf("%s of %s: %s is not accepted: %v", key, name, e.Command, err)
				}
			}
		}
	}
	want := map[string]int{binarySensor: 1 + 2 + 4, sensor: 3 + 2*3 + 3*3 + 3 + 2, switches: 2 + 3 + 4 + 1, events: 2, image: 2, camera: 2}
	if !maps.Equal(platforms, want) {
		t.Errorf("got %v, want %v", platforms, want)
	}
	rule := devices["door"].Components["rules_motion_on"]
	if rule.Class != "motion" || rule.Availability[1].Topic != "rvo-tui/door/availability" || rule.Availability[2].Value != "{{ 'online' if value_json.known else 'offline' }}" {
		t.Errorf("got %+v", rule)
	}
}

// What is removed, or no longer allowed, is also removed from Home Assistant.
func TestWhatIsGoneIsForgotten(t *testing.T) {
	c, b := everything()
	c.cfg.Commands, c.cfg.Preview = nil, 0
	gone := map[string]map[part]bool{"door": {{ofRule, "old"}: true, {ofDetector, "old"}: true, {ofSignal, "old"}: true, {ofZone, "old"}: true, {ofRule, "motion"}: true}}
	d := announced(t, c, b.Snapshot(), gone)["door"]
	for key, platform := range map[string]string{
		"rules_old_on": binarySensor, "rules_old_enabled": switches, "rules_old_armed": switches, "rules_A.b-c_d_armed": switches, "detectors_old_state": sensor, "detectors_old_fps": sensor, "detectors_old_latency": sensor,
		"detectors_old_enabled": switches, "signals_old_value": sensor, "zones_old_count": sensor, "zones_old_dwell": sensor, "rules_motion_enabled": switches, "detectors_person_enabled": switches, "enabled": switches, "preview": camera,
	} {
		if e := d.Components[key]; e.Platform != platform || e.ID != "" {
			t.Errorf("%s: got %+v", key, e)
		}
	}
	if e := d.Components["rules_motion_on"]; e.ID == "" {
		t.Error("a rule that came back is forgotten")
	}
}

// Identifiers distinguish prefixes, cameras and names, and do not depend on the host or the
// broker.
func TestIdentifiers(t *testing.T) {
	c := newClient(DefaultConfig(), newBox().options())
	moved := newClient(Config{Prefix: "rvo-tui", Server: "mqtts://elsewhere", ClientID: "other"}, newBox().options())
	if c.id("door", "x") != moved.id("door", "x") {
		t.Error("the identifier depends on the broker")
	}
	other := newClient(Config{Prefix: "rvo-tui_door"}, newBox().options())
	seen := map[string]bool{}
	for _, id := range []string{c.id(), c.id("door"), c.id("door", "a_b"), c.id("door_a", "b"), c.id("a.b"), c.id("a-b"), c.id("a_b"), other.id(), other.id("a_b")} {
		if seen[id] || strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
			t.Errorf("%s is used twice, or invalid", id)
		}
		seen[id] = true
	}
}

// Announcements are repeated when Home Assistant reports that it has started.
func TestHomeAssistantStarts(t *testing.T) {
	b := newBroker(t)
	sub := b.subscribe("homeassistant/device/#")
	cfg := b.config()
	cfg.Discovery = "homeassistant"
	alone(t, cfg, newBox())
	count := func(n int) func() bool { return func() bool { return sub.lines()[0] != "" && len(sub.lines()) >= n } }
	until(t, "two devices", count(2))
	b.publish("-t", "homeassistant/status", "-m", "online")
	until(t, "two devices again", count(4))
}
