package mqtt

import "strings"

// topics are the topics below a prefix. Names of cameras, detectors, signals and rules
// contain no special characters of topics.
type topics struct{ prefix string }

func (t topics) availability() string { return t.prefix + "/availability" }
func (t topics) box() string          { return t.prefix + "/state" }
func (t topics) alerts() string       { return t.prefix + "/alerts" }
func (t topics) test() string         { return t.prefix + "/test" }
func (t topics) responses() string    { return t.prefix + "/responses" }
func (t topics) set() string          { return t.prefix + "/set" }

func (t topics) of(camera string, rest ...string) string {
	return t.prefix + "/" + camera + "/" + strings.Join(rest, "/")
}

func (t topics) event(camera, event string) string { return t.of(camera, "events", event) }
func (t topics) clip(camera, event string) string  { return t.of(camera, "clips", event) }
func (t topics) picture(camera string) string      { return t.of(camera, "picture") }
func (t topics) preview(camera string) string      { return t.of(camera, "preview") }
func (t topics) online(camera string) string       { return t.of(camera, "availability") }
func (t topics) state(camera string) string        { return t.of(camera, "state") }
func (t topics) stats(camera string) string        { return t.of(camera, "stats") }

// The parts of a camera, as named in topics.
const (
	ofDetector = "detectors"
	ofRule     = "rules"
	ofSignal   = "signals"
	ofZone     = "zones"
)

func (t topics) part(camera, kind, name string) string    { return t.of(camera, kind, name, "state") }
func (t topics) partSet(camera, kind, name string) string { return t.of(camera, kind, name, "set") }

// armedSet is the command topic for arming and disarming a rule with hours.
func (t topics) armedSet(camera, event string) string {
	return t.of(camera, ofRule, event, "armed", "set")
}

// split returns the levels of a topic after the prefix; nil: it is not below the
// prefix.
func (t topics) split(topic string) []string {
	rest, below := strings.CutPrefix(topic, t.prefix+"/")
	if !below {
		return nil
	}
	return strings.Split(rest, "/")
}

// cameraOf returns the camera of an availability topic; empty: it is not one.
func (t topics) cameraOf(topic string) string {
	if w := t.split(topic); len(w) == 2 && w[1] == "availability" {
		return w[0]
	}
	return ""
}

// partOf returns the camera and the part of a state topic; empty: it is not one.
func (t topics) partOf(topic string) (camera string, p part) {
	if w := t.split(topic); len(w) == 4 && w[3] == "state" {
		return w[0], part{w[1], w[2]}
	}
	return "", part{}
}

// part is a detector, a rule, a signal or a zone of a camera.
type part struct{ kind, name string }
