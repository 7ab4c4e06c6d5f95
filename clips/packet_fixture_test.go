package clips

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"time"

	"rvo-tui/capture"
)

// lines is a Muxer whose movies are JSON lines that tests can read. It copies H.264 and AAC.
type lines struct{}

// line is one packet, or the tracks if Tracks is set.
type line struct {
	Tracks             []capture.Codec `json:",omitempty"`
	Track              int
	PTS, DTS, Duration time.Duration
	Key                bool
	Data               []byte
}

func (lines) Ext() string { return ".lines" }

func (lines) Copies(codec capture.Codec) bool { return codec == capture.H264 || codec == capture.AAC }

func (lines) Create(path string, tracks []capture.MovieTrack) (capture.MovieWriter, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return nil, err
	}
	w := linesWriter{file}
	var codecs []capture.Codec
	for _, t := range tracks {
		codecs = append(codecs, t.First.Track.Codec)
	}
	return w, w.write(line{Tracks: codecs})
}

type linesWriter struct{ file *os.File }

func (w linesWriter) write(l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = w.file.Write(append(text, '\n'))
	return err
}

func (w linesWriter) Write(track int, p *capture.Packet, pts, dts, duration time.Duration) error {
	return w.write(line{Track: track, PTS: pts, DTS: dts, Duration: duration, Key: p.Key, Data: p.Data})
}

func (w linesWriter) Close() error { return w.file.Close() }

func (lines) Finish(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}

func (lines) Read(path string) (capture.Movie, error) {
	movie := capture.Movie{Width: 64, Height: 48}
	all, err := readLines(path)
	if err != nil {
		return movie, err
	}
	// Like FFmpeg, start with the last key frame that is not after the beginning.
	begin := 1
	for i, l := range all {
		if l.Tracks == nil && l.Track == 0 && l.Key && l.PTS <= 0 {
			begin = i
		}
	}
	all = append(all[:1], slices.DeleteFunc(all[1:], func(l line) bool { return l.Track == 0 && l.DTS < all[begin].DTS })...)
	for i, l := range all {
		switch {
		case i == 0:
			movie.Codec = l.Tracks[0]
			if len(l.Tracks) > 1 {
				movie.Sound = l.Tracks[1]
			}
			continue
		case l.Track == 0:
			movie.Times = append(movie.Times, l.PTS)
			if l.PTS < 0 {
				movie.Hidden++
			}
		default:
			movie.Samples++
		}
		movie.Duration = max(movie.Duration, l.PTS+l.Duration)
	}
	slices.Sort(movie.Times)
	// Like FFmpeg, leave out a frame that starts before the beginning, however long it is shown,
	// and play the next one at once.
	if shown := movie.Times[movie.Hidden:]; len(shown) > 0 {
		lost := shown[0]
		for i := range shown {
			shown[i] -= lost
		}
		movie.Duration -= lost
	}
	return movie, nil
}

func (lines) Frames(path string, _ int, yield func(at time.Duration, jpeg []byte) bool) error {
	all, err := readLines(path)
	for _, l := range all {
		if l.Tracks == nil && l.Track == 0 && l.PTS >= 0 && !yield(l.PTS, testJPEG(64, 48, 1)) {
			break
		}
	}
	return err
}

// readLines reads a movie; an incomplete last line is ignored.
func readLines(path string) (all []line, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	for in := bufio.NewReader(file); ; {
		text, err := in.ReadBytes('\n')
		if err != nil {
			if len(all) == 0 {
				return nil, errors.New("the movie has no beginning")
			}
			return all, nil
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return all, err
		}
		all = append(all, l)
	}
}

// sender is a camera that sends packets of video and sound to a studio.
type sender struct {
	*studio
	video, sound *capture.Track
	every        time.Duration // between frames
	group        int           // frames from one key frame to the next
	n            int           // frames sent
	began        time.Time     // of the connection: PTS 0
	late         time.Duration // how much too late capture times are
	sent         []*capture.Packet
}

func (s *studio) connect(every time.Duration, group int) *sender {
	c := &sender{studio: s, every: every, group: group}
	c.reconnect(0)
	return c
}

// reconnect starts a new connection with times that count from pts.
func (c *sender) reconnect(pts time.Duration) {
	c.video = &capture.Track{Video: true, Codec: capture.H264, Width: 64, Height: 48, Config: []byte{1}}
	c.sound = &capture.Track{Codec: capture.AAC, SampleRate: 8000, Channels: 1}
	c.began, c.n = time.Now().Add(-pts), 0
}

// send sends for a while. Of every three frames after a key frame, the first is shown last, as
// with two B-frames.
func (c *sender) send(d time.Duration) {
	c.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); {
		at := time.Since(c.began)
		shown := at
		if i := c.n % c.group; c.group > 3 && i > 0 && (i-1)/3*3+3 < c.group {
			shown += []time.Duration{2, -1, -1}[(i-1)%3] * c.every
		}
		c.offer(&capture.Packet{Track: c.video, PTS: shown, DTS: at, Key: c.n%c.group == 0})
		if c.sound != nil {
			c.offer(&capture.Packet{Track: c.sound, PTS: at, DTS: at, Duration: c.every, Key: true})
		}
		c.n++
		time.Sleep(c.every)
	}
}

func (c *sender) offer(p *capture.Packet) {
	p.Captured = c.began.Add(p.PTS + c.late)
	p.Data = []byte{byte(len(c.sent) >> 8), byte(len(c.sent))}
	c.sent = append(c.sent, p)
	c.ring.OfferPacket(p)
}
