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

// jumpLimit is how far the times of a stream may drift from capture times before
// a movie follows the latter: a new connection, or times that
// jumped.
const jumpLimit = 500 * time.Millisecond

// partLimit is how many files a film may have.
const partLimit = 9

// verifySlack is how much the length of a movie may differ from what was written.
const verifySlack = 250 * time.Millisecond

// film is the movie of a clip while it grows. Where the codec or the size of the
// stream changes, or sound begins, it continues in another file.
type film struct {
	mux   Muxer
	cfg   Config
	where string // directory, as the muxer opens it
	end   time.Duration

	parts   []*part
	waiting []sample        // sound ahead of the first frame
	needKey bool            // samples were lost: the next frame must be a key frame
	missed  int             // frames left out for that
	mute    error           // why sound was left out; nil: it was not
	began   *capture.Packet // sound that the last part has no track for; nil: there is none
}

// part is one file of a film.
type part struct {
	grown, final string // names of files
	writer       capture.MovieWriter
	encode       bool
	copied       bool
	video, sound *capture.Track // as of the last packet; sound nil: there is none
	zero         time.Duration  // capture time of the movie's beginning, since the epoch
	offset       time.Duration  // from PTS to the movie's time
	decoded      time.Duration  // when the last frame written is decoded, on the movie's clock
	heard        time.Duration  // when the last piece of sound written begins
	held         *sample        // the last frame, until it is known how long it is shown
	interval     time.Duration  // between the last two frames, as decoded; a step of the configured rate until there are two
	shots        []shot         // frames written, as decoded
	length       time.Duration  // when the last frame or piece of sound ends
	movie        capture.Movie  // once finished
	size         int64          // of its file, in bytes
}

// shot is a frame of a movie.
type shot struct {
	at      time.Duration // of the movie
	ts      time.Duration // capture, since the epoch
	frame   uint64
	skipped uint64
}

// add writes samples. zero is when the first part begins.
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
	changed := p == nil || !sameTrack(p.video, s.Track, p.encode)
	if changed && (!s.Key || len(f.parts) == partLimit) {
		f.missed++
		return nil
	}
	if changed || f.began != nil && s.Key && len(f.parts) < partLimit {
		if p != nil {
			if err := p.close(0); err != nil {
				return err
			}
			zero = s.ts
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
	p.held = s
	return nil
}

// begin begins a part with a key frame; ahead is what comes from there on.
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
	if err != nil && sound != nil && !fullDisk(err) { // better a movie without sound than none
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
	if at+s.Duration <= 0 {
		return nil
	}
	p.heard = at
	p.length = max(p.length, at+s.Duration)
	return p.writer.Write(1, s.Packet, at, at, s.Duration)
}

// follow keeps the movie's clock at capture times, where those of the stream
// jump, or would hide a frame that was captured after the beginning: readers begin
// with the last key frame that is not after it, and would leave out what comes before.
// last is the decoding time of what the movie has of the track; it never goes
// back: capture times do, when they are better known than at first.
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

// writeHeld writes the frame that was held back; a duration of 0 is unknown.
func (p *part) writeHeld(duration time.Duration) error {
	s := p.held
	p.held = nil
	at := s.PTS + p.offset
	p.shots = append(p.shots, shot{at, s.ts, s.frame, s.skipped})
	p.length = max(p.length, at+duration)
	p.decoded = s.DTS + p.offset
	return p.writer.Write(0, s.Packet, at, s.DTS+p.offset, duration)
}

// close ends a part; its last frame is shown until the time until of the clip's
// clock, or for as long as the one before it where that is 0.
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

// shownLast reports whether no frame is shown after the one that is held. Only
// then can it be shown for longer: B-frames are decoded after what they precede.
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

// errNoFrames is what a film without any frame ends with.
var errNoFrames = errors.New("make movie: there is no frame")

// finish makes the movies that can be played, and verifies them.
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

// verify compares what a movie holds with what was written; slack is how much
// shorter or longer it may play.
func (p *part) verify(slack time.Duration) error {
	n := len(p.movie.Times)
	switch {
	case p.movie.Cut, n == 0, p.copied && n != len(p.shots), n > len(p.shots):
		return fmt.Errorf("it has %d frames of %d", n, len(p.shots))
	case p.movie.Hidden == n:
		return errors.New("it shows no frame")
	case (p.movie.Duration - p.length).Abs() > slack:
		return fmt.Errorf("it plays for %s, and %s were written", p.movie.Duration, p.length)
	}
	return nil
}

// shown returns the frames that a movie shows, in order of time, each with what
// is known of the frame that it was made of.
func (p *part) shown() []shot {
	byTime := slices.SortedStableFunc(slices.Values(p.shots), func(a, b shot) int { return cmp.Compare(a.at, b.at) })
	var shots []shot
	all := len(byTime) == len(p.movie.Times) // none was left out by the encoder
	i := 0
	for n, at := range p.movie.Times[p.movie.Hidden:] {
		if all {
			i = p.movie.Hidden + n
		}
		for !all && i+1 < len(byTime) && (byTime[i+1].at-at).Abs() <= (byTime[i].at-at).Abs() {
			i++
		}
		s := shot{ts: p.zero + at} // of a movie that an earlier process wrote nothing else is known
		if len(byTime) > 0 {
			s = byTime[i]
		}
		s.at = at
		shots = append(shots, s)
	}
	return shots
}

// place returns where in the film a time is shown, counted from the beginning of
// its first part.
func (f *film) place(ts time.Duration) time.Duration {
	before := time.Duration(0)
	for i, p := range f.parts {
		if i+1 < len(f.parts) && ts >= f.parts[i+1].zero {
			before += p.movie.Duration
			continue
		}
		at := ts - p.zero
		best := time.Duration(math.MaxInt64)
		for _, s := range p.shots { // the movie's clock is that of the stream
			if d := (s.ts - ts).Abs(); d < best {
				best, at = d, s.at+ts-s.ts
			}
		}
		return before + max(0, at)
	}
	return before
}
