package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// commanded is a server whose commands a test sees.
func commanded(change func(*Options)) (*Server, *standing) {
	rt := &standing{snap: &runtime.Snapshot{Cameras: []runtime.CameraView{{Status: capture.Status{Name: "door"}}}}}
	s := guarded(func(o *Options) {
		o.Runtime, o.Kinds = rt, allKinds()
		o.Codec = Codec{
			Detector: func(keys []byte) (detectors.Config, error) {
				var given map[string]string
				if err := json.Unmarshal(keys, &given); err != nil {
					return detectors.Config{}, err
				}
				cfg := at(given["endpoint"])
				cfg.Name, cfg.Kind, cfg.Signal = given["name"], given["kind"], given["signal"]
				if given["endpoint"] == "" {
					cfg.Options = nil
				}
				return cfg, nil
			},
			Camera: func(keys []byte) (capture.Config, error) {
				cfg := capture.DefaultConfig()
				return cfg, json.Unmarshal(keys, &cfg)
			},
		}
		if change != nil {
			change(o)
		}
	})
	return s, rt
}

// Each verb of the runtime has a route in the table of verbs.
func TestEveryVerbHasItsRoute(t *testing.T) {
	routes := map[string]bool{}
	for _, v := range cli.List() {
		route := v.Method + " " + v.Path
		if v.Method == "" || !strings.HasPrefix(v.Path, "/") || routes[route] {
			t.Errorf("%s: route %q", v.Name, route)
		}
		routes[route] = true
		if !slices.Contains(runtime.Verbs(), runtime.Verb(v.Name)) {
			t.Errorf("%s is no verb of the runtime", v.Name)
		}
	}
	if len(routes) != len(runtime.Verbs()) {
		t.Errorf("%d routes for %d verbs", len(routes), len(runtime.Verbs()))
	}
}

func TestRoutesOfVerbs(t *testing.T) {
	s, rt := commanded(nil)
	for _, tt := range []struct {
		request, body string
		want          runtime.Command
	}{
		{"DELETE /cameras/door/detectors/m", "", runtime.Command{Do: runtime.Detach, Camera: "door", Detector: "m"}},
		{"POST /cameras/all/detectors/m/enable", "", runtime.Command{Do: runtime.Enable, Detector: "m"}},
		{"POST /cameras/door/detectors/a%2Fb/disable", "", runtime.Command{Do: runtime.Disable, Camera: "door", Detector: "a/b"}},
		{"PUT /cameras/all/detectors/m/rate", `{"fps": 2.5}`, runtime.Command{Do: runtime.SetRate, Detector: "m", FPS: 2.5}},
		{"DELETE /cameras/door", "", runtime.Command{Do: runtime.RemoveCamera, Camera: "door"}},
		{"POST /cameras/door/pause", "", runtime.Command{Do: runtime.Pause, Camera: "door"}},
		{"POST /cameras/all/resume", "", runtime.Command{Do: runtime.Resume}},
		{"POST /cameras/door/rules/seen/enable", "", runtime.Command{Do: runtime.RuleOn, Camera: "door", Rule: "seen"}},
		{"POST /cameras/all/rules/seen/disable", "", runtime.Command{Do: runtime.RuleOff, Rule: "seen"}},
		{"POST /cameras/door/clips", "", runtime.Command{Do: runtime.SaveClip, Camera: "door"}},
		{"POST /alerts/detector_failed:m/acknowledge", "", runtime.Command{Do: runtime.Acknowledge, Alert: "detector_failed:m"}},
	} {
		rt.did = nil
		method, path, _ := strings.Cut(tt.request, " ")
		res := askAs(s, overSocket(0), method, Prefix+path, tt.body)
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != 200 || string(body) != "{}" || !slices.Equal(rt.did, []runtime.Command{tt.want}) {
			t.Errorf("%s: %s, %s; did %+v", tt.request, res.Status, body, rt.did)
		}
		if res := askAs(s, stranger("192.0.2.1"), method, Prefix+path, tt.body, "Authorization", "Bearer "+lookToken); res.StatusCode != 403 {
			t.Errorf("%s with the token to look: %s", tt.request, res.Status)
		}
	}
	rt.did = nil
	for body, want := range map[string]string{
		"": "it is empty", "{}x": "there is data after", `{"fps": "3"}`: "fps: wrong type string", `{"fsp": 3}`: `unknown field \"fsp\"`, "[]": "wrong type array",
	} {
		res := askAs(s, overSocket(0), "PUT", "/api/cameras/all/detectors/m/rate", body)
		if text, _ := io.ReadAll(res.Body); res.StatusCode != 400 || !strings.Contains(string(text), want) {
			t.Errorf("%q: %s, %s", body, res.Status, text)
		}
	}
	if res := askAs(s, overSocket(0), "POST", "/api/cameras", strings.Repeat(" ", maxBody+1)); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body: %s", res.Status)
	}
	if res := askAs(s, overSocket(0), "POST", "/api/cameras", `{"source": "http://${SECRET}/"}`); res.StatusCode != 400 {
		t.Errorf("${} in a body: %s", res.Status)
	}
	for _, request := range []struct{ path, body string }{
		{"/api/cameras", `{"source": "http://\u0024{SECRET}/"}`},
		{"/api/config/edit", `{"edits": [{"table": "line", "name": "gate", "set": {"directions": ["\u0024\u007bSECRET}", "out"]}}]}`},
	} {
		if res := askAs(s, overSocket(0), "POST", request.path, request.body); res.StatusCode != 400 {
			t.Errorf("${} in a body with escapes: %s", res.Status)
		}
	}
	if res := askAs(s, overSocket(0), "POST", "/api/reload", ""); res.StatusCode != http.StatusNotImplemented || rt.did != nil {
		t.Errorf("reload: %s, %v", res.Status, rt.did)
	}
}

