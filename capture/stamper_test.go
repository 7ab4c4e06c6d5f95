package capture

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const ms = time.Millisecond

func TestStamper(t *testing.T) {
	type step struct {
		arrived, pts time.Duration // pts < 0: none
		captured     time.Duration
	}
	for name, steps := range map[string][]step{
		"without presentation times": {{0, -1, 0}, {40 * ms, -1, 40 * ms}, {100 * ms, -1, 100 * ms}},
		"jitter":                     {{0, 1000 * ms, 0}, {60 * ms, 1040 * ms, 40 * ms}, {80 * ms, 1080 * ms, 80 * ms}},
		"a faster frame sets zero":   {{50 * ms, 0, 50 * ms}, {60 * ms, 40 * ms, 60 * ms}, {105 * ms, 80 * ms, 100 * ms}},
		"backwards starts over":      {{0, 1000 * ms, 0}, {90 * ms, 1040 * ms, 40 * ms}, {130 * ms, 0, 130 * ms}, {170 * ms, 40 * ms, 170 * ms}},
		"jump ahead starts over":     {{0, 0, 0}, {40 * ms, time.Hour, 40 * ms}, {80 * ms, time.Hour + 40*ms, 80 * ms}},
		"gap starts over":            {{0, 0, 0}, {6 * time.Second, 40 * ms, 6 * time.Second}},
		"never before the last":      {{0, 0, 0}, {1000 * ms, 900 * ms, 900 * ms}, {1001 * ms, 890 * ms, 900 * ms}},
		"presentation times appear":  {{0, -1, 0}, {40 * ms, 5 * time.Hour, 40 * ms}, {90 * ms, 5*time.Hour + 40*ms, 80 * ms}},
		"arrivals out of order":      {{40 * ms, -1, 40 * ms}, {0, -1, 40 * ms}},
	} {
		t.Run(name, func(t *testing.T) {
			var s Stamper
			start := time.Now()
			for i, step := range steps {
				captured, lag := s.Stamp(Stamp{PTS: step.pts, HasPTS: step.pts >= 0, Arrived: start.Add(step.arrived)})
				if got := captured.Sub(start); got != step.captured {
					t.Errorf("frame %d captured at %v, want %v", i, got, step.captured)
				}
				if want := max(0, step.arrived-step.captured); lag != want {
					t.Errorf("frame %d lags %v, want %v", i, lag, want)
				}
			}
		})
	}
}

func TestStamperSeesSlowReader(t *testing.T) {
	var s Stamper
	start := time.Now()
	var lag time.Duration
	for i := range 14 * 15 { // 14 s at half of 30 fps
		_, lag = s.Stamp(Stamp{PTS: time.Duration(i) * time.Second / 30, HasPTS: true, Arrived: start.Add(time.Duration(i) * time.Second / 15)})
	}
	if lag < 6900*ms || lag > 7*time.Second {
		t.Errorf("read at half speed for 14 s: lag %v, want about 7 s", lag)
	}
}

func TestStamperForgetsDrift(t *testing.T) {
	var s Stamper
	start := time.Now()
	var lag time.Duration
	for i := range 24 * 3600 { // a day, the camera's clock slow by 200 ppm
		at := time.Duration(i) * time.Second
		_, lag = s.Stamp(Stamp{PTS: at - at/5000, HasPTS: true, Arrived: start.Add(at)})
	}
	if lag > ms {
		t.Errorf("lag after a day of drift: %v", lag)
	}
}

func TestStamperProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Stamper
		start := time.Now()
		at, last := start, time.Time{}
		for range rapid.IntRange(1, 60).Draw(t, "frames") {
			at = at.Add(time.Duration(rapid.Int64Range(0, int64(8*time.Second)).Draw(t, "step")))
			st := Stamp{Arrived: at, HasPTS: rapid.Bool().Draw(t, "hasPTS"), PTS: time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "pts"))}
			captured, lag := s.Stamp(st)
			switch {
			case captured.After(at):
				t.Fatalf("captured %v after it arrived", captured.Sub(at))
			case captured.Before(last):
				t.Fatalf("captured %v before the last", last.Sub(captured))
			case lag != at.Sub(captured):
				t.Fatalf("lag %v, want %v", lag, at.Sub(captured))
			case !st.HasPTS && captured != at:
				t.Fatalf("without a presentation time captured %v before it arrived", lag)
			}
			last = captured
		}
	})
}
