package clips

import (
	"testing"
	"time"
)

// A connection that breaks within a group: the frame that came last is a B-frame,
// which cannot be shown for longer, since another one follows it.
func TestConnectionThatBreaksAtABFrame(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t), withLines)
		c := s.connect(frameTime, 25)
		c.sound = nil
		c.send(4 * time.Second)
		s.save(s.job("a"))
		for c.n%25 != 3 {
			c.send(frameTime)
		}
		time.Sleep(10 * time.Second)
		s.drain()
		e, m := s.oneClip()
		_, got := s.movieOf(e, m.Movie.File)
		if last := got[len(got)-1]; last.Duration != frameTime || !m.Complete {
			t.Errorf("the last frame is shown for %v: %+v", last.Duration, m)
		}
	})
}

// The first packets of a connection may be taken for later than they are, until
// one comes without delay. The movie goes on as the stream does.
func TestCaptureTimesThatGoBack(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t), withLines)
		c := s.connect(frameTime, 50)
		c.late = time.Second
		c.send(1200 * time.Millisecond)
		c.late = 0
		c.send(2300 * time.Millisecond)
		s.save(s.job("a"))
		c.send(3 * time.Second)
		s.drain()
		e, m := s.oneClip()
		_, got := s.movieOf(e, m.Movie.File)
		for track := range 2 {
			all := ofTrack(got, track)
			for i := 1; i < len(all); i++ {
				if step := all[i].DTS - all[i-1].DTS; step != frameTime {
					t.Fatalf("track %d, packet %d of %d: %v after the one before", track, i, len(all), step)
				}
			}
		}
	})
}
