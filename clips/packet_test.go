package clips

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
)

const frameTime = 40 * time.Millisecond

func withLines(o *Options) { o.Muxer = lines{} }

// movieOf returns the packets of a clip's movie and the tracks before them.
func (s *studio) movieOf(e Entry, name string) (tracks []capture.Codec, packets []line) {
	s.t.Helper()
	all, err := readLines(filepath.Join(s.cfg.Dir, e.Path, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return all[0].Tracks, all[1:]
}

// oneClip returns the only clip.
func (s *studio) oneClip() (Entry, *Meta) {
	s.t.Helper()
	entries, err := List(s.cfg.Dir)
	if err != nil || len(entries) != 1 {
		s.t.Fatalf("%d clips, want 1: %v; %+v", len(entries), err, s.rec.Status())
	}
	if err := Verify(s.t.Context(), s.cfg.Dir, entries[0]); err != nil {
		s.t.Error(err)
	}
	return entries[0], s.meta(entries[0])
}

func TestClipHoldsExactlyThePacketsOfItsWindow(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t), withLines)
		c := s.connect(frameTime, 25)
		c.send(10100 * time.Millisecond)
		job := s.job("a")
		job.Confirming.Captured = c.sent[len(c.sent)-2].Captured
		s.ring.Note(Note{Frame: 1, Captured: job.Confirming.Captured, Signal: "person", Value: 1})
		start, end := job.At-job.Before, job.At+job.After
		s.save(job)
		c.send(3 * time.Second)
		s.drain()
		e, m := s.oneClip()

		zero, key := time.Duration(0), 0
		for _, p := range c.sent {
			if ts := p.Captured.Sub(s.epoch); p.Track.Video && ts <= start {
				zero = max(zero, ts)
			}
		}
		for i, p := range c.sent {
			if p.Track.Video && p.Key && p.Captured.Sub(s.epoch) <= zero {
				key = i
			}
		}
		shown := 0 // the last frame shown before the end
		for i, p := range c.sent {
			if p.Track.Video && p.Captured.Sub(s.epoch) <= end {
				shown = i
			}
		}
		var want []line
		for i, p := range c.sent {
			at, dts := p.Captured.Sub(s.epoch)-zero, p.Captured.Sub(s.epoch)-(p.PTS-p.DTS)
			switch {
			case dts > end, p.Track.Video && i > shown:
			case p.Track.Video && i >= key:
				want = append(want, line{Track: 0, PTS: at, DTS: dts - zero, Key: p.Key, Data: p.Data})
			case !p.Track.Video && at+p.Duration > 0:
				want = append(want, line{Track: 1, PTS: at, DTS: at, Key: true, Data: p.Data})
			}
		}
		tracks, got := s.movieOf(e, m.Movie.File)
		if len(tracks) != 2 || tracks[1] != capture.AAC {
			t.Errorf("tracks %v", tracks)
		}
		for track := range 2 {
			sent, have := ofTrack(want, track), ofTrack(got, track)
			if len(sent) != len(have) {
				t.Fatalf("track %d: %d packets, want %d", track, len(have), len(sent))
			}
			for i := range sent {
				if have[i].PTS != sent[i].PTS || have[i].DTS != sent[i].DTS || have[i].Key != sent[i].Key || !bytes.Equal(have[i].Data, sent[i].Data) {
					t.Fatalf("track %d, packet %d: %+v, want %+v", track, i, have[i], sent[i])
				}
			}
		}
		if m.Pre.Actual < 3000 || m.Pre.Actual >= 3040 || m.Post.Actual < 1960 || m.Post.Actual > 2080 {
			t.Errorf("pre-roll %+v, post-roll %+v", m.Pre, m.Post)
		}
		if !m.Movie.Copied || m.Movie.Codec != capture.H264 || m.Movie.Sound != capture.AAC || m.FrameIDs != nil || !m.Complete || m.Missing != 0 {
			t.Errorf("metadata %+v", m)
		}
		if m.Confirming == nil || m.FrameTS[*m.Confirming] != nanos(job.Confirming.Captured.Sub(s.epoch)) {
			t.Errorf("confirming frame %v", m.Confirming)
		}
		if at := job.Confirming.Captured.Sub(s.epoch) - zero; len(m.Found) != 1 || m.Found[0].MovieMS != at.Milliseconds() {
			t.Errorf("detections %+v, want one at %s of the movie", m.Found, at)
		}
		if !m.Start.Equal(s.epoch.Add(zero)) {
			t.Errorf("starts at %v, want %v", m.Start, s.epoch.Add(zero))
		}
	})
}

