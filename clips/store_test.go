package clips

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
)

// sameAsIndex checks that the index lists exactly the clips on disk.
func sameAsIndex(t *testing.T, dir string) {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, indexFile))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	indexed, bad, err := readIndex(file)
	if err != nil || bad != 0 {
		t.Fatalf("index: %d bad lines, %v", bad, err)
	}
	byPath := make(map[string]Entry)
	for _, e := range indexed {
		byPath[e.Path] = e
	}
	entries := wholeClips(t, dir)
	if len(byPath) != len(indexed) || len(byPath) != len(entries) {
		t.Fatalf("index has %d lines for %d paths; there are %d clips", len(indexed), len(byPath), len(entries))
	}
	for _, e := range entries {
		if _, ok := byPath[e.Path]; !ok {
			t.Errorf("clip %s is not in the index", e.Path)
		}
	}
}

// makeClips saves n clips an hour apart, the last one at the given time.
func makeClips(t *testing.T, cfg Config, n int, last time.Time) {
	t.Helper()
	s := quietStore(cfg)
	for i := range n {
		at := last.Add(-time.Duration(n-1-i) * time.Hour)
		if _, err := makeClip(t, s, fmt.Sprintf("event%d", i), at, 3); err != nil {
			t.Fatal(err)
		}
	}
}

func quietStore(cfg Config) *store {
	return New(Options{Config: cfg, Epoch: time.Now(), Log: slog.New(slog.NewTextHandler(io.Discard, nil))}).store
}

func testClip(id string, at time.Time) *clip {
	return &clip{jobs: []Job{{Event: rules.Event{ID: id, Type: "x", Camera: "door", At: time.Second, Time: at}}}, end: 2 * time.Second}
}

// testFrames returns JPEG frames at intervals of 100 ms.
func testFrames(n int) (got cut) {
	track := &capture.Track{Video: true, Codec: capture.MJPEG, Width: 32, Height: 24}
	for i := range n {
		at := time.Duration(i) * 100 * time.Millisecond
		got.samples = append(got.samples, sample{
			Packet: &capture.Packet{Track: track, Data: testJPEG(32, 24, byte(i)), PTS: at, DTS: at, Key: true},
			seq:    uint64(i + 1), ts: at, frame: uint64(i + 1),
		})
	}
	return got
}

