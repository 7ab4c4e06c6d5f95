package clips

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/internal/text"
)

// diary is a log that tests can read while it is written.
type diary struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(p)
}

// count returns the number of lines with a text.
func (d *diary) count(text string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for line := range strings.Lines(d.text.String()) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

// in makes it the log of a recorder.
func (d *diary) in(o *Options) { o.Log = slog.New(slog.NewTextHandler(d, nil)) }

// A disk that hangs is reported after half a minute, with what waits for it, as is each event
// that loses its clip meanwhile.
func TestFrozenDiskIsTold(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var log diary
		thaw := make(chan struct{})
		s := newStudio(t, testConfig(t), log.in, func(o *Options) {
			o.Muxer = faulty{create: func(string) error { <-thaw; return nil }}
		})
		s.film(4 * time.Second)
		s.save(s.job("first"))
		lost := 0
		for i := range 24 {
			s.film(time.Second)
			if err := s.rec.Save(s.job(fmt.Sprintf("storm-%d", i))); errors.Is(err, ErrFull) {
				lost++
			}
		}
		s.film(10 * time.Second)
		st := s.rec.Status()
		if st.State != "degraded" || !strings.Contains(st.Reason, "event first") || !strings.Contains(st.Reason, "; check the disk") || st.Dropped[DropQueue] != uint64(lost) || lost == 0 {
			t.Errorf("frozen: %+v", st)
		}
		s.film(20 * time.Second)
		if n := log.count("evidence is degraded"); n != 2 { // lost clips, and the disk
			t.Errorf("%d lines tell that evidence is degraded:\n%s", n, &log)
		}
		if n := log.count("event=storm-"); n != lost {
			t.Errorf("%d of %d lost events are named:\n%s", n, lost, &log)
		}
		close(thaw)
		s.film(lostHold)
		s.drain()
		if st := s.rec.Status(); st.State != "ok" {
			t.Errorf("a while after it answers again: %+v", st)
		}
		if n := log.count("evidence works again"); n != 1 {
			t.Errorf("%d lines tell that evidence works again:\n%s", n, &log)
		}
	})
}

// A disk that hangs holds up neither Drain nor, after that, the end.
func TestDrainGivesUpOnAFrozenDisk(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		thaw := make(chan struct{})
		s := newStudio(t, testConfig(t), func(o *Options) {
			o.Muxer = faulty{create: func(string) error { <-thaw; return nil }}
		})
		s.film(4 * time.Second)
		s.save(s.job("a"))
		s.film(3 * time.Second)
		s.ring.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := s.rec.Drain(ctx); err != nil {
			t.Error(err)
		}
		if err := s.stop(); !errors.Is(err, errHang) {
			t.Errorf("Run: %v", err)
		}
		close(thaw)
		synctest.Wait() // the task that was abandoned leaves the directory
	})
}

// plainJob returns a job without a confirming frame.
func (s *studio) plainJob(id string) Job {
	job := s.job(id)
	job.Confirming.Release()
	job.Confirming = nil
	return job
}

// However an event loses its clip, evidence is degraded for a while.
func TestLostClipDegrades(t *testing.T) {
	for _, c := range []struct {
		reason string
		change func(cfg *Config)
		lose   func(s *studio)
		remedy string
	}{
		{DropFrames, nil, func(s *studio) {
			s.rec.Ring("yard", time.Second) // it gets none
			job := s.plainJob("a")
			job.Camera = "yard"
			s.save(job)
		}, "raise clips.memory"},
		{DropQueue, nil, func(s *studio) {
			for range JobLimit {
				s.save(s.plainJob("other"))
			}
			_ = s.rec.Save(s.plainJob("a"))
		}, "clips.merge"},
		{DropCamera, nil, func(s *studio) {
			job := s.job("a")
			job.Camera = "nobody"
			_ = s.rec.Save(job)
		}, "clip = true"},
		{DropBytes, func(cfg *Config) { cfg.MaxBytes = 2000 }, func(s *studio) { s.save(s.job("a")) }, "raise clips.max_bytes"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				cfg := testConfig(t)
				if c.change != nil {
					c.change(&cfg)
				}
				var log diary
				s := newStudio(t, cfg, log.in)
				s.film(4 * time.Second)
				c.lose(s)
				s.film(5 * time.Second)
				s.drain()
				st := s.rec.Status()
				if st.State != "degraded" || !strings.Contains(st.Reason, c.remedy) || st.Dropped[c.reason] != 1 {
					t.Errorf("%+v", st)
				}
				if log.count("event=a ") != 1 || log.count("evidence is degraded") != 1 {
					t.Errorf("the log:\n%s", &log)
				}
				time.Sleep(lostHold)
				synctest.Wait()
				if st := s.rec.Status(); st.State != "ok" || log.count("evidence works again") != 1 {
					t.Errorf("after %v: %+v\n%s", lostHold, st, &log)
				}
			})
		})
	}
}

