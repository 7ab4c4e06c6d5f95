package capture

import (
	"math/rand/v2"
	"testing"
	"time"
)

// The offset and drift of a camera's clock are estimated within milliseconds, on a network that
// delays each packet by up to 80 ms.
func TestClockOnAJitteryLine(t *testing.T) {
	for name, c := range map[string]struct {
		off   time.Duration
		drift float64
	}{
		"in step":       {0, 0},
		"ahead, slow":   {3 * time.Second, -200e-6},
		"behind, fast":  {-3 * time.Second, 200e-6},
		"another epoch": {1e6 * time.Hour, 50e-6},
	} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			var s Stamper
			start, last := time.Now(), time.Time{}
			for i := range 25 * 600 {
				taken := time.Duration(i) * 40 * time.Millisecond
				camera := c.off + taken + time.Duration(c.drift*float64(taken))
				arrived := start.Add(taken + time.Duration(random.Int64N(int64(80*time.Millisecond))))
				if arrived.Before(last) {
					arrived = last
				}
				last = arrived
				pts := time.Duration(i) * 40 * time.Millisecond
				if i%125 == 5 {
					s.Report(pts, camera+time.Duration(random.Int64N(int64(4*time.Millisecond))))
				}
				captured, _ := s.Packet(pts, pts, arrived)
				wrong := captured.Sub(start.Add(taken))
				if i > 250 && (wrong < -10*time.Millisecond || wrong > 10*time.Millisecond) {
					t.Fatalf("frame %d: captured %v from the truth", i, wrong)
				}
			}
		})
	}
}

// Drifting presentation times do no harm if sender reports give the camera's clock.
func TestClockFollowsReportsNotPresentationTimes(t *testing.T) {
	var s Stamper
	start := time.Now()
	for i := range 25 * 600 {
		real := time.Duration(i) * 40 * time.Millisecond
		pts := real + real/20_000 // 50 ppm
		if i%125 == 0 {
			s.Report(pts, real+3*time.Second)
		}
		captured, lag := s.Packet(pts, pts, start.Add(real))
		if wrong := captured.Sub(start.Add(real)).Abs(); wrong > 5*time.Millisecond || lag > 5*time.Millisecond {
			t.Fatalf("frame %d: captured %v from the truth, lag %v", i, wrong, lag)
		}
	}
}

func TestClockThatIsSetStartsOver(t *testing.T) {
	var s Stamper
	start := time.Now()
	for i := range 500 {
		real := time.Duration(i) * 40 * time.Millisecond
		if i%50 == 10 {
			wall := real
			if i > 250 {
				wall += time.Hour
			}
			s.Report(real, wall)
		}
		captured, _ := s.Packet(real, real, start.Add(real))
		if wrong := captured.Sub(start.Add(real)).Abs(); wrong > ms {
			t.Fatalf("frame %d: captured %v from the truth", i, wrong)
		}
	}
}

// Two streams of one camera share a clock: frames of the slower encoder do not get later capture
// times.
func TestClockIsSharedByTwoStreams(t *testing.T) {
	var camera Clock
	small, large := Stamper{Camera: &camera}, Stamper{Camera: &camera}
	start := time.Now()
	for i := range 250 {
		at := time.Duration(i) * 40 * time.Millisecond
		if i%50 == 0 {
			small.Report(at, at+time.Hour)
			large.Report(at+time.Minute, at+time.Hour)
		}
		a, _ := small.Packet(at, at, start.Add(at))
		b, lag := large.Packet(at+time.Minute, at+time.Minute, start.Add(at+90*ms))
		if i > 0 && (a.Sub(b).Abs() > ms || lag > ms) {
			t.Fatalf("frame %d: captured %v apart, lag %v", i, a.Sub(b), lag)
		}
	}
}

// A stream that arrives much later than the other does not look like a clock that was
// set back.
func TestLateStreamOfASharedClock(t *testing.T) {
	const behind = 18 // frames, which is 720 ms
	var camera Clock
	small, large := Stamper{Camera: &camera}, Stamper{Camera: &camera}
	start := time.Now()
	for i := range 500 {
		now := start.Add(time.Duration(i) * 40 * ms)
		for _, s := range []struct {
			*Stamper
			frame int
		}{{&small, i}, {&large, i - behind}} {
			if s.frame < 0 {
				continue
			}
			at := time.Duration(s.frame) * 40 * ms
			if s.frame%50 == 0 {
				s.Report(at, at+time.Hour)
			}
			captured, _ := s.Packet(at, at, now)
			if wrong := captured.Sub(start.Add(at)).Abs(); i > 100 && wrong > ms {
				t.Fatalf("frame %d, %v late: captured %v from the truth", s.frame, now.Sub(start.Add(at)), wrong)
			}
		}
	}
}

// A stream that reconnects adds to the estimate of the camera's clock. It does not restart
// it, which would shift the capture times of the other stream for a minute.
func TestSharedClockSurvivesAReconnect(t *testing.T) {
	var camera Clock
	small, large := Stamper{Camera: &camera}, Stamper{Camera: &camera}
	start := time.Now()
	for i := range 25 * 180 {
		at := time.Duration(i) * 40 * ms
		wall := time.Duration(start.UnixNano()) + at
		if i%125 == 0 {
			small.Report(at, wall)
		}
		captured, _ := small.Packet(at, at, start.Add(at+120*ms))
		if age := start.Add(at + 120*ms).Sub(captured); i > 25*100 && (age-120*ms).Abs() > 2*ms {
			t.Fatalf("frame %d is %v old, want 120ms", i, age)
		}
		if i < 25*120 {
			continue
		}
		pts := at - 2*time.Minute // from 0 on its own connection
		if i%125 == 100 {
			large.Report(pts, wall)
		}
		large.Packet(pts, pts, start.Add(at+125*ms))
	}
}

