package mqtt

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// kept returns the retained messages of the broker below a topic.
func (b *broker) kept(topic string) map[string]string {
	b.t.Helper()
	_, port, _ := strings.Cut(b.addr, ":")
	out, _ := exec.Command("mosquitto_sub", "-h", "127.0.0.1", "-p", port, "-u", "me", "-P", b.password, "-t", topic, "-W", "1", "-F", "%t %p", "--retained-only").Output()
	all := map[string]string{}
	for line := range strings.Lines(string(out)) {
		topic, payload, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		all[topic] = payload
	}
	return all
}

// publish publishes a message.
func (b *broker) publish(args ...string) {
	b.t.Helper()
	_, port, _ := strings.Cut(b.addr, ":")
	if out, err := exec.Command("mosquitto_pub", append([]string{"-h", "127.0.0.1", "-p", port, "-u", "me", "-P", b.password}, args...)...).CombinedOutput(); err != nil {
		b.t.Fatalf("publish: %v: %s", err, out)
	}
}

// last returns the last payload of a topic.
func (s *subscriber) last(topic string) string {
	lines := s.lines()
	for i := len(lines) - 1; i >= 0; i-- {
		if payload, ok := strings.CutPrefix(lines[i], topic+" "); ok {
			return payload
		}
	}
	return ""
}

func (s *subscriber) has(topic, part string) func() bool {
	return func() bool { return strings.Contains(s.last(topic), part) }
}

// States are published, and are right again after the broker has lost everything.
func TestStatesFollow(t *testing.T) {
	b := newBroker(t)
	sub := b.subscribe("rvo-tui/#")
	box := newBox()
	alone(t, b.config(), box)
	const rule, camera = "rvo-tui/door/rules/visitor/state", "rvo-tui/door/availability"
	until(t, "the start", sub.has("rvo-tui/availability", online))
	for topic, part := range map[string]string{
		"rvo-tui/state": `"cameras":["door"]`, "rvo-tui/alerts": `"count":0`, camera: online, "rvo-tui/door/state": `"state":"live"`, "rvo-tui/door/stats": `"latency_ms":30`,
		"rvo-tui/door/detectors/person/state": `"state":"running"`, rule: `"on":false`, "rvo-tui/door/signals/person/state": `"value":2`,
	} {
		if got := sub.last(topic); !strings.Contains(got, part) {
			t.Errorf("%s: got %s, want %s", topic, got, part)
		}
	}
	box.set(func(s *runtime.Snapshot) {
		s.Cameras = []runtime.CameraView{cameraView("door")}
		s.Cameras[0].Rules[0].Status = rules.Status{State: rules.Confirmed, Truth: rules.True, Active: true}
	})
	until(t, "on", sub.has(rule, `"on":true`))
	b.stop()
	must(t, os.RemoveAll(filepath.Join(filepath.Dir(b.file), "mosquitto.db")))
	box.set(func(s *runtime.Snapshot) {
		s.Cameras = []runtime.CameraView{cameraView("door")}
		s.Cameras[0].Rules[0].Status = rules.Status{State: rules.Confirmed, Truth: rules.Unknown, Active: true}
		s.Cameras[0].State = capture.Reconnecting
	})
	b.start()
	until(t, "retained states after the broker lost them", func() bool {
		kept := b.kept("rvo-tui/#")
		return strings.Contains(kept[rule], `"known":false`) && kept[camera] == offline && kept["rvo-tui/availability"] == online && kept["rvo-tui/alerts"] != ""
	})
	must(t, b.cmd.Process.Signal(syscall.SIGSTOP))
	box.set(func(s *runtime.Snapshot) { s.Cameras = []runtime.CameraView{cameraView("door")} })
	time.Sleep(3 * time.Second) // longer than the keep-alive: the connection is lost
	must(t, b.cmd.Process.Signal(syscall.SIGCONT))
	until(t, "retained states after the broker hung", func() bool {
		kept := b.kept("rvo-tui/#")
		return strings.Contains(kept[rule], `"on":false`) && kept[camera] == online && kept["rvo-tui/availability"] == online
	})
}

