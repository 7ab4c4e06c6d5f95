package clips

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"rvo-tui/internal/text"
)

// removeReasons are the reasons for deleting clips, as counted in Status.
var removeReasons = [...]string{"age", "bytes", "free", "inodes"}

const (
	byAge = iota
	byBytes
	byFree
	byInodes
)

// space is the free space of a file system.
type space struct {
	bytes             int64
	inodes, allInodes int64 // allInodes 0: the file system has no inode limit
}

// leastInodes and mostInodes limit the tenth of all inodes that is kept free along with
// min_free: enough for the clip in progress, and for a hundred.
const (
	leastInodes = 16
	mostInodes  = 1000
)

// spare returns the number of inodes to keep free.
func (s space) spare() int64 {
	if s.allInodes == 0 {
		return 0
	}
	return min(max(s.allInodes/10, leastInodes), mostInodes)
}

// lacks returns the limit on free space that is violated: byFree, byInodes, or -1.
func (c Config) lacks(left space) int {
	switch {
	case c.MinFree <= 0:
		return -1
	case left.bytes < int64(c.MinFree):
		return byFree
	case left.inodes < left.spare():
		return byInodes
	}
	return -1
}

// total returns the size of all clips in bytes.
func (s *store) total() int64 {
	var n int64
	for _, e := range s.entries {
		n += e.Bytes
	}
	return n
}

// retain deletes the oldest clips until the limits hold. A clip that cannot be deleted
// is skipped. Clips being written are not in the list and are never deleted. While the
// clock cannot be trusted, no clip is deleted for its age.
func (s *store) retain(root *os.Root, now time.Time) error {
	if set := s.dates.look(now, now.Sub(s.epoch)); set != 0 {
		s.log.Warn("the clock was set; no clips are deleted for their age until it has run steadily for a while", "by", set, "while", clockHold)
	}
	s.sort(now)
	total, left := s.total(), s.left(root)
	kept := s.entries[:0]
	changed := false
	for _, e := range s.entries {
		var reason int
		switch {
		case s.cfg.MaxAge > 0 && s.dates.age(e.Time) > time.Duration(s.cfg.MaxAge):
			reason = byAge
		case s.cfg.MaxBytes > 0 && total > int64(s.cfg.MaxBytes):
			reason = byBytes
		default:
			reason = s.cfg.lacks(left)
		}
		if reason < 0 || !s.remove(root, e) {
			kept = append(kept, e)
			continue
		}
		s.removed[reason]++
		delete(s.own, e.Path)
		total -= e.Bytes
		changed = true
		left = s.left(root)
		if age := now.Sub(e.Time); reason >= byFree && age > -clockSlip && age < freshClip {
			s.tellDeleted(e, removeReasons[reason])
		}
	}
	clear(s.entries[len(kept):])
	s.entries = kept
	if changed {
		return disk(writeIndex(root, s.entries))
	}
	return nil
}

// sort orders the clips by age. While the clock is behind, as on a machine that has lost its time,
// clips of earlier runs are from the future. They are older than all of this run.
func (s *store) sort(now time.Time) {
	late := now.Add(clockSlip)
	future := func(e *Entry) int {
		if e.Time.After(late) && !s.own[e.Path] {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(s.entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(future(&a), future(&b)), a.Time.Compare(b.Time))
	})
}

// tellDeleted logs that a fresh clip was deleted; the first time also what to do.
func (s *store) tellDeleted(e Entry, limit string) {
	args := []any{"event", e.EventID, "camera", e.Camera, "limit", limit}
	if !s.advised {
		s.advised = true
		args = append(args, "do", "give evidence a disk of its own, or lower clips.min_free")
	}
	s.log.Warn("a clip was deleted right after it was saved: the disk is too full", args...)
}

// freshClip is the age up to which a deleted clip is worth a warning: nobody may have
// seen it.
const freshClip = time.Minute

// tidy enforces the limits, for example after a new clip.
func (s *store) tidy(now time.Time) error {
	root, err := s.open()
	if err != nil {
		return err
	}
	defer root.Close()
	if err := s.retain(root, now); err != nil {
		return err
	}
	return s.room(root)
}

// remove deletes one clip and reports whether it is gone. The clip is renamed first, so
// that a partial clip never has a final name.
func (s *store) remove(root *os.Root, e Entry) bool {
	trash := trashPrefix + token()
	if err := root.Rename(e.Path, trash); errors.Is(err, fs.ErrNotExist) {
		return true
	} else if err != nil {
		s.warn(e.Path, err)
		return false
	}
	s.discard(root, trash)
	// Both fail, as they should, while other clips are there.
	if root.Remove(path.Dir(e.Path)) == nil {
		_ = root.Remove(path.Dir(path.Dir(e.Path)))
	}
	return true
}

// room deletes the oldest clips until min_free is satisfied.
func (s *store) room(root *os.Root) error {
	if s.cfg.lacks(s.left(root)) < 0 {
		return nil
	}
	if err := s.retain(root, time.Now()); err != nil {
		return err
	}
	return s.cfg.short("build clip", s.left(root))
}

// short returns an error if free space violates a limit. It begins with what.
func (c Config) short(what string, left space) error {
	switch c.lacks(left) {
	case byFree:
		return disk(fmt.Errorf("%s: %w: %s, and clips.min_free is %s", what, errLowDisk, text.Bytes(left.bytes>>20<<20), c.MinFree))
	case byInodes:
		return disk(fmt.Errorf("%s: %w: %d of %d, and %d stay free with clips.min_free", what, errLowInodes, left.inodes, left.allInodes, left.spare()))
	}
	return nil
}

// Room returns an error if the disk of Dir, or of the directory in which it would be
// created, has less free space than MinFree. Old clips count as used, although they are
// deleted to make room. Whether Dir can be opened is not checked.
func (c Config) Room() error {
	dir, err := filepath.Abs(c.Dir)
	for err == nil {
		var root *os.Root
		if root, err = os.OpenRoot(dir); err == nil {
			defer root.Close()
			return c.short(fmt.Sprintf("%q", c.Dir), freeIn(root, spaceOf))
		}
		if up := filepath.Dir(dir); errors.Is(err, fs.ErrNotExist) && up != dir {
			dir, err = up, nil
		}
	}
	return nil
}

// left returns the free space of the disk. If it is unknown, it returns a large value.
func (s *store) left(root *os.Root) space { return freeIn(root, s.spaceOf) }

func freeIn(root *os.Root, spaceOf func(*os.File) (space, error)) space {
	dir, err := root.Open(".")
	if err != nil {
		return space{bytes: math.MaxInt64}
	}
	defer dir.Close()
	left, err := spaceOf(dir)
	if err != nil {
		return space{bytes: math.MaxInt64}
	}
	return left
}