func TestStop(t *testing.T) {
	stopped := 0
	s, _ := commanded(func(o *Options) { o.Stop = func() { stopped++ } })
	if res := askAs(s, stranger("192.0.2.1"), "POST", "/api/stop", "", "Authorization", "Bearer "+lookToken); res.StatusCode != 403 || stopped != 0 {
		t.Errorf("with the token to look: %s", res.Status)
	}
	if res := askAs(s, overSocket(0), "POST", "/api/stop", ""); res.StatusCode != 200 || stopped != 1 {
		t.Errorf("%s, stopped %d times", res.Status, stopped)
	}
}

// rvo's page and scripts find the responses that they expect.
func TestNodesOfRVO(t *testing.T) {
	s, rt := commanded(nil)
	post := func(body string) (status int, answer string) {
		res := askAs(s, overSocket(0), "POST", "/api/nodes", body)
		text, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(text)
	}
	if status, answer := post(`{"endpoint": " localhost:50051 ", "signal": "PersonDetected"}`); status != 200 || answer != `{"ok":true}` {
		t.Errorf("%d %s", status, answer)
	}
	if len(rt.did) != 1 || rt.did[0].Attached.Name != "web_PersonDetected" || rt.did[0].Attached.Text("endpoint") != "localhost:50051" || rt.did[0].Camera != "" {
		t.Fatalf("%+v", rt.did)
	}
	rt.snap.Cameras[0].Detectors = []engine.DetectorView{{Spec: detectors.Spec{Name: "web_PersonDetected"}}}
	if name := s.nodeName("PersonDetected"); name != "web_PersonDetected_2" {
		t.Errorf("the next one is %s", name)
	}
	for body, want := range map[string]string{
		`{"endpoint": "localhost:1", "signal": "a b"}`: "signal", `{"endpoint": "", "signal": "a"}`: "endpoint is required", "{": "body",
		`{"endpoint": "10.0.0.9:1", "signal": "a"}`: "control.endpoints", `{"endpoint": "nonsense", "signal": "a"}`: "endpoint",
	} {
		status, answer := post(body)
		var told NodeAnswer
		if err := json.Unmarshal([]byte(answer), &told); err != nil || status < 400 || status > 499 || told.OK || !strings.Contains(told.Error, want) || !strings.Contains(answer, `"ok":false`) {
			t.Errorf("%s: %d %s", body, status, answer)
		}
	}
}

