package clips

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
)

// errUnmounted and errNoMount are why nothing is written into a directory on which a
// disk should be mounted.
var (
	errUnmounted = errors.New("its file system is gone, and nothing is written into the directory below it")
	errNoMount   = errors.New("nothing is mounted there, and clips.require_mount is true")
)

// place remembers the file system of the clips directory. What is written while its
// disk is not mounted goes into the directory below the mount, where nobody sees it
// once the disk is back. Its zero value is ready.
type place struct {
	known  bool
	device uint64 // of the directory
	around uint64 // that its mount lies in; device: there is none around
	looked bool   // for clips that the mount hides
}

// check returns why nothing may be written to a directory now. It allows another file
// system in the place of the first, but not the one that this was mounted in.
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
	log.Warn("another file system is at the clips directory: clips go there from now on", "dir", cfg.Dir)
	p.known = false
	return nil
}

// note remembers the file system of a directory, once it is there.
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

// mount is where the file system of a directory is mounted.
type mount struct {
	dir            string // the directory, without symbolic links
	at             string // it, or one above it
	device, around uint64 // of the file system, and of the one that it lies in: of the root, the same
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

// nearestDevice returns the file system of a directory or, while that is missing, the
// one in which it would be made.
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

// Mounted returns an error where RequireMount is set and nothing is mounted at Dir.
func (c Config) Mounted() error {
	if c.RequireMount && !mounted(c.Dir) {
		return fmt.Errorf("nothing is mounted at %q; mount the disk there, or set it to false", c.Dir)
	}
	return nil
}

// tellHidden logs, once for each mount, how many clips the directory below it has, which
// were written while the disk was not mounted.
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
		s.log.Warn("clips lie below the disk that is mounted at the clips directory, where nothing shows them: stop the program, unmount the disk and move them onto it",
			"dir", s.cfg.Dir, "clips", len(paths))
	}
}