func TestRetention(t *testing.T) {
	now := time.Now()
	for _, tc := range []struct {
		name   string
		bound  func(cfg *Config, each text.Bytes)
		remain int
		reason int
	}{
		{"none", func(*Config, text.Bytes) {}, 5, byAge},
		{"age", func(cfg *Config, _ text.Bytes) { cfg.MaxAge = 9000 * 1e9 }, 3, byAge},
		{"bytes", func(cfg *Config, each text.Bytes) { cfg.MaxBytes = 2*each + each/2 }, 2, byBytes},
		{"free", func(cfg *Config, _ text.Bytes) { cfg.MinFree = 1 << 60 }, 0, byFree},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := testConfig(t)
			cfg.MaxBytes, cfg.MaxAge = 0, 0
			makeClips(t, cfg, 5, now)
			tc.bound(&cfg, text.Bytes(wholeClips(t, cfg.Dir)[0].Bytes))
			s := quietStore(cfg)
			s.dates.look(now.Add(-clockHold), now.Sub(s.epoch)-clockHold) // it has gone evenly
			err := s.refresh(now)
			if tc.name == "free" && !errors.Is(err, errLowDisk) || tc.name != "free" && err != nil {
				t.Fatal(err)
			}
			entries := wholeClips(t, cfg.Dir)
			if len(entries) != tc.remain || s.removed[tc.reason] != uint64(5-tc.remain) {
				t.Fatalf("%d clips remain, removed %v", len(entries), s.removed)
			}
			for i, e := range entries {
				if want := fmt.Sprintf("event%d", 5-tc.remain+i); e.EventID != want {
					t.Errorf("clip %d is %s, want %s: the oldest goes first", i, e.EventID, want)
				}
			}
			sameAsIndex(t, cfg.Dir)
			if left := hidden(t, cfg.Dir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestRetentionPassesOverABadClip(t *testing.T) {
	cfg := testConfig(t)
	makeClips(t, cfg, 3, time.Now())
	oldest := wholeClips(t, cfg.Dir)[0]
	s := quietStore(cfg)
	if err := s.refresh(time.Now()); err != nil {
		t.Fatal(err)
	}
	// Its name is now a path that cannot be that of a clip, so renaming fails.
	s.entries[0].Path = strings.Repeat("x", 300)
	s.cfg.MaxBytes = 1
	if err := s.tidy(time.Now()); err != nil {
		t.Fatal(err)
	}
	if entries := wholeClips(t, cfg.Dir); len(entries) != 1 || entries[0].Path != oldest.Path {
		t.Errorf("remain: %+v", entries)
	}
}

func TestDamagedMetadataCountsAndGoes(t *testing.T) {
	cfg := testConfig(t)
	makeClips(t, cfg, 2, time.Now())
	oldest := wholeClips(t, cfg.Dir)[0]
	if err := os.WriteFile(filepath.Join(cfg.Dir, oldest.Path, metaFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(cfg.Dir, indexFile)); err != nil {
		t.Fatal(err)
	}
	entries, err := List(cfg.Dir)
	if err != nil || len(entries) != 2 || entries[0].Damaged == "" || entries[0].Camera != "door" || entries[0].Bytes == 0 {
		t.Fatalf("%+v, %v", entries, err)
	}
	cfg.MaxBytes = text.Bytes(entries[1].Bytes)
	if err := quietStore(cfg).refresh(time.Now()); err != nil {
		t.Fatal(err)
	}
	if entries := wholeClips(t, cfg.Dir); len(entries) != 1 || entries[0].EventID != "event1" {
		t.Errorf("remain: %+v", entries)
	}
}

func TestIndexIsRebuilt(t *testing.T) {
	for name, harm := range map[string]func(t *testing.T, dir string){
		"lost": func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, indexFile)); err != nil {
				t.Fatal(err)
			}
		},
		"torn": func(t *testing.T, dir string) {
			info, err := os.Stat(filepath.Join(dir, indexFile))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(filepath.Join(dir, indexFile), info.Size()-9); err != nil {
				t.Fatal(err)
			}
		},
		"garbage": func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, indexFile), bytes.Repeat([]byte{0xff}, 3*maxIndexLine), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"stale": func(t *testing.T, dir string) {
			if err := os.RemoveAll(filepath.Join(dir, wholeClips(t, dir)[0].Path)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t)
			makeClips(t, cfg, 3, time.Now())
			want := wholeClips(t, cfg.Dir)
			harm(t, cfg.Dir)
			if name == "stale" {
				want = want[1:]
			}
			if got := wholeClips(t, cfg.Dir); !reflect.DeepEqual(got, want) {
				t.Errorf("List:\n%+v, want\n%+v", got, want)
			}
			if err := quietStore(cfg).refresh(time.Now()); err != nil {
				t.Fatal(err)
			}
			sameAsIndex(t, cfg.Dir)
		})
	}
}

func TestAppendMendsATornLine(t *testing.T) {
	cfg := testConfig(t)
	makeClips(t, cfg, 2, time.Now())
	name := filepath.Join(cfg.Dir, indexFile)
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(`{"event_id":"` + strings.Repeat("x", 5000)); err != nil {
		t.Fatal(err)
	}
	file.Close()
	makeClips(t, cfg, 1, time.Now().Add(time.Hour))
	sameAsIndex(t, cfg.Dir)
}

func TestLinksDoNotLeadOut(t *testing.T) {
	cfg := testConfig(t)
	outside := t.TempDir()
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(cfg.Dir, "door")); err != nil {
		t.Fatal(err)
	}
	other := cfg
	other.Dir = outside
	makeClips(t, other, 1, time.Now().Add(-time.Hour))
	_, err := makeClip(t, quietStore(cfg), "a", time.Now(), 2)
	if err == nil {
		t.Error("saved through a link that leads out of the directory")
	}
	cfg.MaxBytes = 1
	if err := quietStore(cfg).refresh(time.Now()); err != nil {
		t.Fatal(err)
	}
	if n := len(wholeClips(t, outside)); n != 1 {
		t.Errorf("%d clips outside, want the one that was there", n)
	}
	if n := len(wholeClips(t, cfg.Dir)); n != 0 {
		t.Errorf("%d clips listed through a link", n)
	}
}

