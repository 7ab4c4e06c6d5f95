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

// Find returns the newest clip below dir that shows an event, and the path of its
// movie. It reads from the disk.
func Find(dir, eventID string) (Entry, string, error) {
	entries, err := List(dir)
	if err != nil {
		return Entry{}, "", err
	}
	for _, e := range slices.Backward(entries) {
		if e.Shows(eventID) {
			return e, filepath.Join(dir, filepath.FromSlash(e.Path), e.Movie), nil
		}
	}
	return Entry{}, "", ErrNoClip
}

// Shows reports whether the clip is that of an event, or was made longer for it.
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
