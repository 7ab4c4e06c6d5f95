package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// home is a real Home Assistant.
type home struct {
	t     testing.TB
	base  string
	token string
}

// homeConfig is its configuration.
const homeConfig = `homeassistant:
  name: Home
  time_zone: UTC
http:
  server_host: 127.0.0.1
  server_port: %s
api:
config:
frontend:
`

const homeEntries = `{"version":1,"minor_version":4,"key":"core.config_entries","data":{"entries":[{"created_at":"2025-01-01T00:00:00+00:00",
"data":{"broker":"127.0.0.1","port":%s,"discovery":true,"discovery_prefix":"homeassistant"},"disabled_by":null,"discovery_keys":{},"domain":"mqtt",
"entry_id":"01JG0000000000000000000000","minor_version":2,"modified_at":"2025-01-01T00:00:00+00:00","options":{},"pref_disable_new_entities":false,
"pref_disable_polling":false,"source":"user","title":"mqtt","unique_id":null,"version":1}]}}`

const homeOnboarded = `{"version":4,"minor_version":1,"key":"onboarding","data":{"done":["user","core_config","analytics","integration"]}}`

// startHome starts a Home Assistant with a broker, or skips the test.
func startHome(t testing.TB, brokerPort string) *home {
	t.Helper()
	venv := os.Getenv("RVO_HOMEASSISTANT")
	if venv == "" {
		t.Skip("no Home Assistant is asked for: make ha-test")
	}
	hass := filepath.Join(venv, "bin", "hass")
	if _, err := os.Stat(hass); err != nil {
		t.Skip("Home Assistant is not installed: it needs Python 3.13; scripts/homeassistant.sh says more")
	}
	dir, port := t.TempDir(), quietPort(t)
	if err := os.Mkdir(filepath.Join(dir, ".storage"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "configuration.yaml"), fmt.Sprintf(homeConfig, port))
	write(t, filepath.Join(dir, ".storage", "core.config_entries"), fmt.Sprintf(homeEntries, brokerPort))
	write(t, filepath.Join(dir, ".storage", "onboarding"), homeOnboarded)
	if out, err := exec.Command(hass, "--script", "auth", "-c", dir, "add", "admin", "sesame").CombinedOutput(); err != nil {
		t.Fatalf("add a user to Home Assistant: %v: %s", err, out)
	}
	start(t, setup{bin: hass, dir: dir, args: []string{"-c", dir, "--skip-pip", "--log-file", filepath.Join(dir, "log")}})
	h := &home{t: t, base: "http://127.0.0.1:" + port}
	wait(t, 3*patience, "Home Assistant", func() bool {
		res, err := http.Get(h.base + "/manifest.json")
		if err == nil {
			res.Body.Close()
		}
		return err == nil && res.StatusCode == http.StatusOK
	})
	h.login()
	t.Logf("Home Assistant is at %s", h.base)
	return h
}

// login gets a token, as its web page does.
func (h *home) login() {
	h.t.Helper()
	var flow struct {
		ID     string `json:"flow_id"`
		Result string `json:"result"`
	}
	client := h.base + "/"
	h.post("/auth/login_flow", map[string]any{"client_id": client, "handler": []any{"homeassistant", nil}, "redirect_uri": client}, &flow)
	h.post("/auth/login_flow/"+flow.ID, map[string]any{"client_id": client, "username": "admin", "password": "sesame"}, &flow)
	res, err := http.PostForm(h.base+"/auth/token", url.Values{"client_id": {client}, "grant_type": {"authorization_code"}, "code": {flow.Result}})
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	var token struct {
		Access string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&token); err != nil || token.Access == "" {
		h.t.Fatalf("log in to Home Assistant: %v", err)
	}
	h.token = token.Access
}

