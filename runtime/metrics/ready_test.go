package metrics

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"rvo-tui/capture"
	"rvo-tui/internal/listen"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

func TestReadyOf(t *testing.T) {
	cam := func(name string, s capture.State, why string, ds ...engine.DetectorView) runtime.CameraView {
		return runtime.CameraView{Status: capture.Status{Name: name, State: s, Reason: why}, View: engine.View{Detectors: ds}}
	}
	det := func(name string, s engine.DetectorState, why, err string) engine.DetectorView {
		d := engine.DetectorView{State: s, Reason: why, Error: err}
		d.Name = name
		return d
	}
	tests := []struct {
		name string
		s    *runtime.Snapshot
		want string
	}{
		{"not started", nil, `{"ready":false,"reasons":[{"state":"starting"}],"alerts":[]}`},
		{"without its cameras yet", &runtime.Snapshot{}, `{"ready":false,"reasons":[{"state":"starting"}],"alerts":[]}`},
		{"no camera", &runtime.Snapshot{Loop: runtime.LoopView{Iterations: 1}}, `{"ready":true,"reasons":[],"alerts":[]}`},
		{
			"while a reload has taken a camera away",
			&runtime.Snapshot{Loop: runtime.LoopView{Iterations: 1, Reloading: true}, Cameras: []runtime.CameraView{cam("door", capture.Live, "")}},
			`{"ready":false,"reasons":[{"state":"reloading"}],"alerts":[]}`,
		},
		{
			"all is well",
			&runtime.Snapshot{Loop: runtime.LoopView{Iterations: 1}, Cameras: []runtime.CameraView{cam("door", capture.Live, "",
				det("a", engine.DetectorWaiting, "rate", ""), det("b", engine.DetectorRunning, "", "an old error"),
				det("c", engine.DetectorBackoff, "", ""), det("d", engine.DetectorDisabled, "", ""))}},
			`{"ready":true,"reasons":[],"alerts":[]}`,
		},
		{
			"paused and ended",
			&runtime.Snapshot{Loop: runtime.LoopView{Iterations: 1}, Cameras: []runtime.CameraView{cam("door", capture.Paused, "by command", det("a", engine.DetectorFailed, "", "x")), cam("file", capture.Ended, "")}},
			`{"ready":true,"reasons":[],"alerts":[]}`,
		},
		{
			"cameras down",
			&runtime.Snapshot{Loop: runtime.LoopView{Iterations: 1}, Cameras: []runtime.CameraView{
				cam("door", capture.Stalled, "no frame for 5s"), cam("yard", capture.Connecting, ""),
				cam("lane", capture.Reconnecting, ""), cam("gate", capture.Failed, "bad\x1b[2J\nfile"),
			}},
			`{"ready":false,"reasons":[{"camera":"door","state":"stalled","reason":"no frame for 5s"},{"camera":"yard","state":"connecting"},` +
				`{"camera":"lane","state":"reconnecting"},{"camera":"gate","state":"failed","reason":"bad[2J file"}],"alerts":[]}`,
		},
		{
			"detectors down",
			&runtime.Snapshot{Loop: runtime.LoopView{Iterations: 1}, Cameras: []runtime.CameraView{cam("door", capture.Live, "",
				det("a", engine.DetectorStarting, "loading", ""), det("b", engine.DetectorStuck, "", ""), det("c", engine.DetectorFailed, "retry", "no file"))}},
			`{"ready":false,"reasons":[{"camera":"door","detector":"a","state":"starting","reason":"loading"},` +
				`{"camera":"door","detector":"b","state":"stuck"},{"camera":"door","detector":"c","state":"failed","reason":"no file"}],"alerts":[]}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(ReadyOf(tt.s))
			must(t, err)
			if string(got) != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// However much is broken, and however long the reasons are, the response is short.
func TestReadyIsBounded(t *testing.T) {
	s := &runtime.Snapshot{Loop: runtime.LoopView{Iterations: 1}}
	for range 1000 {
		s.Cameras = append(s.Cameras, runtime.CameraView{Status: capture.Status{Name: "door", State: capture.Failed, Reason: strings.Repeat("ü\n", 10_000)}})
	}
	r := ReadyOf(s)
	if r.Ready || len(r.Reasons) != readyReasons || r.More != 1000-readyReasons {
		t.Errorf("%d reasons and %d more", len(r.Reasons), r.More)
	}
	if why := r.Reasons[0].Reason; len(why) > readyText || !utf8.ValidString(why) {
		t.Errorf("a reason of %d bytes: %q", len(why), why)
	}
}

func TestReadyAnswers(t *testing.T) {
	for _, tt := range []struct {
		s      *runtime.Snapshot
		status int
	}{{&runtime.Snapshot{Loop: runtime.LoopView{Iterations: 1}}, 200}, {nil, 503}} {
		s := NewServer("", listen.NewHosts(), func() *runtime.Snapshot { return tt.s }, quietLog())
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, httptest.NewRequest("GET", "http://localhost/ready", nil))
		if w.Code != tt.status || w.Header().Get("Content-Type") != "application/json" || !strings.HasSuffix(w.Body.String(), "}\n") {
			t.Errorf("status %d, %v, %q; want status %d", w.Code, w.Header(), w.Body, tt.status)
		}
	}
}