// Topics left by an earlier run are removed, as are those that become obsolete; other programs'
// topics are kept.
func TestNothingOldStays(t *testing.T) {
	b := newBroker(t)
	old := newBox()
	old.snap.Cameras = append(old.snap.Cameras, cameraView("yard"))
	old.snap.Cameras[0].Rules = append(old.snap.Cameras[0].Rules, engine.RuleView{Event: "gone"})
	cfg := b.config()
	cfg.Discovery = "homeassistant"
	first, err := Output(cfg, old.options())
	must(t, err)
	must(t, first.Open())
	const yard, gone = "rvo-tui/yard/availability", "rvo-tui/door/rules/gone/state"
	until(t, "the first run", func() bool { k := b.kept("#"); return k[yard] == online && k[gone] != "" })
	first.Close()
	b.publish("-r", "-t", "rvo-tui/yard/picture", "-m", "jpeg")
	b.publish("-r", "-t", "other/yard/availability", "-m", "stays")
	b.publish("-r", "-t", "homeassistant/device/other/config", "-m", "stays")

	box := newBox()
	cfg.Discovery = "ha"
	alone(t, cfg, box)
	id := newClient(cfg, box.options())
	until(t, "removal of what the first run left", func() bool {
		k := b.kept("#")
		left := slices.ContainsFunc([]string{
			yard, gone, "rvo-tui/yard/state", "rvo-tui/yard/stats", "rvo-tui/yard/picture", "rvo-tui/yard/signals/person/state",
			id.configTopic("homeassistant", "yard"), id.configTopic("homeassistant", "door"), id.configTopic("homeassistant", ""),
		}, func(topic string) bool { return k[topic] != "" })
		return !left && k["rvo-tui/door/availability"] == online && k[id.configTopic("ha", "door")] != ""
	})
	k := b.kept("#")
	if k["other/yard/availability"] != "stays" || k["homeassistant/device/other/config"] != "stays" {
		t.Errorf("what belongs to others is gone: %v", k)
	}
	if !strings.Contains(k[id.configTopic("ha", "door")], `"rules_gone_on":{"platform":"binary_sensor"}`) {
		t.Errorf("the announcement of a removed rule is kept: %s", k[id.configTopic("ha", "door")])
	}
	box.set(func(s *runtime.Snapshot) { s.Loop.Reloading, s.Cameras = true, nil })
	time.Sleep(2 * mirrorEvery)
	if k := b.kept("#"); k["rvo-tui/door/availability"] != online {
		t.Error("a camera is removed during a reload")
	}
	box.set(func(s *runtime.Snapshot) { s.Loop.Reloading = false })
	until(t, "removal of a camera", func() bool {
		for topic := range b.kept("#") {
			if strings.HasPrefix(topic, "rvo-tui/door/") || topic == id.configTopic("ha", "door") {
				return false
			}
		}
		return true
	})
}

// The thumbnail of a clip is published before the message of the clip, and again on a broker that
// lost it.
func TestPicture(t *testing.T) {
	b := newBroker(t)
	box := newBox()
	dir := t.TempDir()
	o, _ := running(t, b.config(), box, filepath.Join(t.TempDir(), "outbox.db"))
	o.ClipDone(event(1), &clips.Entry{Path: dir, Movie: "clip.mp4"}, "") // without a thumbnail
	until(t, "a clip without a thumbnail", func() bool { return o.Outputs().Outputs[0].Delivered == 1 })
	must(t, os.WriteFile(filepath.Join(dir, clips.ThumbFileName), []byte("jpeg"), 0o600))
	e := event(2)
	o.ClipDone(e, &clips.Entry{Path: dir, Movie: "clip.mp4"}, "")
	until(t, "the picture", func() bool { return b.kept("rvo-tui/#")["rvo-tui/door/picture"] == "jpeg" })
	b.stop()
	must(t, os.RemoveAll(filepath.Join(filepath.Dir(b.file), "mosquitto.db")))
	b.start()
	until(t, "the picture again", func() bool { return b.kept("rvo-tui/#")["rvo-tui/door/picture"] == "jpeg" })
	must(t, os.WriteFile(filepath.Join(dir, clips.ThumbFileName), make([]byte, maxPicture+1), 0o600))
	o.ClipDone(event(3), &clips.Entry{Path: dir, Movie: "clip.mp4"}, "")
	until(t, "a picture that is too large", func() bool {
		return slices.Contains(o.Outputs().Outputs[0].Traffic, engine.Count{Reason: "pictures_too_large", N: 1})
	})
}

func TestPreview(t *testing.T) {
	b := newBroker(t)
	sub := b.subscribe("rvo-tui/+/preview")
	cfg := b.config()
	cfg.Preview = 1_000_000_000
	box := newBox()
	alone(t, cfg, box)
	until(t, "a preview", sub.has("rvo-tui/door/preview", "preview"))
	box.set(func(s *runtime.Snapshot) { s.Cameras = append(s.Cameras[:1:1], cameraView("yard")) })
	until(t, "a preview of another camera", sub.has("rvo-tui/yard/preview", "preview"))
}

// A failing detector makes its rule unknown within a second or two, and values that change
// constantly are published rarely.
func TestRateOfStates(t *testing.T) {
	b := newBroker(t)
	sub := b.subscribe("rvo-tui/door/signals/#")
	box := newBox()
	alone(t, b.config(), box)
	const topic = "rvo-tui/door/signals/person/state"
	value := func(v float64, why detectors.Why) {
		box.set(func(s *runtime.Snapshot) {
			s.Cameras = []runtime.CameraView{cameraView("door")}
			s.Cameras[0].Signals[0] = engine.SignalView{Name: "person", Detector: "person", Value: v, Unknown: why, Why: map[bool]string{true: why.String()}[why != 0]}
		})
	}
	until(t, "a whole number", sub.has(topic, `"value":2`))
	value(0.1, 0)
	until(t, "a fraction", sub.has(topic, `"value":0.1`))
	for i := range 20 {
		value(0.1+float64(i)/100, 0)
		time.Sleep(100 * time.Millisecond)
	}
	n := 0
	for _, line := range sub.lines() {
		if strings.Contains(line, `"value":0.`) {
			n++
		}
	}
	if n > 1 {
		t.Errorf("%d fractions within two seconds: %v", n, sub.lines())
	}
	value(0.5, detectors.Errored)
	until(t, "unknown", sub.has(topic, fmt.Sprintf(`"known":false,"value":null,"why":%q`, detectors.Errored.String())))
}
