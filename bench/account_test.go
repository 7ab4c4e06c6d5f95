package bench

import (
	"strings"
	"testing"

	"rvo-tui/capture"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

func balanced() CameraAccount {
	d := DetectorAccount{Detector: "slow", Seen: 90, Runs: 20, Began: 20, Pending: 1}
	d.Skips[engine.GateBusy], d.Skips[engine.GateRate] = 60, 9
	return CameraAccount{
		Camera: "door", Sent: 100, Given: 97, TookIn: 90, Published: 97, Seen: 90, Superseded: 7, Pool: 3,
		Detectors: []DetectorAccount{d},
	}
}

func TestAccounts(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*CameraAccount)
		want   string // in the complaint; empty: none
	}{
		"all adds up":               {func(*CameraAccount) {}, ""},
		"a frame vanished":          {func(a *CameraAccount) { a.Sent++ }, "101 frames sent, but 90 seen + 7 superseded + 3 dropped"},
		"a frame came twice":        {func(a *CameraAccount) { a.Seen++ }, "91 seen"},
		"a frame was not seen":      {func(a *CameraAccount) { a.Superseded-- }, "97 frames delivered, but 90 seen + 6"},
		"pixels without a frame":    {func(a *CameraAccount) { a.Given++ }, "98 frames filled"},
		"the probe saw less":        {func(a *CameraAccount) { a.TookIn-- }, "89 frames seen by the engine according to the probe"},
		"lag in a harness":          {func(a *CameraAccount) { a.Lag = 1 }, "1 frames dropped for lag"},
		"a rate in a harness":       {func(a *CameraAccount) { a.Rate = 2 }, "2 for their rate"},
		"a frame that does not fit": {func(a *CameraAccount) { a.Corrupt = 3 }, "3 as corrupt"},
		"a frame that no gate held": {func(a *CameraAccount) { a.Detectors[0].Skips[engine.GateBusy]-- }, "detector slow: 90 frames seen"},
		"a run that was not seen":   {func(a *CameraAccount) { a.Detectors[0].Began-- }, "19 runs according to the probe"},
	} {
		a := balanced()
		c.change(&a)
		err := a.Check()
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "camera door")):
			t.Errorf("%s: got %v, want it to say %q", name, err, c.want)
		}
	}
}

// The newest frame is counted under its gate when the next one arrives.
func TestPendingFrames(t *testing.T) {
	v := &runtime.CameraView{Status: capture.Status{Name: "door", Frames: 3}, Seen: 3, View: engine.View{Detectors: make([]engine.DetectorView, 2)}}
	v.Detectors[0].Runs, v.Detectors[1].Runs = 3, 1
	v.Detectors[1].Skips[engine.GateRate] = 1
	f := &stream{decoded: 3}
	f.sent.Store(3)
	timing := newTiming()
	ta := newTally(schedule{fps: 30}, &timing, 2)
	ta.allSeen, ta.newest = 3, 3
	ta.tasks = []taskTally{{runs: 3, last: 3}, {runs: 1, last: 1}}
	a := account(v, f, ta)
	if err := a.Check(); err != nil {
		t.Error(err)
	}
	if a.Detectors[0].Pending != 0 || a.Detectors[1].Pending != 1 {
		t.Errorf("pending %d and %d, want 0 and 1", a.Detectors[0].Pending, a.Detectors[1].Pending)
	}
}
