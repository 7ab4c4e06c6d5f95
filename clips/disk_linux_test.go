package clips

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestRealDisk fills a small file system, and remounts it read-only.
func TestRealDisk(t *testing.T) {
	t.Run("AVI", func(t *testing.T) { fillDisk(t, AVI{}) })
	t.Run("MP4", func(t *testing.T) {
		if realMuxer == nil {
			t.Skip("built without FFmpeg")
		}
		fillDisk(t, realMuxer)
	})
}

func fillDisk(t *testing.T, mux Muxer) {
	disk := t.TempDir()
	mountMemory(t, disk, "size=400k")
	inBubble(t, func(t *testing.T) {
		cfg := testConfig(t)
		cfg.Dir = filepath.Join(disk, "evidence")
		s := newStudio(t, cfg, func(o *Options) { o.Muxer = mux })
		s.film(4 * time.Second)
		round := func(id string) Status {
			s.save(s.job(id))
			s.film(3 * time.Second)
			s.drain()
			if left := hidden(t, cfg.Dir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			return s.rec.Status()
		}
		var st Status
		saved := 0
		for st.State != "degraded" {
			if saved > 200 {
				t.Fatal("the disk does not fill")
			}
			if st = round(fmt.Sprint(saved)); st.State == "ok" {
				saved++
			}
		}
		if st.Dropped[DropDisk] != 1 || !strings.Contains(st.Reason, "no space left") || strings.Contains(st.Reason, "/proc/") || saved == 0 {
			t.Errorf("full: %d saved, %+v", saved, st)
		}
		entries := s.list()
		if len(entries) != saved {
			t.Errorf("%d clips, %d saved", len(entries), saved)
		}
		if err := os.RemoveAll(filepath.Join(cfg.Dir, entries[0].Path)); err != nil {
			t.Fatal(err)
		}
		s.film(retryEvery)
		if st := round("again"); st.State != "ok" {
			t.Errorf("after space was made: %+v", st)
		}

		if err := unix.Mount("none", disk, "", unix.MS_REMOUNT|unix.MS_RDONLY, "size=4m"); err != nil {
			t.Fatal(err)
		}
		if st := round("read-only"); st.State != "degraded" || !strings.Contains(st.Reason, "writable") {
			t.Errorf("read-only: %+v", st)
		}
		if err := unix.Mount("none", disk, "", unix.MS_REMOUNT, "size=4m"); err != nil {
			t.Fatal(err)
		}
		s.film(retryEvery)
		if st := round("writable"); st.State != "ok" {
			t.Errorf("writable again: %+v", st)
		}
		sameAsIndex(t, cfg.Dir)
	})
}
