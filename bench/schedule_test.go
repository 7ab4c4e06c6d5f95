package bench

import (
	"testing"
	"time"
)

func TestScheduleDoesNotDrift(t *testing.T) {
	for _, c := range []struct {
		fps  float64
		id   uint64
		want time.Duration
	}{
		{30, 1, time.Second},
		{30, 31, 2 * time.Second},
		{30, 30*3600 + 1, 3601 * time.Second},
		{5000, 2, time.Second + 200*time.Microsecond},
		{3, 2, time.Second + 333333333},
		{3, 3, time.Second + 666666667},
		{0.5, 2, 3 * time.Second},
	} {
		if got := (schedule{begin: time.Second, fps: c.fps}).due(c.id); got != c.want {
			t.Errorf("frame %d at %g a second: due at %v, want %v", c.id, c.fps, got, c.want)
		}
	}
}

func TestScheduleMeasuresEachFrameOnce(t *testing.T) {
	for _, c := range []struct {
		fps  float64
		want int
	}{{30, 60}, {120, 240}, {5000, 10_000}, {7, 14}, {0.1, 0}} {
		// The phase of the camera keeps frames away from the edges of the measured time.
		s := schedule{begin: 13 * time.Microsecond, fps: c.fps, first: 3 * time.Second, end: 5 * time.Second}
		n, last := 0, uint64(0)
		for id := uint64(1); !s.over(id, 0); id++ {
			if s.measured(id) {
				n++
			}
			last = id
		}
		if n != c.want {
			t.Errorf("at %g a second: %d frames in two seconds, want %d", c.fps, n, c.want)
		}
		if s.due(last+1) < s.end {
			t.Errorf("at %g a second: over before the end", c.fps)
		}
	}
}

// A camera that cannot keep its rate is cut off at the end. Otherwise the run would never end.
func TestScheduleEndsForOneThatIsLate(t *testing.T) {
	s := schedule{fps: 5000, first: time.Second, end: 2 * time.Second}
	for _, c := range []struct {
		now  time.Duration
		want bool
	}{{s.end - 1, false}, {s.end, true}} {
		if got := s.over(100, c.now); got != c.want {
			t.Errorf("frame 100 at %v: over is %v", c.now, got)
		}
	}
}
