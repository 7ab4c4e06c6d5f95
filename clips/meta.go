package clips

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"rvo-tui/detectors"
)

// metaVersion is the version of the form of meta.json. Keys may be added within
// a version.
const metaVersion = 1

// Meta is the content of a clip's meta.json. Times in nanoseconds count from the
// start of the process; the others are on the wall clock, in UTC. Its JSON
// Schema is docs/meta.schema.json.
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

	// Window is the time that was asked for; Start and End are when the first
	// and the last picture were taken.
	Window WindowNS  `json:"clip_window_ns"`
	Start  time.Time `json:"start_time"`
	End    time.Time `json:"end_time"`
	Pre    Roll      `json:"pre_roll_ms"`
	Post   Roll      `json:"post_roll_ms"`

	// FramesTotal is how many pictures there were of that time, FramesWritten how
	// many of them the movie shows; FrameTS and FrameIDs have an entry for each.
	FramesTotal   int      `json:"frames_total"`
	FramesWritten int      `json:"frames_written"`
	FrameTS       []int64  `json:"frame_ts_ns"`
	FrameIDs      []uint64 `json:"frame_ids"`
	// Confirming is the index in FrameTS of the frame that confirmed the event;
	// nil where there is none.
	Confirming *int `json:"confirming_frame"`
	// Missing is how many places of the movie repeat the picture before them,
	// Skipped how many pictures were lost because encoding could not keep up.
	Missing int    `json:"missing_frames"`
	Skipped uint64 `json:"skipped_frames"`

	Movie    Movie  `json:"movie"`
	Thumb    string `json:"thumb"`
	Pictures bool   `json:"pictures"` // whether there is a frame_NNNN.jpg for each of FrameTS
	EncodeMS int64  `json:"encode_ms"`

	// Events are the events that the clip shows: its own, and those merged into it.
	Events []MetaEvent `json:"events"`
	// Found is what detectors found meanwhile, in the order of their answers.
	Found []MetaFound `json:"detections"`
}

// WindowNS is a stretch of time.
type WindowNS struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"`
}

// Roll is how much of the time around an event was asked for and is there, in
// milliseconds.
type Roll struct {
	Asked  int64 `json:"asked"`
	Actual int64 `json:"actual"`
}

// Movie describes the movie of a clip, as read back from the file.
type Movie struct {
	File       string  `json:"file"`
	FPS        float64 `json:"fps"`
	Frames     int     `json:"frames"`
	DurationMS int64   `json:"duration_ms"`
	Width      int     `json:"width"`
	Height     int     `json:"height"`
	Bytes      int64   `json:"bytes"`
}

// MetaEvent is one event in the metadata of a clip.
type MetaEvent struct {
	EventID   string    `json:"event_id"`
	EventType string    `json:"event_type"`
	EventTS   int64     `json:"event_ts_ns"`
	Time      time.Time `json:"time"`
	Rule      string    `json:"rule"`
}

// MetaFound is one answer of a detector in the metadata of a clip.
type MetaFound struct {
	Frame      uint64                `json:"frame_id"`
	TS         int64                 `json:"ts_ns"`
	Signal     string                `json:"signal"`
	Value      float64               `json:"value"`
	Detections []detectors.Detection `json:"detections"`
}

// newMeta describes what a clip shows; the caller adds what the disk knows.
func newMeta(c *clip, all int, movie []shown, notes []Note, cfg Config, epoch time.Time) *Meta {
	j := c.jobs[0]
	first, last := movie[0], movie[len(movie)-1]
	m := &Meta{
		Version: metaVersion, EventID: j.ID, EventType: j.Type, EventTS: nanos(j.At), Time: j.Time.UTC(),
		Camera: j.Camera, Rule: j.rule(), Confidence: finite(j.Confidence), Clauses: j.Clauses,
		Window: WindowNS{nanos(c.start), nanos(c.end)}, Start: first.wall.UTC(), End: last.wall.UTC(),
		Pre:         Roll{j.Before.Milliseconds(), max(0, j.At-first.ts).Milliseconds()},
		Post:        Roll{(c.end - j.At).Milliseconds(), max(0, last.ts-j.At).Milliseconds()},
		FramesTotal: all, FramesWritten: len(movie), Skipped: last.skipped - first.skipped,
		Thumb: thumbFile, Pictures: cfg.Frames, Found: []MetaFound{},
	}
	for i, s := range movie {
		m.FrameTS = append(m.FrameTS, nanos(s.ts))
		m.FrameIDs = append(m.FrameIDs, s.id)
		m.Missing += s.repeat - 1
		if len(c.confirm) > 0 && s.id == c.confirm[0] {
			m.Confirming = &i
		}
	}
	for _, j := range c.jobs {
		m.Events = append(m.Events, MetaEvent{j.ID, j.Type, nanos(j.At), j.Time.UTC(), j.rule()})
	}
	for _, n := range notes {
		found := MetaFound{n.Frame, nanos(n.Captured.Sub(epoch)), n.Signal, finite(n.Value), []detectors.Detection{}}
		for _, d := range n.Detections {
			d.Score = finite(d.Score)
			d.Box = detectors.Box{X: finite(d.Box.X), Y: finite(d.Box.Y), W: finite(d.Box.W), H: finite(d.Box.H)}
			found.Detections = append(found.Detections, d)
		}
		m.Found = append(m.Found, found)
	}
	return m
}

// marshal returns the text of meta.json.
func (m *Meta) marshal() []byte {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		panic(err) // every field is a plain, finite value
	}
	return append(text, '\n')
}

// parseMeta reads the text of a meta.json and reports what is impossible in it.
func parseMeta(text []byte) (*Meta, error) {
	var m Meta
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, err
	}
	switch {
	case m.Version != metaVersion:
		return nil, fmt.Errorf("version %d is not known here", m.Version)
	case m.EventID == "" || m.Camera == "" || m.Time.IsZero():
		return nil, fmt.Errorf("it does not name its event")
	case !isFileName(m.Movie.File) || m.Movie.Frames <= 0 || m.Movie.DurationMS < 0:
		return nil, fmt.Errorf("it has no movie")
	case len(m.FrameTS) != m.FramesWritten || m.FramesWritten > m.FramesTotal || m.FramesWritten > m.Movie.Frames:
		return nil, fmt.Errorf("its counts of frames do not agree")
	}
	return &m, nil
}

// nanos returns a time since the epoch as metadata has it: never negative, since
// a frame that was captured before the process was ready counts as its first.
func nanos(t time.Duration) int64 { return max(0, t.Nanoseconds()) }

// finite returns v, or 0 for what JSON has no number for.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}
