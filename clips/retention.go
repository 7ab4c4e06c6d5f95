package clips

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"slices"
	"time"
)

// removeReasons are why clips were deleted, as Status counts them.
var removeReasons = [...]string{"age", "bytes", "free"}

const (
	byAge = iota
	byBytes
	byFree
)

// total returns how many bytes the clips have.
func (s *store) total() int64 {
	var n int64
	for _, e := range s.entries {
		n += e.Bytes
	}
	return n
}

// retain deletes the oldest clips until the bounds hold. A clip that cannot be
// deleted is skipped. Clips that are being written are not known here yet and so are
// never deleted. While the clock cannot be trusted, none is deleted for its age.
func (s *store) retain(root *os.Root, now time.Time) error {
	if set := s.dates.look(now, now.Sub(s.epoch)); set != 0 {
		s.log.Warn("the clock was set: no clip is deleted for its age until it has gone evenly for a while", "by", set, "while", clockHold)
	}
	slices.SortStableFunc(s.entries, func(a, b Entry) int { return a.Time.Compare(b.Time) })
	total, free := s.total(), int64(math.MaxInt64)
	if s.cfg.MinFree > 0 {
		free = s.free(root)
	}
	kept := s.entries[:0]
	changed := false
	for _, e := range s.entries {
		reason := -1
		switch {
		case s.cfg.MaxAge > 0 && s.dates.age(e.Time) > time.Duration(s.cfg.MaxAge):
			reason = byAge
		case s.cfg.MaxBytes > 0 && total > int64(s.cfg.MaxBytes):
			reason = byBytes
		case free < int64(s.cfg.MinFree):
			reason = byFree
		}
		if reason < 0 || !s.remove(root, e) {
			kept = append(kept, e)
			continue
		}
		s.removed[reason]++
		total -= e.Bytes
		changed = true
		if s.cfg.MinFree > 0 {
			free = s.free(root)
		}
	}
	clear(s.entries[len(kept):])
	s.entries = kept
	if changed {
		return disk(writeIndex(root, s.entries))
	}
	return nil
}

// tidy applies the bounds, as after a new clip.
func (s *store) tidy(now time.Time) error {
	root, err := s.open()
	if err != nil {
		return err
	}
	defer root.Close()
	return s.retain(root, now)
}

// remove deletes one clip and reports whether it is gone. It is renamed first, so
// that half a clip never has a final name.
func (s *store) remove(root *os.Root, e Entry) bool {
	trash := trashPrefix + token()
	if err := root.Rename(e.Path, trash); errors.Is(err, fs.ErrNotExist) {
		return true
	} else if err != nil {
		s.warn(e.Path, err)
		return false
	}
	s.discard(root, trash)
	// Both fail, and should, while there is another clip.
	if root.Remove(path.Dir(e.Path)) == nil {
		_ = root.Remove(path.Dir(path.Dir(e.Path)))
	}
	return true
}

// room deletes the oldest clips until the disk has min_free.
func (s *store) room(root *os.Root) error {
	if s.cfg.MinFree <= 0 || s.free(root) >= int64(s.cfg.MinFree) {
		return nil
	}
	if err := s.retain(root, time.Now()); err != nil {
		return err
	}
	if free := s.free(root); free < int64(s.cfg.MinFree) {
		return disk(fmt.Errorf("build clip: %w: %d MiB, and clips.min_free is %s", errLowDisk, free>>20, s.cfg.MinFree))
	}
	return nil
}

// free returns the free bytes of the disk, or a large number if they are unknown.
func (s *store) free(root *os.Root) int64 {
	dir, err := root.Open(".")
	if err != nil {
		return math.MaxInt64
	}
	defer dir.Close()
	n, err := freeBytes(dir)
	if err != nil {
		return math.MaxInt64
	}
	return n
}
