package clips

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/fileio"
)

// store is the clips directory. It belongs to the builder's goroutine. Every operation
// reopens the directory, so that it recovers as soon as the disk does. No operation
// leaves the directory, even if there are links in it.
type store struct {
	cfg    Config
	epoch  time.Time
	muxer  Muxer
	redraw capture.Redrawer
	log    *slog.Logger

	dates   calendar
	entries []Entry         // known clips on disk, oldest first
	own     map[string]bool // paths of those saved by this run
	removed [len(removeReasons)]uint64
	fellTo  string // why clips are made as AVI; empty: they are not
	films   map[*clip]*building
	looked  bool            // whether leftovers have been cleaned up once
	warned  map[string]bool // reasons why clips could not be deleted, each logged once
	advised bool            // how to keep fresh clips from being deleted was logged
	place   place
	need    need
	spaceOf func(dir *os.File) (space, error)
}

// need is what the last clip required when the disk had no room for it. It is zero
// after a clip was saved.
type need struct {
	files int
	bytes int64
}

// diskError is a disk error, which the next clip may not encounter.
type diskError struct{ err error }

func (e *diskError) Error() string {
	advice := "check the disk and clips.dir"
	for _, a := range []struct {
		is     error
		advice string
	}{
		{errNoInodes, "delete small files there or lower clips.max_bytes"},
		{syscall.ENOSPC, "free some space there or lower clips.max_bytes"},
		{syscall.EDQUOT, "free some space there or lower clips.max_bytes"},
		{syscall.EROFS, "make it writable or set another clips.dir"},
		{fs.ErrPermission, "let this user write there or set another clips.dir"},
		{errLowDisk, "free some space there or lower clips.min_free"},
		{errLowInodes, "delete small files there or set clips.min_free to 0"},
		{errUnmounted, "mount it again, or restart the program to use that directory"},
		{errNoMount, "mount the disk there"},
		{syscall.ENOTDIR, "set another clips.dir"},
	} {
		if errors.Is(e.err, a.is) {
			advice = a.advice
			break
		}
	}
	return e.err.Error() + "; " + advice
}

func (e *diskError) Unwrap() error { return e.err }

// Disk problems for which the system has no error of its own.
var (
	errLowDisk   = errors.New("too little free disk space")
	errLowInodes = errors.New("too few free inodes")
	errNoInodes  = errors.New("no inodes are left, so no file can be created")
)

// onDisk marks an error as a disk error and adds the operation. It removes file names,
// which are random, so that the same problem has the same text.
func onDisk(what string, err error) error {
	return disk(fmt.Errorf("%s: %w", what, fileio.Bare(err)))
}

// explain tells a disk without free inodes from one without free space.
func (s *store) explain(root *os.Root, err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		if left := s.left(root); left.allInodes > 0 && left.inodes == 0 {
			return disk(errNoInodes)
		}
	}
	return err
}

// disk marks an error as a disk error.
func disk(err error) error {
	if err == nil {
		return nil
	}
	return &diskError{err}
}

// noSpace reports whether something failed because the disk, or the user's share of it, is
// used up.
func noSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// fullDisk reports whether an encoder failed because the disk is full.
func fullDisk(err error) bool {
	for _, e := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO, syscall.EFBIG, fs.ErrNotExist, fs.ErrPermission} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// open opens the directory, and creates it if missing. It fails if the directory's disk
// is not mounted.
func (s *store) open() (root *os.Root, err error) {
	if err = s.place.check(s.cfg, s.log); err == nil {
		err = os.MkdirAll(s.cfg.Dir, 0o750)
	}
	if err == nil {
		root, err = os.OpenRoot(s.cfg.Dir)
	}
	if err == nil {
		if err = s.place.note(s.cfg.Dir); err != nil {
			root.Close()
		}
	}
	if err != nil {
		return nil, onDisk(fmt.Sprintf("open clips directory %q", s.cfg.Dir), err)
	}
	return root, nil
}

// refresh checks the directory: it cleans up after dead processes, finds the clips,
// enforces the limits, repairs the index, and tests writing with a probe.
func (s *store) refresh(now time.Time) error {
	root, err := s.open()
	if err != nil {
		return err
	}
	defer root.Close()
	s.tellHidden()
	s.clean(root, now)
	known, good, err := loadIndex(root)
	if err != nil {
		return onDisk("read index", err)
	}
	if s.entries, err = scan(root, known); err != nil {
		return onDisk("read clips directory", err)
	}
	whole := 0
	own := make(map[string]bool)
	for _, e := range s.entries {
		if s.own[e.Path] {
			own[e.Path] = true
		}
		if _, ok := known[e.Path]; ok {
			whole++
		} else if e.Damaged == "" {
			good = false
		}
	}
	s.own = own // without those that were deleted by others
	mend := (!good || whole != len(known)) && len(s.entries)+len(known) > 0
	if err := s.retain(root, now); err != nil { // first, because a full disk has no room for an index
		return err
	}
	if mend {
		if err := writeIndex(root, s.entries); err != nil {
			return s.explain(root, disk(err))
		}
	}
	if err := s.room(root); err != nil {
		return err
	}
	return s.probe(root)
}

