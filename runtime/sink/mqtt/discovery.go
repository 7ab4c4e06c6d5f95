package mqtt

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"rvo-tui/capture"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// Platforms of Home Assistant.
const (
	binarySensor = "binary_sensor"
	sensor       = "sensor"
	switches     = "switch"
	events       = "event"
	image        = "image"
	camera       = "camera"
)

// Categories of secondary entities.
const (
	diagnostic = "diagnostic"
	setting    = "config"
)

// maker is the manufacturer of devices.
const maker = "rvo-tui"

// config is the discovery payload of a device for Home Assistant.
type config struct {
	Device     device               `json:"device"`
	Origin     origin               `json:"origin"`
	QoS        int                  `json:"qos"`
	Components map[string]component `json:"components"`
}

type device struct {
	Identifiers  []string `json:"identifiers"`
	Name         string   `json:"name"`
	Manufacturer string   `json:"manufacturer"`
	Model        string   `json:"model"`
	Version      string   `json:"sw_version,omitempty"`
	Via          string   `json:"via_device,omitempty"`
}

type origin struct {
	Name    string `json:"name"`
	Version string `json:"sw_version,omitempty"`
}

// component is an entity. One that has only a platform is removed.
type component struct {
	Platform     string         `json:"platform"`
	ID           string         `json:"unique_id,omitempty"`
	Name         string         `json:"name,omitempty"`
	State        string         `json:"state_topic,omitempty"`
	Value        string         `json:"value_template,omitempty"`
	Command      string         `json:"command_topic,omitempty"`
	Topic        string         `json:"topic,omitempty"`
	Image        string         `json:"image_topic,omitempty"`
	ContentType  string         `json:"content_type,omitempty"`
	Attributes   string         `json:"json_attributes_topic,omitempty"`
	On           string         `json:"payload_on,omitempty"`
	Off          string         `json:"payload_off,omitempty"`
	EventTypes   []string       `json:"event_types,omitempty"`
	Class        string         `json:"device_class,omitempty"`
	StateClass   string         `json:"state_class,omitempty"`
	Options      []string       `json:"options,omitempty"`
	Unit         string         `json:"unit_of_measurement,omitempty"`
	Precision    *int           `json:"suggested_display_precision,omitempty"`
	Category     string         `json:"entity_category,omitempty"`
	Icon         string         `json:"icon,omitempty"`
	Availability []availability `json:"availability,omitempty"`
	Mode         string         `json:"availability_mode,omitempty"`
}

// availability is a condition for an entity to be available.
type availability struct {
	Topic string `json:"topic"`
	Value string `json:"value_template,omitempty"`
}

// id returns an identifier that is readable, unique, and independent of where the
// program runs. The prefix distinguishes programs on one broker.
func (c *client) id(parts ...string) string {
	all := append([]string{c.cfg.Prefix}, parts...)
	sum := sha256.Sum256([]byte(strings.Join(all, "\x00")))
	readable := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-':
			return r
		}
		return '_'
	}, strings.Join(all, "_"))
	return readable + "_" + hex.EncodeToString(sum[:4])
}

// configTopic returns the topic of a camera's device; empty camera: the program's
// device.
func (c *client) configTopic(prefix, camera string) string {
	return prefix + "/device/" + c.deviceID(camera) + "/config"
}

func (c *client) deviceID(camera string) string {
	if camera == "" {
		return c.id()
	}
	return c.id(camera)
}

// announce adds the discovery messages: a device for the program and one for each
// camera.
func (c *client) announce(b board, s *runtime.Snapshot, gone map[string]map[part]bool) {
	put := func(name string, d config) {
		payload, err := json.Marshal(d)
		if err != nil {
			panic(err) // cannot happen: plain texts
		}
		b.put(c.configTopic(c.cfg.Discovery, name), payload, rankDiscovery)
	}
	put("", c.boxDevice())
	for i := range s.Cameras {
		v := &s.Cameras[i]
		put(v.Name, c.cameraDevice(v, gone[v.Name]))
	}
}

func (c *client) device(name, model, camera string) config {
	return config{
		Device:     device{Identifiers: []string{c.deviceID(camera)}, Name: name, Manufacturer: maker, Model: model, Version: c.opts.Version},
		Origin:     origin{maker, c.opts.Version},
		QoS:        1,
		Components: map[string]component{},
	}
}

func (c *client) boxDevice() config {
	d := c.device(c.cfg.Prefix, "video server", "")
	add := func(key string, e component) {
		e.ID, e.Availability = c.id("", key), c.available()
		d.Components[key] = e
	}
	add("problem", component{
		Platform: binarySensor, Name: "Problem", State: c.topics.alerts(), Attributes: c.topics.alerts(), Class: "problem",
		Value: "{{ 'ON' if value_json.severe > 0 else 'OFF' }}", Category: diagnostic,
	})
	add("alerts", component{
		Platform: sensor, Name: "Alerts", State: c.topics.alerts(), Value: "{{ value_json.count }}", StateClass: "measurement",
		Icon: "mdi:alert", Category: diagnostic,
	})
	add("cameras", component{
		Platform: sensor, Name: "Cameras", State: c.topics.box(), Value: "{{ value_json.cameras | count }}", StateClass: "measurement",
		Icon: "mdi:cctv", Category: diagnostic,
	})
	add("started", component{
		Platform: sensor, Name: "Started", State: c.topics.box(), Value: "{{ value_json.started }}", Class: "timestamp", Category: diagnostic,
	})
	return d
}

