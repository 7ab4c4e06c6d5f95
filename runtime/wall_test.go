package runtime

import (
	"testing"
	"time"
	"unsafe"

	"rvo-tui/capture"
	"rvo-tui/runtime/engine"
)

// told returns a time that was taken while the wall clock was wrong by some seconds. Only the
// system can make such a time: its seconds are above the 30 bits of nanoseconds.
func told(t time.Time, seconds int64) time.Time {
	type parts struct {
		wall uint64
		ext  int64
		loc  *time.Location
	}
	(*parts)(unsafe.Pointer(&t)).wall += uint64(seconds << 30)
	return t
}

// Times taken before the clock was set are corrected to the current clock.
func TestTimesFollowTheWallClock(t *testing.T) {
	now := time.Now()
	for _, wrong := range []int64{-3600, 3600} {
		old := told(now.Add(-10*time.Second), wrong)
		if now.Sub(old) != 10*time.Second || old.Unix() != now.Unix()-10+wrong {
			t.Fatalf("a time from a wrong clock is %v, %v ago", old, now.Sub(old))
		}
		s := &Snapshot{
			At: now,
			Cameras: []CameraView{{
				Status:    capture.Status{Since: old, LastFrame: old},
				Recording: &RecordingView{Since: old},
				View:      engine.View{Detectors: []engine.DetectorView{{LastRun: old}, {}}},
			}},
			Reload: ReloadView{OK: old},
		}
		s.followWall()
		c := &s.Cameras[0]
		for name, got := range map[string]time.Time{
			"since": c.Since, "last_frame": c.LastFrame, "recording": c.Recording.Since, "last_run": c.Detectors[0].LastRun, "ok": s.Reload.OK,
		} {
			if got.Unix() != now.Unix()-10 || now.Sub(got) != 10*time.Second {
				t.Errorf("%s is %v, want %v", name, got, now.Add(-10*time.Second))
			}
		}
		if !c.Detectors[1].LastRun.IsZero() {
			t.Error("a detector that never ran has a last run")
		}
	}
	slewed := told(now, 0).Add(time.Millisecond)
	if got := onWall(now, slewed); got != slewed {
		t.Errorf("%v becomes %v", slewed, got)
	}
}