func ofTrack(all []line, track int) (some []line) {
	for _, l := range all {
		if l.Track == track {
			some = append(some, l)
		}
	}
	return some
}

// A camera with one frame in six seconds: the clip starts with the frame that was current, shows
// it for its whole time, and covers the window.
func TestWindowWithoutFrames(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t), withLines)
		c := s.connect(6*time.Second, 1)
		c.sound = nil
		c.send(19 * time.Second) // frames at 0, 6, 12, 18 s; it is 24 s
		job := s.job("a")        // at 24 s: the only frame from 21 s to 26 s is still to come
		job.Confirming.Release()
		job.Confirming, job.At = nil, s.now()-500*time.Millisecond
		s.save(job)
		c.send(7 * time.Second)
		s.drain()
		e, m := s.oneClip()
		_, got := s.movieOf(e, m.Movie.File)
		if got[0].PTS != 0 || m.FrameTS[0] != nanos(18*time.Second) || m.Pre.Actual != 5500 {
			t.Errorf("begins with %+v of %v, pre-roll %+v", got[0], m.FrameTS, m.Pre)
		}
		if want := job.At + job.After - 18*time.Second; m.Movie.DurationMS < want.Milliseconds() {
			t.Errorf("plays for %d ms, want %s at least", m.Movie.DurationMS, want)
		}
	})
}

func TestConnectionMadeAnewStaysOneMovie(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t), withLines)
		c := s.connect(frameTime, 25)
		c.send(4 * time.Second)
		time.Sleep(time.Second)
		c.reconnect(5 * time.Hour) // the same stream, with other times
		c.send(time.Second)
		s.save(s.job("a"))
		c.send(3 * time.Second)
		s.drain()
		e, m := s.oneClip()
		_, got := s.movieOf(e, m.Movie.File)
		if len(m.Parts) != 0 {
			t.Errorf("parts %+v", m.Parts)
		}
		longest := time.Duration(0)
		video := ofTrack(got, 0)
		for i := 1; i < len(video); i++ {
			longest = max(longest, video[i].DTS-video[i-1].DTS)
		}
		if longest < time.Second || longest > 1100*time.Millisecond || m.Movie.DurationMS < 5000 || m.Movie.DurationMS > 5200 {
			t.Errorf("the gap is %s long, the movie %d ms", longest, m.Movie.DurationMS)
		}
	})
}

func TestMovieIsSplitWhereTheStreamChanges(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t), withLines)
		c := s.connect(frameTime, 25)
		c.send(4 * time.Second)
		s.save(s.job("a"))
		c.send(time.Second)
		c.video = &capture.Track{Video: true, Codec: capture.H264, Width: 128, Height: 96, Config: []byte{2}}
		c.send(3 * time.Second)
		s.drain()
		e, m := s.oneClip()
		if len(m.Parts) != 1 || m.Parts[0].File != "clip2.lines" || m.FramesWritten != m.Movie.Frames+m.Parts[0].Frames {
			t.Fatalf("movie %+v, parts %+v", m.Movie, m.Parts)
		}
		_, second := s.movieOf(e, m.Parts[0].File)
		if !second[0].Key || second[0].PTS != 0 {
			t.Errorf("the second part begins with %+v", second[0])
		}
		if got := m.Movie.DurationMS + m.Parts[0].DurationMS; got < 4900 || got > 5200 {
			t.Errorf("both play for %d ms", got)
		}
	})
}

func TestRingDropsTheOldestGroup(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t), withLines)
		c := s.connect(frameTime, 25)
		c.send(20 * time.Second)
		r := s.rec.Status().Rings[0]
		if r.Evicted != 0 || r.Span < 5*time.Second || r.Span > 6100*time.Millisecond {
			t.Errorf("by time: %+v", r)
		}
		s.ring.memory = r.Bytes / 2
		c.send(2 * time.Second)
		if r := s.rec.Status().Rings[0]; r.Evicted == 0 || r.Bytes > s.ring.memory || !s.ring.samples[0].key() {
			t.Errorf("by bytes: %+v", r)
		}
		s.ring.memory = 10 // not even one group
		c.send(2 * time.Second)
		if r := s.rec.Status().Rings[0]; r.Bytes > 10 || r.Packets == 0 {
			t.Errorf("for one group: %+v", r)
		}
	})
}