// probeFiles is how many files a clip has while it is being made.
const probeFiles = 5

// probe imitates a clip: it creates a directory with as many files and bytes as the
// last failed clip needed.
func (s *store) probe(root *os.Root) error {
	name := probePrefix + token()
	err := root.Mkdir(name, 0o750)
	if dir, errOpen := root.Open(name); errOpen == nil {
		defer dir.Close()
		lock(dir) // so that it is not taken for a leftover of a dead process
	}
	for i := 0; err == nil && i < max(probeFiles, s.need.files); i++ {
		var bytes int64
		if i == 0 {
			bytes = max(s.need.bytes, 1)
		}
		err = probeFile(root, path.Join(name, fmt.Sprint(i)), bytes)
	}
	if err != nil {
		err = s.explain(root, onDisk("write to clips directory", err))
	}
	_ = root.RemoveAll(name) // if it stays, it is cleaned up like other leftovers
	return err
}

// probeFile creates a file. Its content is on the disk when it returns.
func probeFile(root *os.Root, name string, bytes int64) error {
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err == nil && bytes > 0 {
		err = errors.Join(reserve(file, bytes), file.Sync())
	}
	if file == nil {
		return err
	}
	return errors.Join(err, file.Close())
}

// clean completes or removes the unfinished work of dead processes. Work of a live
// process is locked and stays. Temporary index files exist only for moments and may
// belong to another process, so they are removed only if they are old or on the first
// check.
func (s *store) clean(root *os.Root, now time.Time) {
	dir, err := root.Open(".")
	if err != nil {
		return
	}
	defer dir.Close()
	list, _ := dir.ReadDir(-1)
	for _, d := range list {
		name := d.Name()
		switch {
		case strings.HasPrefix(name, buildingPrefix) && d.IsDir():
			if building, err := root.Open(name); err == nil {
				if lock(building) {
					s.resume(root, building, name)
				}
				building.Close()
			}
		case strings.HasPrefix(name, probePrefix) && d.IsDir():
			if probe, err := root.Open(name); err == nil {
				if lock(probe) {
					s.discard(root, name)
				}
				probe.Close()
			}
		case strings.HasPrefix(name, buildingPrefix), strings.HasPrefix(name, trashPrefix), strings.HasPrefix(name, probePrefix):
			s.discard(root, name)
		case strings.HasPrefix(name, indexPrefix):
			if info, err := d.Info(); err == nil && (!s.looked || now.Sub(info.ModTime()) > time.Minute) {
				s.discard(root, name)
			}
		}
	}
	s.looked = true
}

// discard removes a file or a directory tree. A failure is logged, once for each cause,
// and otherwise ignored.
func (s *store) discard(root *os.Root, name string) {
	if err := root.RemoveAll(name); err != nil {
		s.warn(name, err)
	}
}

func (s *store) warn(name string, err error) {
	cause := fileio.Bare(err).Error()
	if s.warned[cause] {
		return
	}
	s.warned[cause] = true
	s.log.Warn("cannot delete a clip, nor others with the same cause; remove them by hand", "path", name, "error", cause)
}

// rename gives a finished directory its final name, with a number appended if the name
// is taken, and syncs it.
func rename(root *os.Root, tmp, final string) (string, error) {
	date := path.Dir(final)
	if err := root.MkdirAll(date, 0o750); err != nil {
		return "", err
	}
	name := final
	for n := 2; ; n++ {
		if _, err := root.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return "", err
		}
		if n > 99 {
			return "", fmt.Errorf("%s: %w", final, fs.ErrExist)
		}
		name = fmt.Sprintf("%s-%d", final, n)
	}
	if err := root.Rename(tmp, name); err != nil {
		return "", err
	}
	for _, d := range []string{date, path.Dir(date), "."} {
		if err := syncDir(root, d); err != nil {
			// The name may not survive a crash, so take it back; the caller removes the
			// directory.
			return "", errors.Join(err, root.Rename(name, tmp))
		}
	}
	return name, nil
}

// writeFile writes and syncs a new file.
func writeFile(root *os.Root, name string, data []byte) error {
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	if _, err = file.Write(data); err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// syncFile syncs a regular file and returns its size.
func syncFile(root *os.Root, name string) (int64, error) {
	file, err := fileio.OpenIn(root, name, os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	if err := errors.Join(file.Chmod(0o640), file.Sync()); err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// syncDir syncs the names in a directory.
func syncDir(root *os.Root, name string) error {
	dir, err := root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// token returns an unused name that cannot be guessed.
func token() string { return strings.ToLower(rand.Text()[:16]) }
