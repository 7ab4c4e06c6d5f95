package runtime_test

import (
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
	"rvo-tui/runtime/testkit"
)

func TestDisabledWhileItWaitsForASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cam := &testkit.Camera{Name: "door", Count: 10}
		hog := testkit.NewDetector("hog", testkit.Latency(1900*ms, testkit.Always(1)))
		waits := testkit.NewDetector("waits", testkit.Always(1))
		waits.Config.Enabled = false
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{cam}, Detectors: []*testkit.Detector{hog, waits}})
		do := func(verb runtime.Verb) {
			t.Helper()
			if err := p.Do(t.Context(), runtime.Command{Do: verb, Detector: "waits"}); err != nil {
				t.Fatal(err)
			}
		}
		p.Until(155 * ms)
		do(runtime.Enable)
		p.Until(555 * ms)
		if d := p.Detector(t, "door", "waits"); d.State != engine.DetectorWaiting || d.Reason != engine.GateSlot.String() {
			t.Fatalf("detector is %s for %s: nothing to test", d.State, d.Reason)
		}
		if v := p.Snapshot().Slots; v.Waiting != 1 {
			t.Errorf("slots %+v", v)
		}
		do(runtime.Disable)
		synctest.Wait()
		if v := p.Snapshot().Slots; v.Waiting != 0 || v.Busy != 1 {
			t.Errorf("slots %+v", v)
		}
		do(runtime.Enable)
		do(runtime.Disable)
		p.Until(4050 * ms)
		if n := len(waits.Calls()); n != 0 {
			t.Errorf("it ran %d times after it was disabled", n)
		}
		if s := p.Signal(t, "door", "waits"); s.Why != "detector disabled" {
			t.Errorf("its signal is %q", s.Why)
		}
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		accounted(t, p, cam)
	})
}

func TestDisabledWhileItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := testkit.NewDetector("slow", testkit.Latency(300*ms, testkit.Always(1)))
		p := start(t, testkit.Setup{
			Cameras: []*testkit.Camera{{Name: "door"}}, Detectors: []*testkit.Detector{slow},
			Rules: []rules.Config{testkit.Rule("seen", "slow >= 1")},
		})
		p.Until(155 * ms)
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.Disable, Detector: "slow"}); err != nil {
			t.Fatal(err)
		}
		p.Until(2 * time.Second)
		p.Sink.Expect(t)
		if d := p.Detector(t, "door", "slow"); d.Runs != 1 || d.State != engine.DetectorDisabled {
			t.Errorf("%d runs, %s", d.Runs, d.State)
		}
	})
}

func TestRemoteDetectorsTakeNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cam := &testkit.Camera{Name: "door"}
		hang := testkit.NewHang()
		t.Cleanup(hang.Release)
		hog := testkit.NewDetector("hog", hang.On(1, testkit.Always(1)))
		hog.Config.Timeout = text.Duration(10 * time.Minute)
		remote := testkit.NewDetector("remote", testkit.Latency(10*ms, testkit.Always(1)))
		remote.Remote = true
		inline := testkit.NewDetector("inline", testkit.Always(1))
		inline.Config.Execution = detectors.Inline
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{cam}, Detectors: []*testkit.Detector{hog, remote, inline}})
		p.Until(2005 * ms)
		if v := p.Snapshot().Slots; v.Busy != 1 || v.Waiting != 0 {
			t.Errorf("slots %+v", v)
		}
		if r, i := len(remote.Calls()), len(inline.Calls()); r != 20 || i != 20 {
			t.Errorf("while one held the only slot, the remote one ran %d and the inline one %d times, want 20", r, i)
		}
		hang.Release()
		synctest.Wait()
	})
}

func TestExitWaitsForACameraThatCameBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		short := &testkit.Camera{Name: "short", File: true, Count: 3}
		long := &testkit.Camera{Name: "long", File: true, Count: 20}
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{short, long}, ExitWhenEnded: true})
		p.Until(1050 * ms) // short has ended
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.RemoveCamera, Camera: "short"}); err != nil {
			t.Fatal(err)
		}
		p.Until(1800 * ms)
		again := short.Config()
		short.Count = 50
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.AddCamera, Added: &again}); err != nil {
			t.Fatal(err)
		}
		if err := p.Wait(); err != nil {
			t.Fatal(err)
		}
		// Long ends at 1.91 s, short at 1.8 s and 4.91 s.
		if at := p.Now(); at < 6710*ms || at > 7*time.Second {
			t.Errorf("it ended at %v, want just after 6.71s", at)
		}
	})
}

func TestCameraThatDoesNotOpenDisturbsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		door := &testkit.Camera{Name: "door"}
		p := start(t, testkit.Setup{
			Cameras:   []*testkit.Camera{{Name: "attic", Refused: testkit.ErrScripted}, door},
			Detectors: []*testkit.Detector{testkit.NewDetector("a", testkit.Always(1))},
			Rules:     []rules.Config{testkit.Rule("seen", "a >= 1")},
		})
		p.Until(20 * time.Second)
		p.Sink.Expect(t, "10ms door/seen confirmed")
		v := p.Camera(t, "attic")
		if v.State != capture.Reconnecting || v.Reason != testkit.ErrScripted.Error() || v.Frames != 0 || v.Connects != 0 {
			t.Errorf("camera is %s (%s) with %d frames of %d connections", v.State, v.Reason, v.Frames, v.Connects)
		}
		// After 0.5, 1, 2 and then every 3 s, each plus or minus 20 %.
		if v.Failures < 7 || v.Failures > 11 {
			t.Errorf("it was tried %d times in 20 s", v.Failures)
		}
		if d := p.Detector(t, "attic", "a"); d.State != engine.DetectorWaiting || d.Runs != 0 {
			t.Errorf("its detector is %s after %d runs", d.State, d.Runs)
		}
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		accounted(t, p, door)
	})
}
