package clips

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
)

// Errors for a directory on which a disk should be mounted, but is not.
var (
	errUnmounted = errors.New("its file system is gone, and nothing is written to the directory under the mount point")
	errNoMount   = errors.New("nothing is mounted there, and clips.require_mount is true")
)

// place remembers the file system of the clips directory. Files written while the disk
// is not mounted would end up in the directory below the mount point, hidden once the
// disk is back. The zero value is ready to use.
type place struct {
	known  bool
	device uint64 // of the directory
	around uint64 // of the parent file system; equal to device if there is none
	looked bool   // whether clips hidden by the mount were looked for
}

// check returns why nothing may be written to a directory now. It accepts a different
// file system in place of the first one, but not the parent file system.
func (p *place) check(cfg Config, log *slog.Logger) error {
	if cfg.RequireMount && !mounted(cfg.Dir) {
		return errNoMount
	}
	if !p.known {
		return nil
	}
	now, err := nearestDevice(cfg.Dir)
	switch {
	case err != nil:
		return err
	case now == p.device:
		return nil
	case now == p.around:
		return errUnmounted
	}
	log.Warn("another file system is mounted at the clips directory; saving clips there from now on", "dir", cfg.Dir)
	p.known = false
	return nil
}

// note records the file system of a directory once it exists.
func (p *place) note(dir string) error {
	if p.known {
		return nil
	}
	m, err := mountOf(dir)
	if err == nil {
		*p = place{known: true, device: m.device, around: m.around}
	}
	return err
}

// mount describes where the file system of a directory is mounted.
type mount struct {
	dir            string // the directory, without symbolic links
	at             string // the mount point: dir or a directory above it
	device, around uint64 // of the file system and of its parent; equal for the root
}

func mountOf(dir string) (m mount, err error) {
	if m.dir, err = filepath.Abs(dir); err == nil {
		m.dir, err = filepath.EvalSymlinks(m.dir)
	}
	if err == nil {
		m.device, err = deviceOf(m.dir)
	}
	m.at, m.around = m.dir, m.device
	for err == nil && m.at != filepath.Dir(m.at) {
		up := filepath.Dir(m.at)
		if m.around, err = deviceOf(up); m.around != m.device {
			break
		}
		m.at = up
	}
	return m, err
}

// nearestDevice returns the file system of a directory or, if it does not exist, the
// one in which it would be created.
func nearestDevice(dir string) (uint64, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return 0, err
	}
	for {
		device, err := deviceOf(dir)
		up := filepath.Dir(dir)
		if !errors.Is(err, fs.ErrNotExist) || up == dir {
			return device, err
		}
		dir = up
	}
}

// Mounted returns an error if RequireMount is set and nothing is mounted at Dir.
func (c Config) Mounted() error {
	if c.RequireMount && !mounted(c.Dir) {
		return fmt.Errorf("nothing is mounted at %q: mount the disk there, or set require_mount to false", c.Dir)
	}
	return nil
}

// tellHidden logs, once for each mount, how many clips are hidden below the mount point
// because they were written while the disk was not mounted.
func (s *store) tellHidden() {
	if s.place.looked {
		return
	}
	s.place.looked = true
	hidden, done := below(s.cfg.Dir)
	if hidden == nil {
		return
	}
	defer done()
	paths, err := clipPaths(hidden)
	if err == nil && len(paths) > 0 {
		s.log.Warn("clips are hidden under the mount point of the clips directory; stop the program, unmount the disk and move them onto it",
			"dir", s.cfg.Dir, "clips", len(paths))
	}
}
