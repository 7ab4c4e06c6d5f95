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

// ErrNoClip is what Find returns for an event without a clip.
var ErrNoClip = errors.New("there is no clip of this event")

// Clip is the clip of an event.
type Clip struct {
	Entry Entry
	Path  string // of the movie, on the machine that has it
	Thumb []byte // the thumbnail, a JPEG file; empty: there is none
}

// Find returns the newest clip below dir that shows an event. It reads from the disk.
func Find(dir, eventID string) (Clip, error) {
	e, err := FindEntry(dir, eventID)
	if err != nil {
		return Clip{}, err
	}
	return Clip{e, e.MoviePath(dir), Thumb(dir, e)}, nil
}

// FindEntry returns the entry of the newest clip below dir that shows an event.
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

// Shows reports whether the clip is that of an event, or was extended for it.
func (e Entry) Shows(eventID string) bool {
	return e.EventID == eventID || slices.Contains(e.Events, eventID)
}

// MoviePath returns the path of the clip's movie.
func (e Entry) MoviePath(dir string) string {
	return filepath.Join(dir, filepath.FromSlash(e.Path), e.Movie)
}

// The files of a clip besides its movies.
const (
	MetaFileName  = metaFile
	ThumbFileName = thumbFile
)

// Open opens a file of a clip below dir, which is a regular one or an error. It
// follows no link out of dir.
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
	data, err := readBounded(root, path.Join(e.Path, thumbFile), MaxThumb+1)
	if err != nil || len(data) > MaxThumb {
		return nil
	}
	return data
}