func TestStateOfRVO(t *testing.T) {
	busy := new(engine.Histogram)
	busy.Record(2 * time.Millisecond)
	s, rt := commanded(nil)
	rt.snap.Cameras[0] = runtime.CameraView{
		Status: capture.Status{Name: "door", Source: "device:3", DropPool: 2}, Ticks: 9, Superseded: 1,
		View: engine.View{
			Signals: []engine.SignalView{{Name: "MotionLevel", Value: 0.5}, {Name: "FacePresent", Unknown: detectors.Stale}},
			Detectors: []engine.DetectorView{
				{Spec: detectors.Spec{Name: "m", Kind: "motion", Enabled: true}, Runs: 4, Exec: busy, Errors: []engine.Count{{Reason: "x", N: 3}}},
				{Spec: detectors.Spec{Name: "p", Kind: "remote", Enabled: true, Remote: true, Endpoint: "gpu:1", Provides: []string{"PersonDetected"}}},
				{Spec: detectors.Spec{Name: "off", Kind: "dummy"}},
			},
			Rules: []engine.RuleView{{Status: rules.Status{Fired: 7}}},
		},
	}
	for n := range 12 {
		s.opts.Recent.Offer(rules.Event{Type: "Motion", Camera: "door", At: time.Duration(n) * time.Second, Confidence: 1})
	}
	s.opts.Recent.Offer(rules.Event{Type: "Other", Camera: "yard"})
	body, _ := io.ReadAll(askAs(s, overSocket(0), "GET", "/api/state?view=rvo", "").Body)
	for _, want := range []string{
		`"camera":"device 3"`, `{"name":"MotionLevel","present":true,"value":0.5}`, `{"name":"FacePresent","present":false,"value":null}`,
		`"metrics":{"ticks":9,"detector_execs":4,"detector_skips":0,"detector_failures":3,"events_emitted":7,"frame_drops":3,"avg_exec_us":`,
		`"nodes":[{"label":"motion","kind":"motion","endpoint":null,"signal":null},{"label":"gpu:1 → PersonDetected","kind":"remote_grpc","endpoint":"gpu:1","signal":"PersonDetected"}]`,
		`"events":[{"type":"Motion","t":11,"confidence":1},{"type":"Motion","t":10,`,
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("%s is not in\n%s", want, body)
		}
	}
	if n := strings.Count(string(body), `"t":`); n != rvoEvents {
		t.Errorf("%d events", n)
	}
	if res := askAs(s, overSocket(0), "GET", "/api/state?view=rvo&camera=yard", ""); res.StatusCode != 404 {
		t.Errorf("of no camera: %s", res.Status)
	}
}

// Every error has its kind, the problem and a remedy.
func TestErrorsAreProblems(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want int
	}{
		{errEnding, 503},
		{engine.ErrNoDetector, 404},
		{fmt.Errorf("resend: %w", runtime.ErrNoMessage), 404},
		{errors.New("no such thing\x1b[31m"), 409},
	} {
		p := problemOf(tt.err)
		if p.Status != tt.want || p.Type != "about:blank" || p.Title != http.StatusText(tt.want) {
			t.Errorf("%v: %+v", tt.err, p)
		}
		if strings.Contains(shown(p.Detail), "\x1b") {
			t.Errorf("%q", p.Detail)
		}
	}
	if long := shown(strings.Repeat("é", maxDetail)); len(long) > maxDetail+3 {
		t.Errorf("%d bytes", len(long))
	}
}
