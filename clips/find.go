package clips

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"

	"rvo-tui/internal/fileio"
)

// ErrNoClip is returned by Find for an event without a clip.
var ErrNoClip = errors.New("there is no clip of this event")

// Clip is the clip of an event.
type Clip struct {
	Entry Entry
	Path  string // of the movie, on the machine that stores it
	Thumb []byte // JPEG file; empty: there is none
}

// Find returns the newest clip below dir that shows the event. It reads from the disk.
func Find(dir, eventID string) (Clip, error) {
	e, err := FindEntry(dir, eventID)
	if err != nil {
		return Clip{}, err
	}
	return Clip{e, e.MoviePath(dir), Thumb(dir, e)}, nil
}

// FindEntry returns the entry of the newest clip below dir that shows the event.
func FindEntry(dir, eventID string) (Entry, error) {
	entries, err := List(dir)
	if err != nil {
		return Entry{}, err
	}
	for _, e := range slices.Backward(entries) {
		if e.Shows(eventID) {
			return e, nil
		}
	}
	return Entry{}, ErrNoClip
}

// Shows reports whether the clip was made or extended for the event.
func (e Entry) Shows(eventID string) bool {
	return e.EventID == eventID || slices.Contains(e.Events, eventID)
}

// MoviePath returns the path of the clip's movie.
func (e Entry) MoviePath(dir string) string {
	return filepath.Join(dir, filepath.FromSlash(e.Path), e.Movie)
}

// Files of a clip other than its movies.
const (
	MetaFileName  = metaFile
	ThumbFileName = thumbFile
)

// Open opens a file of a clip below dir. Anything but a regular file is an error. It
// does not follow links out of dir.
func Open(dir string, e Entry, name string) (*os.File, error) {
	if !isFileName(name) {
		return nil, fmt.Errorf("open %q of a clip: %w", name, os.ErrNotExist)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return fileio.OpenIn(root, path.Join(e.Path, name), os.O_RDONLY, 0)
}

// ReadMeta returns the metadata of a clip below dir.
func ReadMeta(dir string, e Entry) (*Meta, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return readMeta(root, path.Join(e.Path, metaFile))
}

// MaxThumb is the largest thumbnail that is read, in bytes.
const MaxThumb = 4 << 20

// Thumb returns the thumbnail of a clip below dir, as a JPEG file. It is nil if there
// is none or it exceeds MaxThumb. It does not follow links out of dir.
func Thumb(dir string, e Entry) []byte {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil
	}
	defer root.Close()
	data, err := readBounded(root, path.Join(e.Path, thumbFile), MaxThumb+1)
	if err != nil || len(data) > MaxThumb {
		return nil
	}
	return data
}
