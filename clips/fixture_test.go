package clips

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/rules"
)

// studio is a recorder with one camera whose frames the test makes.
type studio struct {
	t     *testing.T
	cfg   Config
	epoch time.Time
	pool  *capture.Pool
	rec   *Recorder
	ring  *Ring
	id    uint64
	stop  func() error // ends Run and returns its result
}

// testConfig keeps clips small and has no limits that depend on the machine.
func testConfig(t *testing.T) Config {
	cfg := DefaultConfig()
	cfg.Dir = filepath.Join(t.TempDir(), "evidence")
	cfg.MinFree = 0
	cfg.MaxWidth = 64
	return cfg
}

// newStudio runs a recorder. Call it in a synctest bubble.
func newStudio(t *testing.T, cfg Config, options ...func(*Options)) *studio {
	t.Helper()
	s := &studio{t: t, cfg: cfg, epoch: time.Now(), pool: capture.NewPool(16, nil)}
	o := Options{Config: cfg, Epoch: s.epoch, Grace: 3 * time.Second, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	for _, option := range options {
		option(&o)
	}
	s.rec = New(o)
	s.ring = s.rec.Ring("door", time.Duration(cfg.Before))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.rec.Run(ctx) }()
	stopped := false
	s.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-done
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
		if out := s.pool.Stats().Out; out != 0 {
			t.Errorf("%d frames are still held at the end", out)
		}
		s.pool.Close()
	})
	return s
}

// now returns the time since the epoch.
func (s *studio) now() time.Duration { return time.Since(s.epoch) }

// frame makes a frame with one reference.
func (s *studio) frame() *capture.Frame {
	s.t.Helper()
	s.id++
	return takeFrame(s.t, s.pool, s.id, 64, 48, time.Now())
}

// film offers frames at 30 per second for a while.
func (s *studio) film(d time.Duration) {
	s.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); {
		f := s.frame()
		s.ring.Offer(f)
		f.Release()
		time.Sleep(time.Second / 30)
	}
}

// job returns the job of an event that this moment's frame confirms.
func (s *studio) job(id string) Job {
	return Job{
		Event: rules.Event{
			ID: id, Type: "person_at_door", Camera: "door", Phase: rules.PhaseConfirmed, At: s.now(), Time: time.Now(),
			Confidence: 0.9, Clauses: []rules.Clause{{Text: "person >= 1", Signal: "person", Op: ">=", Threshold: 1, Value: 1, Truth: rules.True}},
		},
		Before: time.Duration(s.cfg.Before), After: time.Duration(s.cfg.After),
		Confirming: s.frame(),
		Detections: []detectors.Detection{{Label: "person", Score: 0.9, Box: detectors.Box{X: 0.2, Y: 0.2, W: 0.4, H: 0.6}}},
	}
}

// save requests a clip, which must be accepted.
func (s *studio) save(job Job) {
	s.t.Helper()
	if err := s.rec.Save(job); err != nil {
		s.t.Fatalf("Save: %v", err)
	}
}

// drain waits for every clip. No more frames come.
func (s *studio) drain() {
	s.t.Helper()
	if err := s.rec.Drain(s.t.Context()); err != nil {
		s.t.Fatalf("Drain: %v", err)
	}
}

// list returns the clips on disk after checking every file of each.
func (s *studio) list() []Entry {
	s.t.Helper()
	return wholeClips(s.t, s.cfg.Dir)
}

// meta returns the metadata of a clip.
func (s *studio) meta(e Entry) *Meta {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.cfg.Dir, e.Path, metaFile))
	if err != nil {
		s.t.Fatal(err)
	}
	m, err := parseMeta(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

// takeFrame returns a frame whose pixels depend on its ID.
func takeFrame(t testing.TB, pool *capture.Pool, id uint64, width, height int, at time.Time) *capture.Frame {
	t.Helper()
	f, err := pool.Get("door", id, width, height, at)
	if err != nil {
		t.Fatal(err)
	}
	if f == nil {
		t.Fatal("the pool is empty")
	}
	pix := f.Pixels()
	for i := range pix {
		pix[i] = byte(i/3%width*3 + int(id))
	}
	return f
}

// wholeClips lists the clips in dir and checks each completely.
func wholeClips(t testing.TB, dir string) []Entry {
	t.Helper()
	entries, err := List(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Damaged != "" {
			t.Errorf("clip %s: %s", e.Path, e.Damaged)
			continue
		}
		clip := filepath.Join(dir, e.Path)
		text, err := os.ReadFile(filepath.Join(clip, metaFile))
		if err != nil {
			t.Error(err)
			continue
		}
		m, err := parseMeta(text)
		if err != nil {
			t.Errorf("clip %s: %v", e.Path, err)
			continue
		}
		movie, err := muxerOf(m.Movie.File).Read(filepath.Join(clip, m.Movie.File))
		if err != nil || len(movie.Times)-movie.Hidden != m.Movie.Frames || movie.Duration.Milliseconds() != m.Movie.DurationMS {
			t.Errorf("clip %s: movie has %d frames of %s, %v; metadata says %+v", e.Path, len(movie.Times), movie.Duration, err, m.Movie)
		}
		if err := Verify(t.Context(), dir, e); err != nil {
			t.Errorf("clip %s: %v", e.Path, err)
		}
		if _, err := os.Stat(filepath.Join(clip, thumbFile)); err != nil {
			t.Error(err)
		}
	}
	return entries
}

// muxerOf returns a reader for a movie.
func muxerOf(name string) Muxer {
	switch filepath.Ext(name) {
	case ".lines":
		return lines{}
	case ".mp4":
		if realMuxer != nil {
			return realMuxer
		}
	}
	return AVI{}
}

// hidden returns the names of unfinished clips in dir.
func hidden(t testing.TB, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var names []string
	for _, d := range list {
		if strings.HasPrefix(d.Name(), ".") {
			names = append(names, d.Name())
		}
	}
	return names
}

// inBubble runs a test in a synctest bubble.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// slow takes 300 ms to write a frame.
type slow struct{ faulty }

func (s slow) Create(path string, tracks []capture.MovieTrack) (capture.MovieWriter, error) {
	w, err := s.faulty.Create(path, tracks)
	return slowWriter{w}, err
}

type slowWriter struct{ capture.MovieWriter }

func (w slowWriter) Write(track int, p *capture.Packet, pts, dts, duration time.Duration) error {
	time.Sleep(300 * time.Millisecond)
	return w.MovieWriter.Write(track, p, pts, dts, duration)
}
