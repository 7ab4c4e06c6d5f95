package runtime

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime/engine"
)

// box returns a snapshot of cameras that each have the detectors person and motion.
func box(at time.Time, cameras ...string) *Snapshot {
	s := &Snapshot{At: at}
	for _, name := range cameras {
		c := CameraView{Status: capture.Status{Name: name, State: capture.Live}}
		for _, d := range []string{"person", "motion"} {
			c.Detectors = append(c.Detectors, engine.DetectorView{Spec: detectors.Spec{Name: d, MaxFPS: 10}, State: engine.DetectorWaiting, FPS: 10})
		}
		s.Cameras = append(s.Cameras, c)
	}
	return s
}

func titles(list []Alert) string {
	var out []string
	for i := range list {
		text := list[i].Title()
		if list[i].Acknowledged {
			text += " (known)"
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

var dawn = time.Date(2026, 3, 14, 6, 0, 0, 0, time.UTC)

func TestAlertOfADetectorIsOneForAllCameras(t *testing.T) {
	a := newAlerts()
	s := box(dawn, "yard", "door", "gate", "roof")
	for _, i := range []int{3, 0, 2} {
		d := &s.Cameras[i].Detectors[0]
		d.State, d.Error = engine.DetectorFailed, "connection refused"
	}
	list := a.step(s)
	if len(list) != 1 || list[0].ID != "detector_failed:person" || !slices.Equal(list[0].Cameras, []string{"yard", "gate", "roof"}) {
		t.Fatalf("got %+v", list)
	}
	if v := list[0]; v.Cause != "connection refused" || v.Remedy == "" || !v.Severe || !v.Since.Equal(dawn) {
		t.Errorf("got %+v", v)
	}
}

// Whatever the state of a detector between attempts to open it, it has one alert, which clears
// five seconds after the last sign of it.
func TestAlertIsSteady(t *testing.T) {
	a := newAlerts()
	at := dawn
	look := func(state engine.DetectorState, err string) string {
		at = at.Add(time.Second)
		s := box(at, "yard")
		s.Cameras[0].Detectors[0].State, s.Cameras[0].Detectors[0].Error = state, err
		return titles(a.step(s))
	}
	if got := look(engine.DetectorStarting, ""); got != "" {
		t.Errorf("a detector that starts is in trouble: %s", got)
	}
	const failed = "detector person failed on yard"
	for i, state := range []engine.DetectorState{engine.DetectorFailed, engine.DetectorStarting, engine.DetectorFailed, engine.DetectorStarting, engine.DetectorStarting, engine.DetectorWaiting, engine.DetectorFailed} {
		if got := look(state, "refused"); got != failed {
			t.Errorf("%d, %s: %q", i, state, got)
		}
	}
	for i := range 6 {
		want := failed
		if i >= 4 {
			want = ""
		}
		if got := look(engine.DetectorWaiting, ""); got != want {
			t.Errorf("%d seconds after it was well again: %q", i+1, got)
		}
	}
}

func TestAlertOfACameraThatConnects(t *testing.T) {
	a := newAlerts()
	for i := range 8 {
		s := box(dawn.Add(time.Duration(i)*time.Second), "yard")
		s.Cameras[0].State = capture.Connecting
		want := ""
		if i >= 5 {
			want = "camera yard gives no frames"
		}
		if got := titles(a.step(s)); got != want {
			t.Errorf("after %d s: %q", i, got)
		}
	}
	for _, state := range []capture.State{capture.Paused, capture.Ended} {
		s := box(dawn, "yard")
		s.Cameras[0].State = state
		if got := titles(newAlerts().step(s)); got != "" {
			t.Errorf("a camera that is %s: %q", state, got)
		}
	}
}

// The alert of a detector near its limit must not change with every snapshot.
func TestAlertOfASlowDetectorDoesNotFlap(t *testing.T) {
	a := newAlerts()
	var runs, missed uint64
	changes, last := 0, ""
	for i := range 300 {
		s := box(dawn.Add(time.Duration(i)*time.Second), "yard")
		d := &s.Cameras[0].Detectors[0]
		runs += 7
		missed += []uint64{0, 2, 1, 0, 1, 3}[i%6]
		d.FPS = []float64{7.5, 8.2, 7.9, 8.4}[i%4]
		d.Runs, d.Skips[engine.GateSlot] = runs, missed
		if got := titles(a.step(s)); got != last {
			changes, last = changes+1, got
		}
	}
	if changes != 1 || last != "detector person is too slow on yard" {
		t.Errorf("the alert changed %d times, and is %q", changes, last)
	}
	if list := a.list(box(dawn, "yard")); !strings.Contains(list[0].Cause, "slots") {
		t.Errorf("the cause is %q", list[0].Cause)
	}
}

func TestAlertOrderAndAcknowledge(t *testing.T) {
	a := newAlerts()
	s := box(dawn, "yard", "door")
	s.Cameras[0].State, s.Cameras[0].Reason = capture.Reconnecting, "no route to host"
	s.Cameras[1].State = capture.Failed
	s.Sinks = []SinkView{{Name: "events.jsonl", State: SinkDegraded, Reason: "disk full"}}
	s.Reload = ReloadView{Last: ReloadInvalid, Reason: "line 3"}
	list := a.step(s)
	want := "camera door gives no frames; camera yard gives no frames; events are not delivered to events.jsonl; the configuration was not reloaded"
	if got := titles(list); got != want {
		t.Fatalf("got %q", got)
	}
	if !a.acknowledge(list, "camera_down:door") || a.acknowledge(list, "camera_down:moon") {
		t.Error("an alert can be acknowledged if it is there, and only then")
	}
	if got := titles(a.list(s)); got != "camera yard gives no frames; events are not delivered to events.jsonl; camera door gives no frames (known); the configuration was not reloaded" {
		t.Errorf("got %q", got)
	}
	// The alert comes back unacknowledged.
	later := box(dawn.Add(time.Minute), "yard", "door")
	a.step(later)
	later = box(dawn.Add(2*time.Minute), "yard", "door")
	later.Cameras[1].State = capture.Failed
	if got := titles(a.step(later)); got != "camera door gives no frames" {
		t.Errorf("got %q", got)
	}
}

// The state kept for alerts is bounded by what exists.
func TestAlertsForgetWhatHasGone(t *testing.T) {
	a := newAlerts()
	for i := range 100 {
		s := box(dawn.Add(time.Duration(i)*10*time.Second), fmt.Sprint("c", i))
		s.Cameras[0].State = capture.Failed
		s.Cameras = append(s.Cameras, box(dawn, fmt.Sprint("d", i)).Cameras...)
		a.step(s)
	}
	if len(a.present) > 2 || len(a.loads) > 4 {
		t.Errorf("%d alerts and %d loads are kept", len(a.present), len(a.loads))
	}
}

// A frame every six seconds, and results that are valid for one.
func TestAlertOfFramesThatAreFurtherApartThanAnswersAreValid(t *testing.T) {
	for _, c := range []struct {
		every    int // seconds between frames
		ttl      time.Duration
		runs     bool
		decoding capture.Decoding
		says     string
	}{
		{6, time.Second, true, "", "raise its ttl"},
		{2, time.Second, true, capture.DecodeKeys, "key frames"},
		{6, 20 * time.Second, true, "", ""},
		{6, time.Second, false, "", ""}, // a condition holds it
		{1, 1500 * time.Millisecond, true, "", ""},
	} {
		a := newAlerts()
		var list []Alert
		for i := range 30 {
			s := box(dawn.Add(time.Duration(i)*time.Second), "yard")
			cam := &s.Cameras[0]
			cam.Detectors = cam.Detectors[:1]
			cam.Frames, cam.Decoding = uint64(i/c.every), c.decoding
			cam.Detectors[0].TTL = c.ttl
			if c.runs {
				cam.Detectors[0].Runs = cam.Frames
			}
			list = a.step(s)
		}
		if (len(list) == 1) != (c.says != "") || len(list) == 1 && (list[0].Kind != AlertFramesSparse || !strings.Contains(list[0].Remedy, c.says)) {
			t.Errorf("%+v: %+v", c, list)
		}
	}
}

// A service that sends a TTL shorter than the period of its detector.
func TestAlertOfATTLShorterThanThePeriod(t *testing.T) {
	for _, c := range []struct {
		ttl   time.Duration
		state detectors.Why
		crops string
		want  bool
	}{
		{50 * time.Millisecond, detectors.Known, "", true},
		{50 * time.Millisecond, detectors.Stale, "", true},
		{100 * time.Millisecond, detectors.Stale, "", false},
		{0, detectors.Never, "", false},
		{50 * time.Millisecond, detectors.Errored, "", false},
		{50 * time.Millisecond, detectors.Off, "", false},
		{50 * time.Millisecond, detectors.Stale, "face", false}, // as long as its boxes
	} {
		s := box(dawn, "yard")
		cam := &s.Cameras[0]
		cam.Detectors[0].TTL, cam.Detectors[0].CropsOf = time.Second, c.crops
		cam.Signals = []engine.SignalView{
			{Name: "motion", Detector: "motion", TTL: time.Second},
			{Name: "hat", Detector: "person", TTL: c.ttl, Unknown: c.state},
		}
		list := newAlerts().step(s)
		if (len(list) == 1) != c.want || c.want && (list[0].Kind != AlertDetectorTTL || list[0].Subject != "person" || !strings.Contains(list[0].Cause, "hat is valid for 50ms")) {
			t.Errorf("%+v: %+v", c, list)
		}
	}
}

func TestAlertOfASecondStream(t *testing.T) {
	a := newAlerts()
	s := box(dawn, "yard")
	s.Cameras[0].Recording = &RecordingView{State: capture.Failed, Reason: "wrong user or password"}
	list := a.step(s)
	if len(list) != 1 || list[0].Kind != AlertEvidenceDown || !strings.Contains(list[0].Cause, "wrong user") {
		t.Errorf("%+v", list)
	}
	for _, state := range []capture.State{capture.Live, capture.Paused} {
		s.Cameras[0].Recording.State = state
		if list := newAlerts().step(s); len(list) != 0 {
			t.Errorf("%s: %+v", state, list)
		}
	}
}

// An alert names its camera, so its cause leaves out the address.
func TestAlertCauseWithoutTheAddress(t *testing.T) {
	for _, tt := range []struct{ source, reason, want string }{
		{"rtsp://ann:***@10.0.0.7/s", "open stream rtsp://ann:***@10.0.0.7/s: connection refused: check the port", "failed: connection refused: check the port"},
		{"rtsp://10.0.0.7/s", "open stream rtsp://10.0.0.8/s: connection refused", "failed: open stream rtsp://10.0.0.8/s: connection refused"},
		{"device:7", "open device:7: file does not exist", "failed: file does not exist"},
		{"rtsp://10.0.0.7/s", "no frame for 5s", "failed: no frame for 5s"},
		{"", "no frame for 5s", "failed: no frame for 5s"},
		{"rtsp://10.0.0.7/s", "", "failed"},
	} {
		s := box(dawn, "yard")
		c := &s.Cameras[0]
		c.State, c.Source, c.Reason = capture.Failed, tt.source, tt.reason
		c.Recording = &RecordingView{State: capture.Failed, Source: tt.source, Reason: tt.reason}
		list := newAlerts().step(s)
		if len(list) != 2 || list[0].Cause != tt.want || list[1].Cause != tt.want {
			t.Errorf("%q: %+v", tt.reason, list)
		}
	}
}

// An output that delivers late is an alert, but not a severe one.
func TestAlertOfALateOutput(t *testing.T) {
	a := newAlerts()
	s := box(dawn)
	s.Outbox = &OutboxView{Outputs: []OutputView{{Name: "phone", State: SinkOK, Reason: "3 messages wait", Remedy: "send fewer"}, {Name: "siren", State: SinkOK}}}
	a.step(s)
	s.At = dawn.Add(lateOutputAfter)
	list := a.step(s)
	if len(list) != 1 || list[0].ID != "output_late:phone" || list[0].Severe || list[0].Cause != "3 messages wait" || titles(list) != "messages reach phone late" {
		t.Errorf("got %+v", list)
	}
}