func TestAnotherProcessIsLeftAlone(t *testing.T) {
	for _, prefix := range []string{buildingPrefix, probePrefix} {
		cfg := testConfig(t)
		other := filepath.Join(cfg.Dir, prefix+"other")
		if err := os.MkdirAll(other, 0o700); err != nil {
			t.Fatal(err)
		}
		dir, err := os.Open(other)
		if err != nil {
			t.Fatal(err)
		}
		if !lock(dir) {
			t.Fatal("no lock")
		}
		for _, held := range []bool{true, false} {
			if err := quietStore(cfg).refresh(time.Now()); err != nil {
				t.Fatal(err)
			}
			if got := len(hidden(t, cfg.Dir)) == 1; got != held {
				t.Errorf("%s, lock held %v: directory there %v", prefix, held, got)
			}
			dir.Close()
		}
	}
}

func TestListIsFitForATerminal(t *testing.T) {
	cfg := testConfig(t)
	c := testClip("a", time.Now())
	c.jobs[0].Type = "\x1b[2Jowned\u009b"
	if _, err := quietStore(cfg).work(t.Context(), task{clip: c, view: *c, cut: testFrames(2), last: true}); err != nil {
		t.Fatal(err)
	}
	if got := wholeClips(t, cfg.Dir)[0].EventType; got != "\ufffd[2Jowned\ufffd" {
		t.Errorf("event type %q", got)
	}
}

func TestSameNameTwice(t *testing.T) {
	cfg := testConfig(t)
	at := time.Now()
	s := quietStore(cfg)
	for range 3 {
		if _, err := makeClip(t, s, "same", at, 2); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(cfg.Dir, indexFile)); err != nil {
		t.Fatal(err)
	}
	if n := len(wholeClips(t, cfg.Dir)); n != 3 {
		t.Errorf("%d clips, want 3", n)
	}
}

// faulty is a Muxer that fails as the test chooses.
type faulty struct {
	AVI
	create func(path string) error // nil: as AVI does
	read   func(m capture.Movie) capture.Movie
}

func (f faulty) Ext() string { return ".odd" }

func (f faulty) Copies(capture.Codec) bool { return false }

func (f faulty) Create(path string, tracks []capture.MovieTrack) (capture.MovieWriter, error) {
	if f.create != nil {
		if err := f.create(path); err != nil {
			return nil, err
		}
	}
	return f.AVI.Create(path, tracks)
}

func (f faulty) Read(path string) (capture.Movie, error) {
	m, err := f.AVI.Read(path)
	if f.read != nil && err == nil {
		return f.read(m), nil
	}
	return m, err
}

// makeClip makes a clip at once.
func makeClip(t *testing.T, s *store, id string, at time.Time, frames int) (Entry, error) {
	t.Helper()
	return s.work(t.Context(), task{clip: &clip{}, view: *testClip(id, at), cut: testFrames(frames), last: true})
}

func TestFaultyMuxerFallsBackToAVI(t *testing.T) {
	for _, tc := range []struct {
		name string
		mux  faulty
		want string
		logs int // lines for two clips
	}{
		{"good", faulty{}, ".odd", 0},
		{"no codec", faulty{create: func(string) error {
			return fmt.Errorf("open H.264 encoder: %w", capture.ErrUnsupported)
		}}, ".avi", 1},
		{"half a file", faulty{read: func(m capture.Movie) capture.Movie { m.Cut = true; return m }}, ".avi", 1},
		{"short", faulty{read: func(m capture.Movie) capture.Movie { m.Times = nil; return m }}, ".avi", 1},
		{"wrong clock", faulty{read: func(m capture.Movie) capture.Movie { m.Duration *= 2; return m }}, ".avi", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := testConfig(t)
			var log bytes.Buffer
			s := New(Options{Config: cfg, Muxer: tc.mux, Log: slog.New(slog.NewTextHandler(&log, nil))}).store
			for i := range 2 {
				e, err := makeClip(t, s, fmt.Sprint(i), time.Now(), 8)
				if err != nil {
					t.Fatal(err)
				}
				if filepath.Ext(e.Movie) != tc.want {
					t.Errorf("movie %s, want %s", e.Movie, tc.want)
				}
				if list, _ := os.ReadDir(filepath.Join(cfg.Dir, e.Path)); len(list) != 3 {
					t.Errorf("files: %v", list)
				}
			}
			if n := strings.Count(log.String(), "\n"); n != tc.logs {
				t.Errorf("%d lines of log, want %d:\n%s", n, tc.logs, log.String())
			}
			wholeClips(t, cfg.Dir)
		})
	}
}