func (h *home) post(path string, body, answer any) {
	h.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	status, got := h.do(http.MethodPost, path, text)
	if status != http.StatusOK {
		h.t.Fatalf("POST %s: %d %s", path, status, got)
	}
	if answer != nil {
		if err := json.Unmarshal(got, answer); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *home) do(method, path string, body []byte) (int, []byte) {
	h.t.Helper()
	req, err := http.NewRequest(method, h.base+path, bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if h.token != "" {
		req.Header.Set("Authorization", "Bearer "+h.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res.StatusCode, got
}

// state returns the state of an entity; empty: there is none.
func (h *home) state(entity string) string {
	h.t.Helper()
	status, body := h.do(http.MethodGet, "/api/states/"+entity, nil)
	if status != http.StatusOK {
		return ""
	}
	var s struct{ State string }
	if err := json.Unmarshal(body, &s); err != nil {
		h.t.Fatal(err)
	}
	return s.State
}

// is waits until entities have a state.
func (h *home) is(state string, entities ...string) {
	h.t.Helper()
	for _, entity := range entities {
		wait(h.t, 2*patience, entity+" to be "+state, func() bool { return h.state(entity) == state })
	}
}

// call calls a service of an entity.
func (h *home) call(service, entity string) {
	h.t.Helper()
	h.post("/api/services/"+service, map[string]any{"entity_id": entity}, nil)
}

// A real Home Assistant discovers everything, follows changes, treats unknown as unavailable, and
// its commands work.
func TestHomeAssistant(t *testing.T) {
	needGRPC(t)
	if os.Getenv("RVO_HOMEASSISTANT") == "" {
		t.Skip("no Home Assistant is asked for: make ha-test")
	}
	b := newBroker(t, "", "127.0.0.1")
	mode := filepath.Join(t.TempDir(), "mode")
	service := startService(t, python, "-B", "testdata/one.py", mode, "--listen")
	h := startHome(t, b.port)
	config := func(camera, more string) string {
		return fmt.Sprintf(`
[[camera]]
name = %q
source = "synthetic:street"
width = 640
height = 360
[[detector]]
name = "script"
kind = "remote"
endpoint = %q
max_fps = 5
timeout = "700ms"
[[detector]]
name = "motion"
kind = "motion"
max_fps = 10
[[rule]]
event = "visitor"
when = "script > 0"
for = "1s"
clip = false
[[rule]]
event = "motion"
when = "motion > 0.0001"
cooldown = "5s"
before = "1s"
after = "1s"
%s
[metrics]
listen = ""
[mqtt]
server = "mqtt://127.0.0.1:%s"
keep_alive = "2s"
discovery = "homeassistant"
commands = ["all"]
preview = "1s"
`, camera, service.front.url(), more, b.port)
	}
	dir := t.TempDir()
	p := start(t, setup{dir: dir, config: config("door", "[[rule]]\nevent = \"extra\"\nwhen = \"motion > 2\"\n"), args: []string{"--no-ui"}})
	const rule, ruleSwitch, detectorSwitch = "binary_sensor.door_visitor", "switch.door_visitor_rule", "switch.door_script_detector"
	h.is("on", rule, ruleSwitch, detectorSwitch, "binary_sensor.door_connection", "switch.door_camera")
	h.is("live", "sensor.door_state")
	h.is("running", "sensor.door_script_detector")
	h.is("off", "binary_sensor.rvo_tui_problem", "binary_sensor.door_extra")
	h.is("1", "sensor.door_script", "sensor.rvo_tui_cameras")
	for _, entity := range []string{
		"sensor.door_frame_rate", "sensor.door_latency", "sensor.door_script_rate", "sensor.door_script_latency", "sensor.door_motion", "event.door_event",
		"image.door_last_event", "camera.door_preview",
	} {
		wait(t, 2*patience, entity, func() bool { s := h.state(entity); return s != "" && s != "unavailable" && s != "unknown" })
	}
	wait(t, patience, "the picture of an event", func() bool {
		_, jpeg := h.do(http.MethodGet, "/api/image_proxy/image.door_last_event", nil)
		return bytes.HasPrefix(jpeg, []byte("\xff\xd8"))
	})
	wait(t, patience, "a preview", func() bool {
		_, jpeg := h.do(http.MethodGet, "/api/camera_proxy/camera.door_preview", nil)
		return bytes.HasPrefix(jpeg, []byte("\xff\xd8"))
	})

	// A failing detector makes what depends on it unavailable, and nothing else.
	write(t, mode+"~", "garbage")
	if err := os.Rename(mode+"~", mode); err != nil {
		t.Fatal(err)
	}
	h.is("unavailable", rule, "sensor.door_script", "sensor.door_script_latency")
	h.is("on", "binary_sensor.door_connection", ruleSwitch)
	h.is("failed", "sensor.door_script_detector")
	if err := os.Remove(mode); err != nil {
		t.Fatal(err)
	}
	h.is("on", rule)

	// Commands.
	h.call("switch/turn_off", ruleSwitch)
	h.is("off", ruleSwitch)
	h.is("unavailable", rule)
	h.call("switch/turn_on", ruleSwitch)
	h.is("on", ruleSwitch, rule)
	h.call("switch/turn_off", detectorSwitch)
	h.is("off", detectorSwitch)
	h.is("disabled", "sensor.door_script_detector")
	h.is("unavailable", rule)
	h.call("switch/turn_on", detectorSwitch)
	h.is("on", detectorSwitch, rule)
	h.call("switch/turn_off", "switch.door_camera")
	h.is("paused", "sensor.door_state")
	h.is("unavailable", rule, "camera.door_preview")
	h.call("switch/turn_on", "switch.door_camera")
	h.is("on", rule, "switch.door_camera")
	if !strings.Contains(p.stderr.String(), "by=mqtt") {
		t.Error("the commands are not in the log")
	}

	// The program is killed, and comes back without a rule.
	p.signal(syscall.SIGKILL)
	<-p.done
	h.is("unavailable", rule, ruleSwitch, "binary_sensor.door_connection", "binary_sensor.rvo_tui_problem", "sensor.door_motion")
	p = start(t, setup{dir: dir, config: config("door", ""), args: []string{"--no-ui"}})
	h.is("on", rule, "binary_sensor.door_connection")
	h.is("", "binary_sensor.door_extra", "switch.door_extra_rule")
	p.stop()
	h.is("unavailable", rule)
	p = start(t, setup{dir: dir, config: config("yard", ""), args: []string{"--no-ui"}})
	h.is("on", "binary_sensor.yard_visitor")
	h.is("", rule, "switch.door_camera", "sensor.door_motion", "image.door_last_event")
	p.stop()
}