// Twelve clips that a full disk refuses give twelve lines with the events, one that evidence is
// degraded, and one that it works again.
func TestDiskTroubleIsToldOnce(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EROFS, syscall.EIO, syscall.EDQUOT, syscall.EACCES, syscall.ENOENT} {
		t.Run(errno.Error(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var log diary
				bad := true
				mux := faulty{create: func(path string) error {
					if bad { // Path is random
						return &os.PathError{Op: "open", Path: path, Err: errno}
					}
					return nil
				}}
				s := newStudio(t, testConfig(t), log.in, func(o *Options) { o.Muxer = mux })
				s.film(4 * time.Second)
				for i := range 12 {
					s.save(s.job(fmt.Sprintf("%d", i)))
					s.film(100 * time.Millisecond)
				}
				s.film(3 * time.Second)
				s.drain()
				if st := s.rec.Status(); st.Dropped[DropDisk] != 12 {
					t.Errorf("%+v", st)
				}
				if n, named := log.count("evidence is degraded"), log.count("an event has no clip"); n != 1 || named != 12 {
					t.Errorf("%d lines of the disk, %d of events:\n%s", n, named, &log)
				}
				if n := log.count(errno.Error()); n != 1 || log.count("camera=door reason=disk\n") != 12 {
					t.Errorf("%d lines explain the problem, and those of events are not brief:\n%s", n, &log)
				}
				bad = false
				s.film(retryEvery)
				if st := s.rec.Status(); st.State != "ok" || log.count("evidence works again") != 1 || log.count("events_without_clip=12") != 1 {
					t.Errorf("%+v\n%s", st, &log)
				}
			})
		})
	}
}

// A disk error has the same text each time, without random file names.
func TestDiskErrorsHaveNoNames(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&os.PathError{Op: "mkdirat", Path: ".building-abc", Err: syscall.EROFS}, "build clip: read-only file system; make it writable"},
		{&os.LinkError{Op: "renameat", Old: ".building-abc", New: "door/x", Err: syscall.ENOSPC}, "build clip: no space left on device; free some space"},
		{errors.Join(&os.PathError{Op: "write", Path: ".probe-abc/0", Err: syscall.EDQUOT}), "build clip: disk quota exceeded; free some space"},
		{errUnmounted, "build clip: its file system is gone, and nothing is written to the directory under the mount point; mount it again"},
	} {
		if got := onDisk("build clip", c.err).Error(); !strings.HasPrefix(got, c.want) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// A clip larger than the limit is never published, and deletes no other clip.
func TestClipLargerThanAllMayBe(t *testing.T) {
	cfg := testConfig(t)
	makeClips(t, cfg, 2, time.Now())
	cfg.MaxBytes = 0
	for _, e := range wholeClips(t, cfg.Dir) {
		cfg.MaxBytes += text.Bytes(e.Bytes)
	}
	s := quietStore(cfg)
	if err := s.refresh(time.Now()); err != nil {
		t.Fatal(err)
	}
	whole := len(wholeClips(t, cfg.Dir))
	if _, err := makeClip(t, s, "large", time.Now(), 100); !errors.Is(err, errTooLarge) || reasonOf(t.Context(), err) != DropBytes {
		t.Errorf("error %v", err)
	}
	if n := len(wholeClips(t, cfg.Dir)); n != whole || whole != 2 {
		t.Errorf("%d clips, before there were %d", n, whole)
	}
	if left := hidden(t, cfg.Dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Many small files use up inodes before bytes: the oldest clips are deleted.
func TestRetentionMakesRoomByInodes(t *testing.T) {
	for _, c := range []struct{ all, free, want int64 }{
		{64, 24, 5},   // 16 stay free
		{64, 4, 2},    // three clips of four files must go
		{64, 0, 1},    // four of them
		{1e5, 995, 3}, // 1,000 stay free
		{0, 0, 5},     // a file system without a bound
	} {
		t.Run(fmt.Sprintf("%d of %d", c.free, c.all), func(t *testing.T) {
			cfg := testConfig(t)
			makeClips(t, cfg, 5, time.Now())
			cfg.MinFree = 1
			s := quietStore(cfg)
			s.spaceOf = func(*os.File) (space, error) {
				gone := int64(0)
				for _, n := range s.removed {
					gone += int64(n)
				}
				return space{bytes: 1 << 40, inodes: c.free + 4*gone, allInodes: c.all}, nil
			}
			if err := s.refresh(time.Now()); err != nil {
				t.Error(err)
			}
			if n := int64(len(wholeClips(t, cfg.Dir))); n != c.want || s.removed[byInodes] != uint64(5-c.want) {
				t.Errorf("%d clips remain, want %d; removed %v", n, c.want, s.removed)
			}
			sameAsIndex(t, cfg.Dir)
		})
	}
	for all, want := range map[int64]int64{0: 0, 64: 16, 1000: 100, 1 << 30: 1000} {
		if got := (space{allInodes: all}).spare(); got != want {
			t.Errorf("of %d inodes %d stay free, want %d", all, got, want)
		}
	}
}

// What to do about fresh clips that are deleted is said once, not with each of them.
func TestDeletedFreshClipsAreToldBriefly(t *testing.T) {
	var log diary
	cfg := testConfig(t)
	full := cfg
	full.MaxBytes, full.MinFree = 0, 1<<60
	s := quietStore(full)
	s.log = slog.New(slog.NewTextHandler(&log, nil))
	for range 3 {
		makeClips(t, cfg, 1, time.Now())
		if err := s.refresh(time.Now()); !errors.Is(err, errLowDisk) || !regexp.MustCompile(`space: [0-9]+[A-Za-z]+, and clips.min_free is 1048576TiB;`).MatchString(err.Error()) {
			t.Fatal(err)
		}
	}
	if told, advised := log.count("right after it was saved"), log.count("do="); told != 3 || advised != 1 {
		t.Errorf("%d lines, %d with advice:\n%s", told, advised, &log)
	}
}