// A camera whose timestamps assume a frame rate that it does not keep, mostly at night.
func TestTimestampsOfAnotherRate(t *testing.T) {
	for _, rates := range [][2]float64{{25, 20}, {25, 12.5}, {25, 30}} {
		var s Stamper
		start := time.Now()
		worst := time.Duration(0)
		for i := range int(300 * rates[1]) {
			pts := time.Duration(float64(i) / rates[0] * float64(time.Second))
			at := time.Duration(float64(i) / rates[1] * float64(time.Second))
			captured, lag := s.Packet(pts, pts, start.Add(at))
			if at > 70*time.Second {
				worst = max(worst, start.Add(at).Sub(captured), lag)
			}
		}
		if worst > 100*ms {
			t.Errorf("stamped for %v a second, sent at %v: %v old", rates[0], rates[1], worst)
		}
	}
}

// The backlog of a link that is a little too slow is not taken for another frame rate.
func TestBacklogOfASlowLink(t *testing.T) {
	var s Stamper
	start := time.Now()
	for i := range 25 * 150 {
		pts := time.Duration(i) * 40 * ms
		late := max(0, pts-time.Minute) * 3 / 100
		if _, lag := s.Packet(pts, pts, start.Add(pts+late)); lag < late-100*ms {
			t.Fatalf("%v late after %v, but the lag is %v", late, pts, lag)
		}
	}
}

// A camera whose clock is a little different after it restarted does not have frames of the past.
func TestSharedClockOfACameraThatRestarts(t *testing.T) {
	for _, off := range []time.Duration{-3 * time.Second, -700 * ms, 700 * ms, 3 * time.Second} {
		var camera Clock
		start := time.Now()
		for connection := range 2 {
			s := Stamper{Camera: &camera}
			for i := range 25 * 60 {
				pts := time.Duration(i) * 40 * ms
				arrived := start.Add(time.Duration(connection)*90*time.Second + pts)
				if i%125 == 10 {
					s.Report(pts, arrived.Sub(start)+time.Hour+time.Duration(connection)*off)
				}
				if captured, _ := s.Packet(pts, pts, arrived); arrived.Sub(captured) > ms {
					t.Fatalf("clock moved by %v: frame %d of connection %d is %v old", off, i, connection, arrived.Sub(captured))
				}
			}
		}
	}
}

// Frames in decoding order keep their own capture times.
func TestStamperOfReorderedPackets(t *testing.T) {
	var s Stamper
	start := time.Now()
	for i, pts := range []int{0, 3, 1, 2, 6, 4, 5, 9, 7, 8} {
		at := time.Duration(i) * 40 * ms
		captured, lag := s.Packet(time.Duration(pts)*40*ms, at, start.Add(at))
		if want := start.Add(time.Duration(pts-2) * 40 * ms); i > 1 && (captured != want || lag != 0) {
			t.Errorf("packet %d (frame %d): captured at %v, want %v, lag %v", i, pts, captured.Sub(start), want.Sub(start), lag)
		}
	}
}

func TestStamperTakesTransitOffWithoutCallingItLag(t *testing.T) {
	s := Stamper{Transit: 30 * ms}
	start := time.Now()
	captured, lag := s.Packet(0, 0, start)
	if captured != start.Add(-30*ms) || lag != 0 {
		t.Errorf("captured %v before it arrived, lag %v", start.Sub(captured), lag)
	}
}

// Servers send a backlog at once to the first reader.
func TestClockIsNotMisledByTheFirstFrames(t *testing.T) {
	var s Stamper
	start := time.Now()
	for i := range 250 {
		at := time.Duration(i) * 40 * ms
		early := time.Duration(0)
		if i < 3 || i == 100 {
			early = 80 * ms
		}
		captured, lag := s.Packet(at, at, start.Add(at-early))
		if i > 75 && i != 100 && (captured.Sub(start.Add(at)).Abs() > ms || lag > ms) {
			t.Fatalf("frame %d: captured %v from the truth, lag %v", i, captured.Sub(start.Add(at)), lag)
		}
	}
}

// If a camera's clock agrees with ours, the latency includes its encoder; otherwise it does not.
func TestLatencyFromTheLens(t *testing.T) {
	for name, c := range map[string]struct {
		off   time.Duration
		drift float64
		want  time.Duration
	}{
		"in step":       {0, 0, 120 * ms},
		"a little off":  {10 * ms, 2e-6, 110 * ms},
		"ahead":         {200 * ms, 0, 0},
		"far behind":    {-3 * time.Second, 0, 0},
		"passing by":    {-100 * ms, 100e-6, 0},
		"an hour ahead": {time.Hour, 0, 0},
	} {
		var s Stamper
		start := time.Now()
		for i := range 25 * 150 {
			at := time.Duration(i) * 40 * ms
			if i%125 == 0 {
				s.Report(at, time.Duration(start.UnixNano())+c.off+at+time.Duration(c.drift*float64(at)))
			}
			captured, lag := s.Packet(at, at, start.Add(at+120*ms))
			age := start.Add(at + 120*ms).Sub(captured)
			if i > 25*100 && ((age-c.want).Abs() > 2*ms || lag > 2*ms) {
				t.Fatalf("%s: frame %d is %v old, lag %v, want %v", name, i, age, lag, c.want)
			}
		}
	}
}
