package clips

import (
	"testing"
	"time"

	"rvo-tui/capture"
)

// A connection breaks within a GOP: the last frame is a B-frame, which cannot be shown for
// longer, since another one follows it.
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

// The first packets of a connection may get late capture times until one arrives without delay.
// The movie follows the stream.
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

// A frame that is decoded before the end and shown long after it is not in the clip, unless a
// frame within the window depends on it.
func TestFramesShownAfterTheEnd(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t), withLines)
		c := s.connect(6*time.Second, 1)
		c.sound, c.late = nil, 12*time.Second
		// A key frame, a P-frame, and the B-frames before it, in decoding order.
		for i, shown := range []time.Duration{0, 24, 12, 6, 18} {
			c.offer(&capture.Packet{Track: c.video, PTS: shown * time.Second, DTS: time.Duration(i)*6*time.Second - 12*time.Second, Key: i == 0})
			if i == 2 {
				for _, after := range []time.Duration{2 * time.Second, 8 * time.Second} {
					job := s.job(after.String())
					job.Confirming.Release()
					job.Confirming, job.At, job.After = nil, 12500*time.Millisecond, after
					s.save(job)
					time.Sleep(after / 3)
				}
			}
			time.Sleep(6 * time.Second)
		}
		s.drain()
		entries, err := List(s.cfg.Dir)
		if err != nil || len(entries) != 2 {
			t.Fatalf("%d clips: %v", len(entries), err)
		}
		for _, e := range entries {
			m := s.meta(e)
			want, frames := int64(2500), 1
			if m.Post.Asked == 8000 { // with the frames that the one at 6 s depends on
				want, frames = 24000, 4
			}
			if m.Movie.Frames != frames || m.Movie.DurationMS != want {
				t.Errorf("asked for %d ms after: %d frames in %d ms", m.Post.Asked, m.Movie.Frames, m.Movie.DurationMS)
			}
		}
	})
}
