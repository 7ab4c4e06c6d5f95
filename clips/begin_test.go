package clips

import (
	"fmt"
	"testing"
	"time"
)

// Capture times that become better known while the movie of a clip has not begun to be
// shown do not hide the key frame that it is to be shown from.
func TestClipBeginsJustBeforeAKeyFrame(t *testing.T) {
	for _, late := range []time.Duration{60 * time.Millisecond, 300 * time.Millisecond, time.Second} {
		t.Run(late.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := newStudio(t, testConfig(t), withLines)
				c := s.connect(frameTime, 25)
				c.sound = nil
				c.send(4500 * time.Millisecond)
				c.late = late
				c.send(2500 * time.Millisecond) // with key frames at 5 and 6 s
				job := s.job("a")
				job.Confirming.Release()
				job.Confirming, job.At = nil, job.Before+5*time.Second+late-time.Millisecond
				s.save(job)
				c.send(5 * time.Second)
				s.drain()
				e, m := s.oneClip()
				_, video := s.movieOf(e, m.Movie.File)
				keys := 0
				for _, l := range video {
					if l.Key && l.PTS <= 0 {
						keys++
					}
				}
				if keys != 1 || !video[0].Key || m.Missing != 0 || m.Pre.Actual < 3000 || m.Pre.Actual > 3040 {
					t.Errorf("it begins with %+v, %d key frames are not after the beginning; pre-roll %+v, %d missing", video[0], keys, m.Pre, m.Missing)
				}
			})
		})
	}
}

// A clip that begins within an outage begins with the last frame before it, which is shown
// until the camera is back.
func TestClipBeginsInAnOutage(t *testing.T) {
	for _, late := range []time.Duration{0, 5 * time.Millisecond, 300 * time.Millisecond} {
		for _, group := range []int{25, 1} {
			t.Run(fmt.Sprintf("%v, a key frame in %d", late, group), func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					s := newStudio(t, testConfig(t), withLines)
					c := s.connect(frameTime, group)
					c.sound = nil
					c.late = late // until capture times are better known
					c.send(3 * time.Second)
					c.late = 0
					c.send(500 * time.Millisecond)
					time.Sleep(6 * time.Second)
					c.reconnect(5 * time.Hour)
					c.late = late
					c.send(80 * time.Millisecond)
					job := s.job("a")
					job.Confirming.Release()
					job.Confirming, job.At, job.Before = nil, s.now(), time.Second
					s.save(job)
					c.send(5 * time.Second)
					s.drain()
					_, m := s.oneClip()
					if m.Pre.Actual < 6000 || m.Missing != 0 || m.Movie.DurationMS < 6000+job.After.Milliseconds() {
						t.Errorf("it plays for %d ms, pre-roll %+v, %d missing", m.Movie.DurationMS, m.Pre, m.Missing)
					}
				})
			})
		}
	}
}