// A clip that waits for its post-roll does not keep all of it in memory, and reports its losses.
func TestClipGrowsWhileItWaits(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t), withLines)
		c := s.connect(frameTime, 25)
		c.send(6 * time.Second)
		job := s.job("a")
		job.After = time.Minute
		s.save(job)
		c.send(50 * time.Second)
		if r := s.rec.Status().Rings[0]; r.Span > 6500*time.Millisecond {
			t.Errorf("the ring remembers %s", r.Span)
		}
		c.send(13 * time.Second)
		s.drain()
		if _, m := s.oneClip(); m.Movie.DurationMS < 63000 || m.Missing != 0 {
			t.Errorf("plays for %d ms, %d frames missing", m.Movie.DurationMS, m.Missing)
		}
	})
}

func TestSoundIsDroppedWhereItIsNotWanted(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		cfg := testConfig(t)
		cfg.Sound = false
		s := newStudio(t, cfg, withLines)
		c := s.connect(frameTime, 25)
		c.send(4 * time.Second)
		s.save(s.job("a"))
		c.send(3 * time.Second)
		s.drain()
		e, m := s.oneClip()
		if tracks, got := s.movieOf(e, m.Movie.File); len(tracks) != 1 || len(ofTrack(got, 1)) != 0 || m.Movie.Sound != "" {
			t.Errorf("tracks %v", tracks)
		}
	})
}

func TestModeSaysWhatIsEncoded(t *testing.T) {
	for _, tc := range []struct {
		mode   Mode
		codec  capture.Codec
		frame  uint64
		encode bool
	}{
		{ModeAuto, capture.H264, 0, false},
		{ModeAuto, capture.MJPEG, 0, true},
		{ModeAuto, capture.MJPEG, 7, true},
		{ModeCopy, capture.MJPEG, 0, false},
		{ModeCopy, capture.MJPEG, 7, true},
		{ModeEncode, capture.H264, 0, true},
	} {
		cfg := DefaultConfig()
		cfg.Mode = tc.mode
		s := sample{Packet: &capture.Packet{Track: &capture.Track{Video: true, Codec: tc.codec}}, frame: tc.frame}
		if got := tracksOf(lines{}, cfg, s, nil)[0]; got.Encode != tc.encode || (got.Step != 0) != (tc.encode && tc.frame == 0) {
			t.Errorf("%s of %s, frame %d: %+v", tc.mode, tc.codec, tc.frame, got)
		}
	}
}

// H.265 plays only in browsers that support it, so the clip has a note.
func TestCodecThatFewBrowsersPlayIsSaid(t *testing.T) {
	for codec, says := range map[capture.Codec]bool{capture.H264: false, capture.HEVC: true} {
		m := newMeta(&clip{jobs: []Job{{}}})
		m.describe(&film{parts: []*part{{movie: capture.Movie{Codec: codec, Times: []time.Duration{0}}}}}, nil, nil, nil, time.Now())
		if strings.Contains(m.Movie.Note, "H.265: plays only in browsers") != says {
			t.Errorf("%s: %q", codec, m.Movie.Note)
		}
	}
}

// crashedConfig returns the configuration of a directory in which a crash left the clip of the
// event "grown" unfinished. It is a copy, because a killed process holds no lock, and this one does.
func crashedConfig(t *testing.T) Config {
	t.Helper()
	s := newStudio(t, testConfig(t), withLines, func(o *Options) { o.Grace = 0 })
	c := s.connect(frameTime, 25)
	c.send(5 * time.Second)
	job := s.job("grown")
	job.After = time.Minute
	s.save(job)
	c.send(4 * time.Second)
	synctest.Wait()
	cfg := s.cfg
	cfg.Dir = filepath.Join(t.TempDir(), "evidence")
	if err := os.CopyFS(cfg.Dir, os.DirFS(s.cfg.Dir)); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// Clips left by a crash are completed at the next start, or reported as lost.
func TestNextStartCompletesWhatACrashLeft(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var log bytes.Buffer
		cfg := crashedConfig(t)
		crashed := cfg.Dir
		empty := filepath.Join(crashed, buildingPrefix+"empty")
		if err := os.Mkdir(empty, 0o750); err != nil {
			t.Fatal(err)
		}
		text := fmt.Appendf(nil, `{"version":1,"event_id":"lost","camera":"door","time":"2026-01-02T03:04:05Z"}`)
		if err := os.WriteFile(filepath.Join(empty, jobFile), text, 0o600); err != nil {
			t.Fatal(err)
		}
		again := New(Options{Config: cfg, Epoch: time.Now(), Muxer: lines{}, Log: slog.New(slog.NewTextHandler(&log, nil))}).store
		if err := again.refresh(time.Now()); err != nil {
			t.Fatal(err)
		}
		entries, err := List(crashed)
		if err != nil || len(entries) != 1 || len(hidden(t, crashed)) != 0 {
			t.Fatalf("%d clips, %v left: %v\n%s", len(entries), hidden(t, crashed), err, log.String())
		}
		whole := &studio{t: t, cfg: cfg}
		m := whole.meta(entries[0])
		if m.Complete || m.EventID != "grown" || m.Movie.DurationMS < 5900 || m.Movie.DurationMS > 7100 || m.Pre.Actual < 3000 || m.Pre.Actual > 3040 {
			t.Errorf("completed as %+v", m)
		}
		if err := Verify(t.Context(), crashed, entries[0]); err != nil {
			t.Error(err)
		}
		for _, want := range []string{"event=grown", "event=lost"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log does not say %s:\n%s", want, log.String())
			}
		}
		sameAsIndex(t, crashed)
	})
}