// cameraDevice returns the device of a camera. Entities of gone are removed unless they
// exist.
func (c *client) cameraDevice(v *runtime.CameraView, gone map[part]bool) config {
	d := c.device(v.Name, "camera", v.Name)
	d.Device.Via = c.deviceID("")
	add := func(key string, e component) {
		e.ID = c.id(v.Name, key)
		if len(e.Availability) > 1 {
			e.Mode = "all"
		}
		d.Components[key] = e
	}
	forget := func(key, platform string) {
		if _, there := d.Components[key]; !there {
			d.Components[key] = component{Platform: platform}
		}
	}
	c.cameraEntities(v, add)
	for i := range v.Rules {
		c.ruleEntities(v.Name, v.Rules[i].Event, v.Rules[i].Hours != nil, add)
	}
	for i := range v.Zones {
		if !v.Zones[i].Privacy {
			c.zoneEntities(v.Name, v.Zones[i].Name, add)
		}
	}
	kinds := map[string]string{}
	for i := range v.Detectors {
		kinds[v.Detectors[i].Name] = v.Detectors[i].Kind
		c.detectorEntities(v.Name, v.Detectors[i].Name, add)
	}
	for i := range v.Signals {
		if g := &v.Signals[i]; g.Detector != "" {
			c.signalEntity(v.Name, g.Name, kinds[g.Detector], add)
		}
	}
	// Entities of an earlier configuration are removed too.
	forget("preview", camera)
	forget("enabled", switches)
	here := map[part]bool{}
	for i := range v.Rules {
		here[part{ofRule, v.Rules[i].Event}] = true
	}
	for i := range v.Detectors {
		here[part{ofDetector, v.Detectors[i].Name}] = true
	}
	for p := range maps.Keys(here) {
		forget(p.key("enabled"), switches)
		if p.kind == ofRule {
			forget(p.key("armed"), switches)
		}
	}
	for p := range gone {
		for suffix, platform := range p.entities() {
			forget(p.key(suffix), platform)
		}
	}
	return d
}

// entities returns the platforms of a part's possible entities, by key suffix.
func (p part) entities() map[string]string {
	switch p.kind {
	case ofRule:
		return map[string]string{"on": binarySensor, "enabled": switches, "armed": switches}
	case ofDetector:
		return map[string]string{"state": sensor, "fps": sensor, "latency": sensor, "enabled": switches}
	case ofSignal:
		return map[string]string{"value": sensor}
	case ofZone:
		return map[string]string{"count": sensor, "dwell": sensor}
	}
	return nil
}

// key returns the key of an entity of a part.
func (p part) key(suffix string) string { return p.kind + "_" + p.name + "_" + suffix }

// available returns the conditions for an entity: that the program is running, and
// more.
func (c *client) available(more ...availability) []availability {
	return append([]availability{{Topic: c.topics.availability()}}, more...)
}

// when returns a condition on a topic with JSON.
func when(topic, condition string) availability {
	return availability{topic, "{{ 'online' if " + condition + " else 'offline' }}"}
}

func (c *client) cameraEntities(v *runtime.CameraView, add func(string, component)) {
	name := v.Name
	there := availability{Topic: c.topics.online(name)}
	add("connection", component{
		Platform: binarySensor, Name: "Connection", State: c.topics.online(name), On: online, Off: offline, Class: "connectivity",
		Category: diagnostic, Availability: c.available(),
	})
	add("state", component{
		Platform: sensor, Name: "State", State: c.topics.state(name), Value: "{{ value_json.state }}", Attributes: c.topics.state(name),
		Class: "enum", Options: cameraStateNames(), Category: diagnostic, Availability: c.available(),
	})
	add("fps", component{
		Platform: sensor, Name: "Frame rate", State: c.topics.stats(name), Value: "{{ value_json.fps }}", Class: "frequency", Unit: "Hz",
		StateClass: "measurement", Precision: new(1), Category: diagnostic,
		Availability: c.available(there, when(c.topics.stats(name), "value_json.fps is not none")),
	})
	add("latency", component{
		Platform: sensor, Name: "Latency", State: c.topics.stats(name), Value: "{{ value_json.latency_ms }}", Class: "duration", Unit: "ms",
		StateClass: "measurement", Precision: new(0), Category: diagnostic,
		Availability: c.available(there, when(c.topics.stats(name), "value_json.latency_ms is not none")),
	})
	if len(v.Rules) > 0 {
		add("event", component{
			Platform: events, Name: "Event", State: c.topics.event(name, "+"), EventTypes: eventTypes(v), Availability: c.available(),
			Value: "{{ dict(value_json, event_type = value_json.event_type ~ (' ended' if value_json.phase == 'ended' else '')) | to_json }}",
		})
	}
	if c.cfg.Pictures {
		add("picture", component{
			Platform: image, Name: "Last event", Image: c.topics.picture(name), ContentType: "image/jpeg", Availability: c.available(),
		})
	}
	if c.cfg.Preview > 0 {
		add("preview", component{Platform: camera, Name: "Preview", Topic: c.topics.preview(name), Availability: c.available(there)})
	}
	if c.cfg.allows(runtime.Pause, runtime.Resume) {
		add("enabled", component{
			Platform: switches, Name: "Camera", State: c.topics.state(name), Value: "{{ 'OFF' if value_json.state == 'paused' else 'ON' }}",
			Command: c.topics.of(name, "set"), Category: setting, Availability: c.available(),
		})
	}
}

