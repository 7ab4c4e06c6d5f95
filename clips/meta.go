package clips

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/rules"
)

// metaVersion is the version of the format of meta.json. Adding keys does not change
// it.
const metaVersion = 1

// sameTime is how far apart frames of two streams of a camera may be to count as the
// same moment.
const sameTime = 500 * time.Millisecond

// Meta is the content of a clip's meta.json. Times in nanoseconds count from the start
// of the process; other times are wall-clock times in UTC. The JSON Schema is
// docs/meta.schema.json.
type Meta struct {
	Version    int       `json:"version"`
	EventID    string    `json:"event_id"`
	EventType  string    `json:"event_type"`
	EventTS    int64     `json:"event_ts_ns"`
	Time       time.Time `json:"time"`
	Camera     string    `json:"camera"`
	Rule       string    `json:"rule"`
	Confidence float64   `json:"confidence"`
	Clauses    any       `json:"clauses"`
	// Tracks are the objects that the rule counted in zones and at lines, with their
	// paths.
	Tracks []rules.Track `json:"tracks,omitempty"`
	// Private are the camera's privacy zones, which are black in the clip.
	Private []string `json:"private_zones,omitempty"`

	// Window is the requested time. Start and End are the capture times of the first
	// and the last frame.
	Window WindowNS  `json:"clip_window_ns"`
	Start  time.Time `json:"start_time"`
	End    time.Time `json:"end_time"`
	Pre    Roll      `json:"pre_roll_ms"`
	Post   Roll      `json:"post_roll_ms"`

	// Complete is whether the clip covers the requested time. False: the program ended
	// earlier, and the next start made the clip from what was on disk.
	Complete bool `json:"complete"`

	// FramesTotal is the number of frames in that time and FramesWritten the number in
	// the movie. FrameTS has an entry for each frame written, and so has FrameIDs if
	// the camera's frame numbers are known.
	FramesTotal   int      `json:"frames_total"`
	FramesWritten int      `json:"frames_written"`
	FrameTS       []int64  `json:"frame_ts_ns"`
	FrameIDs      []uint64 `json:"frame_ids,omitempty"`
	// Confirming is the index in FrameTS of the frame that confirmed the event or, if
	// that was in another stream, of the frame captured at that time. Nil: there is
	// none.
	Confirming *int `json:"confirming_frame"`
	// Missing counts frames left out because frames they depend on were lost. Skipped
	// counts frames lost because encoding could not keep up.
	Missing int    `json:"missing_frames"`
	Skipped uint64 `json:"skipped_frames"`

	Movie Movie `json:"movie"`
	// Parts are further movies that continue Movie, because the codec or the size of
	// the stream changed.
	Parts      []Movie `json:"parts,omitempty"`
	Thumb      string  `json:"thumb"`
	FrameFiles bool    `json:"pictures"` // whether there is a frame_NNNN.jpg for each entry of FrameTS
	EncodeMS   int64   `json:"encode_ms"`
	// Files are all files of the clip except meta.json.
	Files []MetaFile `json:"files"`

	// Events are the clip's own event and those merged into it.
	Events []MetaEvent `json:"events"`
	// Found are the detections during the clip, in the order of the results.
	Found []MetaFound `json:"detections"`
}

// WindowNS is a time range.
type WindowNS struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"`
}

// Roll is how much time before or after an event was requested, and how much the clip
// has, in milliseconds.
type Roll struct {
	Asked  int64 `json:"asked"`
	Actual int64 `json:"actual"`
}

// Movie describes one movie of a clip, as read back from the file.
type Movie struct {
	File       string  `json:"file"`
	Start      int64   `json:"start_ns"` // start, since the start of the process
	FPS        float64 `json:"fps"`      // average frames a second
	Frames     int     `json:"frames"`   // number of visible frames
	DurationMS int64   `json:"duration_ms"`
	Width      int     `json:"width"`
	Height     int     `json:"height"`
	Bytes      int64   `json:"bytes"`
	// Codec and Sound are the codecs of video and sound; Sound is empty if there is
	// none. Copied means that the video is the camera's own stream.
	Codec  capture.Codec `json:"codec"`
	Sound  capture.Codec `json:"sound,omitempty"`
	Copied bool          `json:"copied"`
	// Note is a hint for the viewer.
	Note string `json:"note,omitempty"`
}

// MetaFile is one file of a clip.
type MetaFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // hexadecimal
}

// MetaEvent is one event in a clip's metadata.
type MetaEvent struct {
	EventID   string    `json:"event_id"`
	EventType string    `json:"event_type"`
	EventTS   int64     `json:"event_ts_ns"`
	Time      time.Time `json:"time"`
	Rule      string    `json:"rule"`
}

// MetaFound is one detector result in a clip's metadata.
type MetaFound struct {
	Frame      uint64                `json:"frame_id"`
	TS         int64                 `json:"ts_ns"`
	MovieMS    int64                 `json:"movie_ms"` // position in Movie; in Parts, counted on from its end
	Signal     string                `json:"signal"`
	Value      float64               `json:"value"`
	Detections []detectors.Detection `json:"detections"`
}

