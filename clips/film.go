package clips

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"rvo-tui/capture"
)

// jumpLimit is how far the stream's timestamps may drift from capture times before the
// movie's clock is corrected. It is exceeded after a reconnect or a jump of the
// timestamps.
const jumpLimit = 500 * time.Millisecond

// partLimit is the maximum number of files of a film.
const partLimit = 9

// verifySlack is how much a movie's length may differ from what was written.
const verifySlack = 250 * time.Millisecond

// film is the movie of a clip while it is written. It continues in another file when
// the codec or the size of the stream changes, or when sound begins.
type film struct {
	mux   Muxer
	cfg   Config
	where string // directory, as passed to the muxer
	end   time.Duration

	parts   []*part
	waiting []sample        // sound that arrived before the first frame
	needKey bool            // samples were lost, so the next frame must be a key frame
	missed  int             // frames left out because of needKey
	mute    error           // why sound was left out; nil if it was not
	began   *capture.Packet // sound for which the current part has no track; nil: none
}

// part is one file of a film.
type part struct {
	grown, final string // names of files
	writer       capture.MovieWriter
	encode       bool
	copied       bool
	video, sound *capture.Track // tracks of the last packet; sound is nil if there is none
	zero         time.Duration  // capture time at the start of the movie, since the epoch
	offset       time.Duration  // added to a PTS to get movie time
	decoded      time.Duration  // decode time of the last frame written, in movie time
	heard        time.Duration  // start of the last piece of sound written, in movie time
	held         *sample        // the last frame, held until its duration is known
	shows        bool           // a frame was added that is not hidden by an edit list
	interval     time.Duration  // decode interval between the last two frames; at first that of the configured rate
	shots        []shot         // frames written, in decode order
	length       time.Duration  // end of the last frame or piece of sound
	movie        capture.Movie  // set once finished
	size         int64          // of its file, in bytes
}

// shot is one frame of a movie.
type shot struct {
	at      time.Duration // movie time
	ts      time.Duration // capture time, since the epoch
	frame   uint64
	skipped uint64
}

