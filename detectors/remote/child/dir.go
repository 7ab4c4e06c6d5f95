package child

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"rvo-tui/internal/fileio"

	"golang.org/x/sys/unix"
)

const (
	dirPattern = "rvo-tui-child-*"
	lockName   = "lock"
	maxDir     = 80 // bytes of its path, so that socket paths in it fit into an address
)

// directory holds the sockets of this process's children and is private to this user.
// It is locked while this process lives, so that others can see that it is in use.
type directory struct {
	path string
	lock *os.File
}

// makeDirectory makes a private directory in base, and removes those left by dead
// processes.
func makeDirectory(base string) (*directory, error) {
	if base == "" {
		base = os.Getenv("XDG_RUNTIME_DIR")
	}
	if s, err := os.Stat(base); base == "" || len(base) > maxDir-len(dirPattern)-10 || err != nil || !s.IsDir() {
		base = os.TempDir()
	}
	sweep(base, time.Now())
	path, err := os.MkdirTemp(base, dirPattern)
	if err != nil {
		return nil, fmt.Errorf("make directory for sockets: %w: set XDG_RUNTIME_DIR to one that can be written", err)
	}
	if len(path) > maxDir {
		return nil, errors.Join(fmt.Errorf("make directory for sockets: the path %q is too long: set XDG_RUNTIME_DIR to a shorter one", path), os.Remove(path))
	}
	lock, err := fileio.Open(filepath.Join(path, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock directory for sockets: %w", err), os.RemoveAll(path))
	}
	return &directory{path, lock}, nil
}

// remove removes the directory and its content.
func (d *directory) remove() error {
	return errors.Join(os.RemoveAll(d.path), d.lock.Close())
}

// sweep removes our directories that are no longer locked. One without a lock file, or
// not locked yet, may be under construction, so it is kept for a minute.
func sweep(base string, now time.Time) {
	found, err := filepath.Glob(filepath.Join(base, dirPattern))
	if err != nil {
		return
	}
	for _, path := range found {
		s, err := os.Lstat(path)
		if err != nil || !s.IsDir() || now.Sub(s.ModTime()) < time.Minute {
			continue
		}
		if owner, ok := s.Sys().(*syscall.Stat_t); !ok || int(owner.Uid) != os.Getuid() {
			continue
		}
		lock, err := fileio.Open(filepath.Join(path, lockName), os.O_RDWR|unix.O_NOFOLLOW, 0)
		if err == nil {
			err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
			lock.Close()
		}
		if err == nil || errors.Is(err, os.ErrNotExist) {
			// What cannot be removed now is retried at the next start.
			_ = os.RemoveAll(path)
		}
	}
}