// newMeta describes a clip that is about to be made.
func newMeta(c *clip) *Meta {
	j := c.jobs[0]
	m := &Meta{
		Version: metaVersion, EventID: j.ID, EventType: j.Type, EventTS: nanos(j.At), Time: j.Time.UTC(),
		Camera: j.Camera, Rule: j.rule(), Confidence: finite(j.Confidence), Clauses: j.Clauses,
		Window: WindowNS{nanos(c.start), nanos(c.end)},
		Pre:    Roll{Asked: j.Before.Milliseconds()}, Post: Roll{Asked: (c.end - j.At).Milliseconds()},
		Thumb: thumbFile, FrameTS: []int64{}, Files: []MetaFile{}, Found: []MetaFound{},
	}
	m.Start = m.wall(c.zero)
	m.End = m.Start
	m.Tracks = j.Tracks
	for _, j := range c.jobs {
		for _, name := range j.Private {
			if !slices.Contains(m.Private, name) {
				m.Private = append(m.Private, name)
			}
		}
		m.Events = append(m.Events, MetaEvent{j.ID, j.Type, nanos(j.At), j.Time.UTC(), j.rule()})
	}
	return m
}

// wall converts a time since the epoch to wall-clock time.
func (m *Meta) wall(ts time.Duration) time.Time {
	return m.Time.Add(ts - time.Duration(m.EventTS))
}

// describe adds what the finished movies contain.
func (m *Meta) describe(f *film, confirm []uint64, stills []still, notes []Note, epoch time.Time) {
	var all []shot
	known := true
	for i, p := range f.parts {
		shots := p.shown()
		all = append(all, shots...)
		movie := Movie{
			File: p.final, Start: nanos(p.zero), Frames: len(shots), DurationMS: p.movie.Duration.Milliseconds(),
			Width: p.movie.Width, Height: p.movie.Height, Bytes: p.size, Codec: p.movie.Codec, Sound: p.movie.Sound, Copied: p.copied,
		}
		movie.FPS = float64(len(shots)) / max(p.movie.Duration.Seconds(), 0.001)
		if movie.Codec == capture.HEVC {
			movie.Note = "H.265: plays only in browsers and players that have a decoder for it"
		}
		if i == 0 {
			m.Movie = movie
		} else {
			m.Parts = append(m.Parts, movie)
		}
		m.FramesTotal += len(p.shots) - p.movie.Hidden
	}
	for _, s := range all {
		m.FrameTS = append(m.FrameTS, nanos(s.ts))
		m.FrameIDs = append(m.FrameIDs, s.frame)
		known = known && s.frame != 0
	}
	if !known {
		m.FrameIDs = nil
	}
	first, last := all[0], all[len(all)-1]
	m.FramesWritten, m.Missing, m.Skipped = len(all), f.missed, last.skipped-min(first.skipped, last.skipped)
	m.FramesTotal = max(m.FramesTotal, m.FramesWritten)
	m.Start, m.End = m.wall(first.ts), m.wall(last.ts)
	m.Pre.Actual = max(0, time.Duration(m.EventTS)-first.ts).Milliseconds()
	m.Post.Actual = max(0, last.ts-time.Duration(m.EventTS)).Milliseconds()
	m.confirmed(all, confirm, stills)
	m.note(f, notes, epoch)
}

// confirmed finds the frame that confirmed the event or, if that was in another stream,
// the frame captured at the same time.
func (m *Meta) confirmed(all []shot, confirm []uint64, stills []still) {
	if len(confirm) == 0 {
		return
	}
	ts := time.Duration(-1)
	for _, s := range stills {
		if s.frame == confirm[0] {
			ts = s.ts
		}
	}
	nearest := sameTime
	for i, s := range all {
		if s.frame == confirm[0] {
			m.Confirming = &i
			return
		}
		if d := (s.ts - ts).Abs(); s.frame == 0 && ts >= 0 && d < nearest {
			nearest, m.Confirming = d, &i
		}
	}
}

// note adds the detections.
func (m *Meta) note(f *film, notes []Note, epoch time.Time) {
	for _, n := range notes {
		ts := n.Captured.Sub(epoch)
		found := MetaFound{n.Frame, nanos(ts), f.place(ts).Milliseconds(), n.Signal, finite(n.Value), []detectors.Detection{}}
		for _, d := range n.Detections {
			d.Score = finite(d.Score)
			d.Box = detectors.Box{X: finite(d.Box.X), Y: finite(d.Box.Y), W: finite(d.Box.W), H: finite(d.Box.H)}
			found.Detections = append(found.Detections, d)
		}
		m.Found = append(m.Found, found)
	}
}

// marshal returns the text of meta.json.
func (m *Meta) marshal() []byte {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		panic(err) // cannot happen: every field is a plain, finite value
	}
	return append(text, '\n')
}

// parseMeta parses a meta.json and rejects impossible values.
func parseMeta(text []byte) (*Meta, error) {
	var m Meta
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, err
	}
	if err := m.plausible(); err != nil {
		return nil, err
	}
	frames := 0
	for _, movie := range append([]Movie{m.Movie}, m.Parts...) {
		if !isFileName(movie.File) || movie.Frames <= 0 || movie.DurationMS < 0 {
			return nil, errors.New("it has no movie")
		}
		frames += movie.Frames
	}
	if len(m.FrameTS) != m.FramesWritten || m.FramesWritten > m.FramesTotal || m.FramesWritten > frames {
		return nil, errors.New("its frame counts do not match")
	}
	for _, f := range m.Files {
		if !isFileName(f.Name) {
			return nil, fmt.Errorf("%q is not a file name", f.Name)
		}
	}
	return &m, nil
}

// plausible returns why the metadata cannot be that of an event.
func (m *Meta) plausible() error {
	switch {
	case m.Version != metaVersion:
		return fmt.Errorf("version %d is not supported", m.Version)
	case m.EventID == "" || m.Camera == "" || m.Time.IsZero():
		return errors.New("it does not name its event")
	}
	return nil
}

// nanos returns a time since the epoch in nanoseconds. It is never negative: a frame
// captured before the process was ready counts as captured at 0.
func nanos(t time.Duration) int64 { return max(0, t.Nanoseconds()) }

// finite returns v, or 0 if JSON cannot represent v.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}
