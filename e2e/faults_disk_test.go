package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// disk is a small file system on a file.
type disk struct {
	t     testing.TB
	image string
	dir   string
}

// newDisk makes a disk and mounts it until the end of the test.
func newDisk(t testing.TB, dir string) *disk {
	t.Helper()
	tool(t, "mkfs.ext4", "e2fsprogs")
	d := &disk{t: t, image: filepath.Join(t.TempDir(), "disk"), dir: dir}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, words := range [][]string{
		{"truncate", "-s", "64M", d.image},
		{"mkfs.ext4", "-q", "-N", "512", "-m", "0", d.image},
	} {
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", words, err, out)
		}
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) }) // it may not be mounted
	if err := d.mount(); err != nil {
		t.Skipf("no disk can be mounted on a loop device here: %v", err)
	}
	return d
}

func (d *disk) mount() error { return d.run("mount", "-o", "loop", d.image, d.dir) }

func (*disk) run(words ...string) error {
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w: %s", words, err, out)
	}
	return nil
}

// remount remounts it as "ro" or "rw". While a clip is being written, it is busy.
func (d *disk) remount(how string) func() error {
	return func() error {
		var err error
		wait(d.t, patience, "the disk to be "+how, func() bool {
			err = d.run("mount", "-o", "remount,"+how, d.dir)
			return err == nil
		})
		return err
	}
}

// fill writes a file until the disk is full.
func (d *disk) fill() error {
	f, err := os.Create(filepath.Join(d.dir, "filler"))
	if err != nil {
		return err
	}
	defer f.Close()
	for block := make([]byte, 64<<10); len(block) > 0; {
		if _, err = f.Write(block); err != nil {
			block = block[:len(block)/2] // use the last free bytes, too
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("fill the disk: %w", err)
	}
	return f.Sync()
}

func (d *disk) empty() error { return os.Remove(filepath.Join(d.dir, "filler")) }

// crowd makes files until there are no inodes left.
func (d *disk) crowd() error {
	dir := filepath.Join(d.dir, "filler")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for i := 0; ; i++ {
		err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o600)
		if errors.Is(err, syscall.ENOSPC) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (d *disk) thin() error { return os.RemoveAll(filepath.Join(d.dir, "filler")) }

func playDiskFaults(t *testing.T, r *faultResults) {
	dir := t.TempDir()
	d := newDisk(t, filepath.Join(dir, "disk"))
	b := &testbed{
		cameras: []string{"yard"}, detectors: []string{"yard/motion"},
		program: start(t, setup{
			dir: dir, args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"},
			config: faultYard + faultRest + `
[[rule]]
event    = "filmed"
when     = "motion >= 0"
cooldown = "2s"
before   = "300ms"
after    = "300ms"

[clips]
dir      = "disk/evidence"
min_free = "1MiB"
`,
		}),
	}
	// Before waiting for the program to end, which may hang on a frozen disk.
	t.Cleanup(func() { _ = d.run("fsfreeze", "-u", d.dir) }) // it may not be
	saved := again("rvo_clips_saved_total")
	lost := []sign{
		said("evidence is degraded"), valued(`rvo_clips_state{state="degraded"}`, 1), alerted("clips_degraded"), unwell(),
	}
	heals := []sign{valued(`rvo_clips_state{state="ok"}`, 1), saved}
	b.playAll(t, "disk", r, []faultRow{
		{
			name: "full", then: withoutClips,
			inject: d.fill, repair: d.empty, signs: lost, heals: heals,
		},
		{name: "read-only", then: withoutClips, inject: d.remount("ro"), repair: d.remount("rw"), signs: lost, heals: heals},
		{
			name: "without inodes", then: withoutClips,
			inject: d.crowd, repair: d.thin, signs: lost, heals: heals,
		},
		{
			name: "clips' directory removed", then: "it is made again",
			inject: func() (err error) {
				wait(t, patience, "the directory to be removed", func() bool { // a clip may be added meanwhile
					err = os.RemoveAll(filepath.Join(d.dir, "evidence"))
					return err == nil
				})
				return err
			},
			signs: []sign{{"new directory", func(*glance) bool { _, err := os.Stat(filepath.Join(d.dir, "evidence")); return err == nil }}}, heals: []sign{saved},
		},
		{
			name: "frozen", then: "up to 16 clips wait, and further ones are lost",
			inject: func() error { return d.run("fsfreeze", "-f", d.dir) },
			repair: func() error { return d.run("fsfreeze", "-u", d.dir) }, signs: lost, heals: heals,
		},
		{
			name: "unmounted", then: withoutClips + "; nothing is written into the directory below",
			inject: func() error { return syscall.Unmount(d.dir, syscall.MNT_DETACH) },
			repair: func() error {
				if list, err := os.ReadDir(d.dir); err != nil || len(list) > 0 {
					return fmt.Errorf("below the mount there is %v, %w", list, err)
				}
				return d.mount()
			},
			signs: lost, heals: heals,
		},
	})
}