// add writes samples. zero is the start of the first part.
func (f *film) add(ctx context.Context, samples []sample, zero time.Duration) error {
	for i := range samples {
		s := &samples[i]
		err := ctx.Err()
		if err != nil {
			return err
		}
		if s.Track.Video {
			err = f.addVideo(s, samples[i:], zero)
		} else {
			err = f.addSound(s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *film) part() *part {
	if len(f.parts) == 0 {
		return nil
	}
	return f.parts[len(f.parts)-1]
}

func (f *film) addVideo(s *sample, ahead []sample, zero time.Duration) error {
	p := f.part()
	// What a file that starts again hides at its beginning would be shown in the middle of a movie.
	changed := p == nil || !sameTrack(p.video, s.Track, p.encode) || s.Hidden && s.Key && p.shows
	if changed && (!s.Key || len(f.parts) == partLimit) {
		f.missed++
		f.needKey = true
		return nil
	}
	if changed || f.began != nil && s.Key && len(f.parts) < partLimit {
		if p != nil {
			if err := p.close(0); err != nil {
				return err
			}
			zero = beginning(ahead)
		}
		var err error
		if p, err = f.begin(s, ahead, zero); err != nil {
			return err
		}
	}
	if f.needKey && !s.Key {
		f.missed++
		return nil
	}
	f.needKey = false
	p.video = s.Track
	if p.held != nil {
		p.interval = max(0, s.decodes()-p.held.decodes())
		if err := p.writeHeld(p.held.Duration); err != nil {
			return err
		}
	}
	p.follow(s, p.decoded)
	p.held, p.shows = s, p.shows || !s.Hidden
	return nil
}

// beginning returns the capture time of the first frame that is shown. samples begin with a
// key frame.
func beginning(samples []sample) time.Duration {
	if !samples[0].Hidden {
		return samples[0].ts
	}
	zero, found := samples[0].ts-samples[0].PTS, false
	for i := range samples {
		if s := &samples[i]; s.Track.Video && !s.Hidden && (!found || s.ts < zero) {
			zero, found = s.ts, true
		}
	}
	return zero
}

// begin starts a part with a key frame. ahead are the samples from there on.
func (f *film) begin(key *sample, ahead []sample, zero time.Duration) (*part, error) {
	sound := f.began
	f.began = nil
	for _, list := range [][]sample{f.waiting, ahead} {
		for i := range list {
			if sound == nil && !list[i].Track.Video {
				sound = list[i].Packet
			}
		}
	}
	if f.mute != nil {
		sound = nil
	}
	name := movieName
	if n := len(f.parts); n > 0 {
		name = fmt.Sprintf("%s%d", movieName, n+1)
	}
	p := &part{grown: grownPrefix + name + f.mux.Ext(), final: name + f.mux.Ext(), zero: zero, video: key.Track, offset: key.ts - zero - key.PTS, interval: f.cfg.step(), decoded: math.MinInt64, heard: math.MinInt64}
	tracks := tracksOf(f.mux, f.cfg, *key, sound)
	p.encode = tracks[0].Encode
	p.copied = !p.encode
	var err error
	p.writer, err = f.mux.Create(filepath.Join(f.where, p.grown), tracks)
	if err != nil && sound != nil && !fullDisk(err) { // a movie without sound is better than none
		f.mute = err
		p.grown = grownPrefix + mutePrefix + name + f.mux.Ext()
		if p.writer, err = f.mux.Create(filepath.Join(f.where, p.grown), tracks[:1]); err == nil {
			sound = nil
		}
	}
	if err != nil {
		return nil, err
	}
	if sound != nil {
		p.sound = sound.Track
	}
	f.parts = append(f.parts, p)
	waiting := f.waiting
	f.waiting = nil
	for i := range waiting {
		if err := f.addSound(&waiting[i]); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (f *film) addSound(s *sample) error {
	p := f.part()
	switch {
	case p == nil:
		f.waiting = append(f.waiting, *s)
		return nil
	case p.sound == nil || !sameTrack(p.sound, s.Track, false):
		if f.mute == nil {
			f.began = s.Packet
		}
		return nil
	}
	p.sound = s.Track
	p.follow(s, p.heard)
	at := s.PTS + p.offset
	if at+s.Duration <= 0 || at <= p.heard { // a file that starts again may have had sound behind its last frame
		return nil
	}
	p.heard = at
	p.length = max(p.length, at+s.Duration)
	return p.writer.Write(1, s.Packet, at, at, s.Duration)
}

// follow realigns the movie's clock with capture times if the stream's timestamps jump,
// or if they would place a frame at or before the start although it was captured later:
// readers start with the last key frame at or before the start and would skip the
// frames before it. last is the decode time of the track's last packet. It never
// decreases, although capture times may when their estimate improves.
func (p *part) follow(s *sample, last time.Duration) {
	at, shown := s.ts-p.zero, s.PTS+p.offset
	hides := s.Track.Video && at >= 0 && shown <= 0 && shown != at
	if !hides && (shown-at).Abs() <= jumpLimit {
		return
	}
	switch to := at - s.PTS; {
	case s.DTS+to > last:
		p.offset = to
	case s.DTS+p.offset <= last:
		p.offset = last + max(p.interval, s.Duration) - s.DTS
	}
}

// writeHeld writes the held frame. A duration of 0 means unknown.
func (p *part) writeHeld(duration time.Duration) error {
	s := p.held
	p.held = nil
	at := s.PTS + p.offset
	p.shots = append(p.shots, shot{at, s.ts, s.frame, s.skipped})
	p.length = max(p.length, at+duration)
	p.decoded = s.DTS + p.offset
	return p.writer.Write(0, s.Packet, at, s.DTS+p.offset, duration)
}

// close ends a part. The last frame is shown until capture time until or, if that is 0,
// as long as the frame before it.
func (p *part) close(until time.Duration) error {
	var err error
	if p.writer == nil {
		return nil
	}
	if p.held != nil {
		duration := max(p.held.Duration, p.interval)
		if until != 0 && p.shownLast() {
			duration = max(duration, until-p.held.ts)
		}
		err = p.writeHeld(duration)
	}
	err = errors.Join(err, p.writer.Close())
	p.writer = nil
	return err
}

// shownLast reports whether the held frame is the last one to be shown. Only then can
// it be extended: B-frames are decoded after the frames that follow them.
func (p *part) shownLast() bool {
	at := p.held.PTS + p.offset
	return !slices.ContainsFunc(p.shots, func(s shot) bool { return s.at > at })
}

// close ends the current part.
func (f *film) close(until time.Duration) error {
	if p := f.part(); p != nil {
		return p.close(until)
	}
	return nil
}

// errNoFrames is the error for a film without frames.
var errNoFrames = errors.New("make movie: there are no frames")

// finish makes playable movies and verifies them.
func (f *film) finish() error {
	if len(f.parts) == 0 {
		return errNoFrames
	}
	for _, p := range f.parts {
		path := filepath.Join(f.where, p.final)
		if err := f.mux.Finish(filepath.Join(f.where, p.grown), path); err != nil {
			return err
		}
		var err error
		if p.movie, err = f.mux.Read(path); err != nil {
			return fmt.Errorf("verify clip: %w", err)
		}
		if info, err := os.Stat(path); err == nil {
			p.size = info.Size()
		}
		slack := verifySlack
		if p.encode {
			slack += f.cfg.step()
		}
		if err := p.verify(slack); err != nil {
			return fmt.Errorf("verify clip: %w", err)
		}
	}
	return nil
}

// verify compares the movie with what was written. slack is the allowed difference in
// length.
func (p *part) verify(slack time.Duration) error {
	n := len(p.movie.Times)
	switch {
	case p.movie.Cut, n == 0, p.copied && n != len(p.shots), n > len(p.shots):
		return fmt.Errorf("it has %d frames of %d", n, len(p.shots))
	case p.movie.Hidden == n:
		return errors.New("it has no visible frame")
	case (p.movie.Duration - p.length).Abs() > slack:
		return fmt.Errorf("it lasts %s, but %s were written", p.movie.Duration, p.length)
	}
	return nil
}

// shown returns the frames of the movie in order of time, with what is known of each.
func (p *part) shown() []shot {
	byTime := slices.SortedStableFunc(slices.Values(p.shots), func(a, b shot) int { return cmp.Compare(a.at, b.at) })
	var shots []shot
	all := len(byTime) == len(p.movie.Times) // the encoder left none out
	i := 0
	for n, at := range p.movie.Times[p.movie.Hidden:] {
		if all {
			i = p.movie.Hidden + n
		}
		for !all && i+1 < len(byTime) && (byTime[i+1].at-at).Abs() <= (byTime[i].at-at).Abs() {
			i++
		}
		s := shot{ts: p.zero + at} // all that is known of a movie written by an earlier process
		if len(byTime) > 0 {
			s = byTime[i]
		}
		s.at = at
		shots = append(shots, s)
	}
	return shots
}

// place returns the movie time at which capture time ts is shown, counted from the
// start of the first part.
func (f *film) place(ts time.Duration) time.Duration {
	before := time.Duration(0)
	for i, p := range f.parts {
		if i+1 < len(f.parts) && ts >= f.parts[i+1].zero {
			before += p.movie.Duration
			continue
		}
		at := ts - p.zero
		best := time.Duration(math.MaxInt64)
		for _, s := range p.shots { // in the stream's clock
			if d := (s.ts - ts).Abs(); d < best {
				best, at = d, s.at+ts-s.ts
			}
		}
		return before + max(0, at)
	}
	return before
}