func TestVerifyTellsWhatWasChanged(t *testing.T) {
	cfg := testConfig(t)
	e, err := makeClip(t, quietStore(cfg), "a", time.Now(), 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := Verify(t.Context(), cfg.Dir, e); err != nil {
		t.Error(err)
	}
	name := filepath.Join(cfg.Dir, e.Path, thumbFile)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Verify(t.Context(), cfg.Dir, e); err == nil || !strings.Contains(err.Error(), "thumb.jpg was changed") {
		t.Errorf("a changed file: %v", err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := Verify(t.Context(), cfg.Dir, e); err == nil {
		t.Error("a missing file verifies")
	}
}

// However an event loses its clip, the log names it.
func TestEveryLostClipIsNamed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var log bytes.Buffer
		s := newStudio(t, testConfig(t), withLines, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
		for i := range 40 {
			job := s.job(fmt.Sprintf("storm-%d-", i)) // there are no frames, and room for 16
			job.Confirming.Release()
			job.Confirming = nil
			_ = s.rec.Save(job)
		}
		other := s.job("other-")
		other.Camera = "nobody"
		_ = s.rec.Save(other)
		time.Sleep(10 * time.Second)
		s.drain()
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		_ = s.rec.Save(s.job("late-"))
		saved := s.rec.Status().Saved
		if n := uint64(strings.Count(log.String(), "event=storm-")); n != 40-saved || !strings.Contains(log.String(), "event=other-") {
			t.Errorf("%d of %d lost events are named:\n%s", n, 40-saved, log.String())
		}
	})
}

// A camera that has no packets yet when a clip is requested gives a frame, and then packets: the
// movie has one part.
func TestPacketsTakeThePlaceOfTheFirstFrames(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t), withLines)
		f := s.frame()
		s.ring.Offer(f)
		f.Release()
		synctest.Wait()
		job := s.job("a")
		s.save(job)
		c := s.connect(frameTime, 25)
		c.n = 20 // the next key frame is still to come
		c.send(4 * time.Second)
		s.drain()
		if _, m := s.oneClip(); len(m.Parts) != 0 || !m.Movie.Copied || m.Movie.DurationMS < 1700 {
			t.Errorf("movie %+v, parts %+v", m.Movie, m.Parts)
		}
	})
}

// Sound that starts just after the event, because the connection is new, is in the clip.
func TestSoundThatHasJustBegunIsKept(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t), withLines)
		c := s.connect(frameTime, 25)
		sound := c.sound
		c.sound = nil
		c.send(300 * time.Millisecond)
		s.save(s.job("a"))
		c.send(300 * time.Millisecond)
		c.sound = sound
		c.send(4 * time.Second)
		s.drain()
		if _, m := s.oneClip(); m.Movie.Sound != capture.AAC {
			t.Errorf("movie %+v", m.Movie)
		}
	})
}

// Sound that starts later is in another file, from a key frame on.
func TestSoundThatBeginsLaterIsKept(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t), withLines)
		c := s.connect(frameTime, 25)
		sound := c.sound
		c.sound = nil
		c.send(4 * time.Second)
		job := s.job("a")
		job.After = 5 * time.Second
		s.save(job)
		c.send(2500 * time.Millisecond)
		c.sound = sound
		c.send(4 * time.Second)
		s.drain()
		e, m := s.oneClip()
		if len(m.Parts) != 1 || m.Movie.Sound != "" || m.Parts[0].Sound != capture.AAC || m.Missing != 0 {
			t.Fatalf("movie %+v, parts %+v", m.Movie, m.Parts)
		}
		_, second := s.movieOf(e, m.Parts[0].File)
		if video := ofTrack(second, 0); !video[0].Key || video[0].PTS != 0 || len(ofTrack(second, 1)) < 50 {
			t.Errorf("the second part begins with %+v and has %d pieces of sound", video[0], len(ofTrack(second, 1)))
		}
	})
}
