package clips

import (
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// ErrNoClip is what Find returns for an event without a clip.
var ErrNoClip = errors.New("there is no clip of this event (yet)")

// Clip is the clip of an event.
type Clip struct {
	Entry Entry
	Path  string // of the movie, on the machine that has it
	Thumb []byte // the thumbnail, a JPEG file; empty: there is none
}

// Find returns the newest clip below dir that shows an event. It reads from the disk.
func Find(dir, eventID string) (Clip, error) {
	entries, err := List(dir)
	if err != nil {
		return Clip{}, err
	}
	for _, e := range slices.Backward(entries) {
		if e.Shows(eventID) {
			return Clip{e, filepath.Join(dir, filepath.FromSlash(e.Path), e.Movie), Thumb(dir, e)}, nil
		}
	}
	return Clip{}, ErrNoClip
}

// Shows reports whether the clip is that of an event, or was extended for it.
func (e Entry) Shows(eventID string) bool {
	return e.EventID == eventID || slices.Contains(e.Events, eventID)
}

// MaxThumb is the largest thumbnail, in bytes, that is read.
const MaxThumb = 4 << 20

// Thumb returns the thumbnail of a clip below dir, a JPEG file, or nil where it
// has none or one above MaxThumb. It follows no link out of dir.
func Thumb(dir string, e Entry) []byte {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil
	}
	defer root.Close()
	file, err := root.Open(path.Join(e.Path, thumbFile))
	if err != nil {
		return nil
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, MaxThumb+1))
	if err != nil || len(data) > MaxThumb {
		return nil
	}
	return data
}
