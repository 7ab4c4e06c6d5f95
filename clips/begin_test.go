package clips

import (
	"fmt"
	"testing"
	"time"

	"rvo-tui/capture"
)

// If capture times become more exact before the movie of a clip starts, its first key frame is
// still shown.
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

// A clip that begins during an outage begins with the last frame before it, which is shown until
// the camera is back.
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

// hide sends the part that an edit list hides of a file that begins now, all at once: two seconds
// from a key frame on, from which the first visible frames are decoded.
func (c *sender) hide() {
	for at := -2 * time.Second; at < 0; at += c.every {
		c.offer(&capture.Packet{Track: c.video, PTS: at, DTS: at, Key: at == -2*time.Second, Hidden: true})
	}
	c.n = 1
}

// Frames that an edit list hides at the beginning of a file were never shown: they are no
// pre-roll.
func TestHiddenFramesAreNoPreRoll(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t), withLines)
		c := s.connect(frameTime, 25)
		c.hide()
		c.send(2 * time.Second)
		s.save(s.job("a"))
		c.send(3 * time.Second)
		s.drain()
		e, m := s.oneClip()
		_, got := s.movieOf(e, m.Movie.File)
		if !got[0].Key || got[0].PTS != -2*time.Second || m.FrameTS[0] != 0 || m.Pre.Actual < 1900 || m.Pre.Actual > 2000 || m.Missing != 0 {
			t.Errorf("it begins with %+v, captured at %d; pre-roll %+v, %d missing", got[0], m.FrameTS[0], m.Pre, m.Missing)
		}
	})
}

// A file that loops hides its beginning each time.
func TestHiddenFramesInTheMiddleOfAClip(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t), withLines)
		c := s.connect(frameTime, 25)
		c.sound = nil
		c.hide()
		c.send(4 * time.Second)
		c.reconnect(0)
		c.sound = nil
		c.hide()
		c.send(time.Second)
		s.save(s.job("a"))
		c.send(3 * time.Second)
		s.drain()
		e, m := s.oneClip()
		if len(m.Parts) != 1 || m.Missing != 0 || m.Pre.Actual < 3000 || m.Pre.Actual > 3040 {
			t.Fatalf("movie %+v, parts %+v, pre-roll %+v, %d missing", m.Movie, m.Parts, m.Pre, m.Missing)
		}
		if plays := m.Movie.DurationMS + m.Parts[0].DurationMS; plays < 4900 || plays > 5200 || m.Parts[0].DurationMS < 2900 {
			t.Errorf("both play for %d ms, the second for %d", plays, m.Parts[0].DurationMS)
		}
		if _, second := s.movieOf(e, m.Parts[0].File); !second[0].Key || second[0].PTS != -2*time.Second {
			t.Errorf("the second part begins with %+v", second[0])
		}
	})
}

// Sound after the last frame of a file that loops is ahead of its time.
func TestSoundBehindTheLastFrame(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t), withLines)
		c := s.connect(frameTime, 25)
		c.send(4 * time.Second)
		for at := time.Since(c.began); at < 5*time.Second; at += c.every {
			c.offer(&capture.Packet{Track: c.sound, PTS: at, DTS: at, Duration: c.every, Key: true})
		}
		c.reconnect(0)
		c.send(2 * time.Second)
		s.save(s.job("a"))
		c.send(3 * time.Second)
		s.drain()
		e, m := s.oneClip()
		_, got := s.movieOf(e, m.Movie.File)
		for track := range 2 {
			all := ofTrack(got, track)
			for i := 1; i < len(all); i++ {
				if step := all[i].DTS - all[i-1].DTS; step < frameTime-time.Millisecond || step > frameTime+time.Millisecond {
					t.Fatalf("track %d, packet %d of %d: %v after the one before", track, i, len(all), step)
				}
			}
		}
	})
}

// What arrives around the end of a clip, sound before or after the frames of its time, is
// not lost to it when a further event extends it.
func TestExtendedClipMissesNothing(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"sound late": -2 * frameTime, "sound early": 2 * frameTime} {
		t.Run(name, func(t *testing.T) {
			epoch := time.Now()
			ring := New(Options{Config: testConfig(t), Epoch: epoch}).Ring("door", 3*time.Second)
			video := &capture.Track{Video: true, Codec: capture.H264}
			sound := &capture.Track{Codec: capture.AAC}
			c := &clip{ring: ring, end: time.Second}
			ring.pin(c, 0)
			var got []sample
			for i := range 75 {
				at := time.Duration(i) * frameTime
				for _, p := range []*capture.Packet{{Track: video, PTS: at, Key: i%25 == 0}, {Track: sound, PTS: at + ahead, Duration: frameTime, Key: true}} {
					p.DTS, p.Captured, p.Data = p.PTS, epoch.Add(p.PTS), []byte{1}
					ring.OfferPacket(p)
				}
				got = append(got, ring.grow(c).samples...)
				if at > time.Second {
					c.end = 2 * time.Second
				}
			}
			got = append(got, ring.finish(c).samples...)
			for _, track := range []*capture.Track{video, sound} {
				last := time.Duration(-1)
				for _, s := range got {
					if s.Track != track {
						continue
					}
					if last >= 0 && s.ts != last+frameTime {
						t.Errorf("%s of %v after that of %v", track.Codec, s.ts, last)
					}
					last = s.ts
				}
				if last < 2*time.Second-frameTime {
					t.Errorf("%s up to %v", track.Codec, last)
				}
			}
		})
	}
}