// eventTypes returns what an event entity of a camera can report: each event, and its
// end.
func eventTypes(v *runtime.CameraView) []string {
	var list []string
	for i := range v.Rules {
		list = append(list, v.Rules[i].Event, v.Rules[i].Event+" ended")
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func cameraStateNames() []string {
	var list []string
	for _, s := range []capture.State{capture.Connecting, capture.Live, capture.Stalled, capture.Reconnecting, capture.Paused, capture.Ended, capture.Failed} {
		list = append(list, string(s))
	}
	return list
}

func (c *client) ruleEntities(name, event string, hours bool, add func(string, component)) {
	topic, p := c.topics.part(name, ofRule, event), part{ofRule, event}
	e := component{
		Platform: binarySensor, Name: event, State: topic, Value: "{{ 'ON' if value_json.on else 'OFF' }}", Attributes: topic,
		Availability: c.available(availability{Topic: c.topics.online(name)}, when(topic, "value_json.known")),
	}
	if event == "motion" {
		e.Class = "motion"
	}
	add(p.key("on"), e)
	if c.cfg.allows(runtime.RuleOn, runtime.RuleOff) {
		add(p.key("enabled"), c.partSwitch(name, p, event+" rule"))
	}
	if hours && c.cfg.allows(runtime.Arm, runtime.Disarm) {
		add(p.key("armed"), component{
			Platform: switches, Name: event + " armed", State: topic, Value: "{{ 'ON' if value_json.armed else 'OFF' }}",
			Command: c.topics.armedSet(name, event), Category: setting, Availability: c.available(),
		})
	}
}

// partSwitch returns the switch of a part that can be enabled and disabled.
func (c *client) partSwitch(camera string, p part, name string) component {
	return component{
		Platform: switches, Name: name, State: c.topics.part(camera, p.kind, p.name), Value: "{{ 'ON' if value_json.enabled else 'OFF' }}",
		Command: c.topics.partSet(camera, p.kind, p.name), Category: setting, Availability: c.available(),
	}
}

func (c *client) detectorEntities(name, detector string, add func(string, component)) {
	topic, p := c.topics.part(name, ofDetector, detector), part{ofDetector, detector}
	add(p.key("state"), component{
		Platform: sensor, Name: detector + " detector", State: topic, Value: "{{ value_json.state }}", Attributes: topic, Class: "enum",
		Options: detectorStateNames(), Category: diagnostic, Availability: c.available(),
	})
	stats, there := c.topics.stats(name), availability{Topic: c.topics.online(name)}
	for _, f := range []struct {
		key, field, name, class, unit string
		digits                        int
	}{{"fps", "fps", "rate", "frequency", "Hz", 1}, {"latency", "latency_ms", "latency", "duration", "ms", 0}} {
		value := "value_json.detectors['" + detector + "']." + f.field
		add(p.key(f.key), component{
			Platform: sensor, Name: detector + " " + f.name, State: stats, Value: "{{ " + value + " }}", Class: f.class, Unit: f.unit,
			StateClass: "measurement", Precision: &f.digits, Category: diagnostic,
			Availability: c.available(there, when(topic, "value_json.state == 'running'"), when(stats, value+" is not none")),
		})
	}
	if c.cfg.allows(runtime.Enable, runtime.Disable) {
		add(p.key("enabled"), c.partSwitch(name, p, detector+" detector"))
	}
}

func detectorStateNames() []string {
	var list []string
	for _, s := range []engine.DetectorState{
		engine.DetectorStarting, engine.DetectorRunning, engine.DetectorBackoff, engine.DetectorStuck, engine.DetectorFailed, engine.DetectorDisabled,
	} {
		list = append(list, string(s))
	}
	return list
}

func (c *client) signalEntity(name, signal, kind string, add func(string, component)) {
	topic := c.topics.part(name, ofSignal, signal)
	e := component{
		Platform: sensor, Name: signal, State: topic, Value: "{{ value_json.value }}", StateClass: "measurement",
		Availability: c.available(availability{Topic: c.topics.online(name)}, when(topic, "value_json.known")),
	}
	if kind == "quality" {
		e.Category = diagnostic
	}
	add(part{ofSignal, signal}.key("value"), e)
}
