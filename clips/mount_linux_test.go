package clips

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// mountMemory mounts a tmpfs at a directory until the test ends.
func mountMemory(t *testing.T, dir, options string) {
	t.Helper()
	if err := unix.Mount("none", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("mount tmpfs: %v (needs root)", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, 0) }) // it may be unmounted already
}

// mountImage mounts an ext4 file system of 16 MiB with a number of inodes at a directory until
// the test ends.
func mountImage(t *testing.T, dir string, inodes int) {
	t.Helper()
	image := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range [][]string{
		{"truncate", "-s", "16M", image},
		{"mke2fs", "-q", "-F", "-t", "ext4", "-N", fmt.Sprint(inodes), image},
		{"mount", "-o", "loop", image, dir},
	} {
		if out, err := exec.Command(step[0], step[1:]...).CombinedOutput(); err != nil {
			t.Skipf("%v: %v: %s (needs root and loop devices)", step, err, out)
		}
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
}

// If a disk is unmounted at run time, its clips are gone: none is written to the directory below,
// and the next ones go to the disk once it is back.
func TestUnmountedDiskIsNoticed(t *testing.T) {
	disk := t.TempDir()
	mountMemory(t, disk, "size=4m")
	inBubble(t, func(t *testing.T) {
		var log diary
		cfg := testConfig(t)
		cfg.Dir = filepath.Join(disk, "evidence")
		s := newStudio(t, cfg, log.in)
		round := func(id string) Status {
			s.save(s.job(id))
			s.film(3 * time.Second)
			s.drain()
			return s.rec.Status()
		}
		s.film(4 * time.Second)
		if st := round("mounted"); st.State != "ok" || st.Saved != 1 {
			t.Fatalf("%+v", st)
		}
		if err := unix.Unmount(disk, 0); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if st := round(fmt.Sprintf("gone-%d", i)); st.State != "degraded" || !strings.Contains(st.Reason, "mount it again") {
				t.Errorf("unmounted: %+v", st)
			}
		}
		if list, err := os.ReadDir(disk); err != nil || len(list) != 0 {
			t.Errorf("below the mount there is %v, %v", list, err)
		}
		if log.count("evidence is degraded") != 1 || log.count("event=gone-") != 3 {
			t.Errorf("the log:\n%s", &log)
		}
		mountMemory(t, disk, "size=4m") // another one, which may have another number
		s.film(retryEvery)
		if st := round("back"); st.State != "ok" || st.Saved != 2 || log.count("evidence works again") != 1 {
			t.Errorf("mounted again: %+v\n%s", st, &log)
		}
	})
}