func TestMuxerThatDoesNotFinish(t *testing.T) {
	release := make(chan struct{})
	for _, tc := range []struct {
		name    string
		mux     Muxer
		want    error
		waiting time.Duration
	}{
		{"slow", slow{}, nil, 3 * time.Second},
		{"hangs", faulty{create: func(string) error { <-release; return nil }}, errHang, 3500 * time.Millisecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				release = make(chan struct{})
				var log bytes.Buffer
				s := newStudio(t, testConfig(t), func(o *Options) {
					o.Muxer, o.Log = tc.mux, slog.New(slog.NewTextHandler(&log, nil))
				})
				s.film(time.Second)
				s.save(s.job("a"))
				s.save(s.job("b"))
				s.film(3 * time.Second)
				began := time.Now()
				if err := s.stop(); !errors.Is(err, tc.want) {
					t.Errorf("Run: %v, want %v", err, tc.want)
				}
				if took := time.Since(began); took < tc.waiting || took > tc.waiting+time.Second {
					t.Errorf("shutdown took %s, want %s", took, tc.waiting)
				}
				if st := s.rec.Status(); st.Dropped[DropDeadline] != 2 || st.Waiting != 0 {
					t.Errorf("%d dropped for the deadline, %d waiting", st.Dropped[DropDeadline], st.Waiting)
				}
				for _, event := range []string{"event=a ", "event=b "} {
					if n := strings.Count(log.String(), event); n != 1 {
						t.Errorf("%d lines tell of %s:\n%s", n, event, log.String())
					}
				}
				if n := len(wholeClips(t, s.cfg.Dir)); n != 0 {
					t.Errorf("%d clips", n)
				}
				close(release)
				synctest.Wait() // the hanging operation ends now, while the directory exists
			})
		})
	}
}

func TestDiskTroubleDegradesAndRecovers(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		cfg := testConfig(t)
		full := false
		mux := faulty{create: func(path string) error {
			if full {
				return &os.PathError{Op: "write", Path: path, Err: syscall.ENOSPC}
			}
			return nil
		}}
		s := newStudio(t, cfg, func(o *Options) { o.Muxer = mux })
		s.film(4 * time.Second)
		full = true
		s.save(s.job("a"))
		s.film(3 * time.Second)
		s.drain()
		st := s.rec.Status()
		if st.State != "degraded" || !strings.Contains(st.Reason, "free some space") || st.Dropped[DropDisk] != 1 {
			t.Errorf("full disk: %+v", st)
		}
		if left := hidden(t, cfg.Dir); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		full = false
		s.film(retryEvery)
		if st := s.rec.Status(); st.State != "ok" {
			t.Errorf("after %s: %+v", retryEvery, st)
		}

		// The directory vanishes, and a file takes its place.
		if err := os.RemoveAll(cfg.Dir); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(cfg.Dir, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		s.save(s.job("b"))
		s.film(3 * time.Second)
		s.drain()
		if st := s.rec.Status(); st.State != "degraded" || st.Dropped[DropDisk] != 2 {
			t.Errorf("vanished directory: %+v", st)
		}
		if err := os.Remove(cfg.Dir); err != nil {
			t.Fatal(err)
		}
		s.film(retryEvery)
		s.save(s.job("c"))
		s.film(3 * time.Second)
		s.drain()
		if st := s.rec.Status(); st.State != "ok" || st.Saved != 1 || len(s.list()) != 1 {
			t.Errorf("at the end: %+v", st)
		}
	})
}
