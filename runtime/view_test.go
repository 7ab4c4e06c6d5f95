package runtime

import (
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime/engine"
)

func TestAgedSnapshotIsOlder(t *testing.T) {
	at := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	s := &Snapshot{At: at, Cameras: []CameraView{{
		Status: capture.Status{Name: "door", FPS: 30}, View: engine.View{
			FrameID: 9, FrameAge: 20 * time.Millisecond,
			Detectors: []engine.DetectorView{{FPS: 10, Age: 50 * time.Millisecond, Until: time.Second}},
			Signals: []engine.SignalView{
				{Name: "fresh", Frame: 9, Age: 50 * time.Millisecond, TTL: time.Hour, Value: 1},
				{Name: "stale", Frame: 9, Age: 50 * time.Millisecond, TTL: time.Second, Value: 1},
				{Name: "never", Unknown: detectors.Never},
			},
			Rules: []engine.RuleView{{Clause: []rules.Clause{{Age: 50 * time.Millisecond}, {Age: rules.Never}}}},
		},
	}}}
	old := s.Aged(4 * time.Second)
	c := old.Cameras[0]
	if !old.At.Equal(at.Add(4*time.Second)) || c.FrameAge != 4020*time.Millisecond || c.FPS != 0.25 {
		t.Errorf("at %v, frame %v old, %v fps", old.At, c.FrameAge, c.FPS)
	}
	if d := c.Detectors[0]; d.Age != 4050*time.Millisecond || d.FPS != 0.25 || d.Until != 0 {
		t.Errorf("detector %+v", d)
	}
	if k := c.Signals; k[0].Unknown != detectors.Known || k[0].Age != 4050*time.Millisecond || k[1].Unknown != detectors.Stale || k[2].Age != 0 {
		t.Errorf("signals %+v", k)
	}
	if k := c.Rules[0].Clause; k[0].Age != 4050*time.Millisecond || k[1].Age != rules.Never {
		t.Errorf("clauses %+v", k)
	}
	if was := s.Cameras[0]; was.FrameAge != 20*time.Millisecond || was.Signals[1].Unknown != detectors.Known || was.Detectors[0].FPS != 10 || was.FPS != 30 || was.Rules[0].Clause[0].Age != 50*time.Millisecond {
		t.Errorf("the snapshot itself has changed: %+v", was)
	}
}