// Clips written while the disk was not mounted are found below the mount point and reported at
// the start.
func TestClipsBelowTheMountAreTold(t *testing.T) {
	disk := t.TempDir()
	cfg := testConfig(t)
	cfg.Dir = filepath.Join(disk, "evidence")
	for _, mounted := range []bool{false, true} {
		if mounted {
			mountMemory(t, disk, "size=4m")
		} else {
			makeClips(t, cfg, 2, time.Now())
		}
		var log diary
		o := Options{Config: cfg, Epoch: time.Now()}
		log.in(&o)
		s := New(o).store
		for range 2 {
			if err := s.refresh(time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if n := log.count("clips=2"); n != 0 && !mounted || n != 1 && mounted {
			t.Errorf("mounted %v: the log:\n%s", mounted, &log)
		}
	}
}

func TestRequireMount(t *testing.T) {
	disk := t.TempDir()
	cfg := testConfig(t)
	cfg.Dir, cfg.RequireMount = disk, true
	if err := cfg.Mounted(); err == nil || !strings.Contains(err.Error(), "mount the disk there") {
		t.Errorf("without a mount: %v", err)
	}
	if _, err := makeClip(t, quietStore(cfg), "a", time.Now(), 2); err == nil || !strings.Contains(err.Error(), "nothing is mounted") {
		t.Errorf("a clip without a mount: %v", err)
	}
	mountMemory(t, disk, "size=4m")
	if err := cfg.Mounted(); err != nil {
		t.Error(err)
	}
	if _, err := makeClip(t, quietStore(cfg), "a", time.Now(), 2); err != nil {
		t.Error(err)
	}
	cfg.Dir = filepath.Join(disk, "door")
	if cfg.Mounted() == nil {
		t.Error("a directory on a mounted disk counts as a mount itself")
	}
}

// A disk without inodes is reported as such and counts as repaired only once a clip fits;
// retention makes room in time.
func TestDiskWithoutInodes(t *testing.T) {
	for name, mount := range map[string]func(t *testing.T, dir string){
		"tmpfs": func(t *testing.T, dir string) { mountMemory(t, dir, "size=8m,nr_inodes=64") },
		"ext4":  func(t *testing.T, dir string) { mountImage(t, dir, 64) },
	} {
		t.Run(name, func(t *testing.T) {
			disk := t.TempDir()
			mount(t, disk)
			inBubble(t, func(t *testing.T) {
				var log diary
				cfg := testConfig(t)
				cfg.Dir = filepath.Join(disk, "evidence")
				s := newStudio(t, cfg, log.in)
				s.film(4 * time.Second)
				st := s.rec.Status()
				for i := 0; st.State == "ok" && i < 40; i++ {
					s.save(s.job(fmt.Sprint(i)))
					s.film(3 * time.Second)
					s.drain()
					st = s.rec.Status()
				}
				if st.State != "degraded" || !strings.Contains(st.Reason, "no inodes are left") || st.Dropped[DropDisk] != 1 {
					t.Errorf("%+v", st)
				}
				s.film(3 * retryEvery)
				if log.count("evidence works again") != 0 || log.count("evidence is degraded") != 1 {
					t.Errorf("the log:\n%s", &log)
				}
				if err := s.stop(); err != nil {
					t.Error(err)
				}
			})
			inBubble(t, func(t *testing.T) {
				cfg := testConfig(t)
				cfg.Dir, cfg.MinFree = filepath.Join(disk, "evidence"), 1
				s := newStudio(t, cfg)
				s.film(4 * time.Second)
				for i := range 6 {
					s.save(s.job(fmt.Sprintf("more-%d", i)))
					s.film(3 * time.Second)
					s.drain()
				}
				if st := s.rec.Status(); st.State != "ok" || st.Saved != 6 || st.Removed["inodes"] == 0 {
					t.Errorf("with min_free: %+v", st)
				}
			})
		})
	}
}

// freeze and thaw are FIFREEZE and FITHAW of Linux.
const (
	freeze = 0xc0045877
	thaw   = 0xc0045878
)

// A frozen file system blocks only the builder. The state of evidence shows it, and saving
// continues when it is thawed.
func TestRealDiskFreezes(t *testing.T) {
	disk := t.TempDir()
	mountImage(t, disk, 128)
	dir, err := os.Open(disk)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	ioctl := func(request uint) error { return unix.IoctlSetInt(int(dir.Fd()), request, 0) }

	var log diary
	cfg := testConfig(t)
	cfg.Dir, cfg.Before, cfg.After = filepath.Join(disk, "evidence"), 5e8, 1e8
	s := newStudio(t, cfg, log.in, func(o *Options) { o.stuck = 500 * time.Millisecond })
	until := func(what string, done func() bool) {
		t.Helper()
		for i := 0; !done(); i++ {
			if i == 600 {
				t.Fatalf("%s: %+v\n%s", what, s.rec.Status(), &log)
			}
			s.film(100 * time.Millisecond)
		}
	}
	until("looked at", func() bool { _, err := os.Stat(cfg.Dir); return err == nil && !s.rec.Status().Building })
	if err := ioctl(freeze); err != nil {
		t.Skipf("freeze: %v (needs root and loop devices)", err)
	}
	frozen := true
	defer func() {
		if frozen {
			_ = ioctl(thaw) // else nothing ends
		}
	}()
	s.save(s.job("a"))
	until("told", func() bool { return s.rec.Status().State == "degraded" })
	if st := s.rec.Status(); !strings.Contains(st.Reason, "event a ") || !strings.Contains(st.Reason, "does not respond") {
		t.Errorf("%+v", st)
	}
	frozen = false
	if err := ioctl(thaw); err != nil {
		t.Fatal(err)
	}
	until("over", func() bool { st := s.rec.Status(); return st.State == "ok" && st.Saved == 1 })
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if len(s.list()) != 1 || log.count("evidence works again") != 1 {
		t.Errorf("%d clips; the log:\n%s", len(s.list()), &log)
	}
}
