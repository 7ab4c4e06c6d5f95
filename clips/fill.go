package clips

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/internal/fileio"
)

// fill writes the clip's other files next to its movies and syncs all of them. What the clip was
// made from is removed last: until the metadata is on the disk, the next start needs it. Of an AVI
// only the request is left, from which nothing can be made; a disk may be full but for its size.
func (s *store) fill(b *building, m *Meta, stills []still, found []detectors.Detection) error {
	names, err := readNames(b.root, b.name)
	if err != nil {
		return onDisk("build clip", err)
	}
	if !slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, grownPrefix) }) {
		if err := strip(b.root, b.name); err != nil {
			return onDisk("build clip", err)
		}
	}
	if err := s.frames(b, m); err != nil {
		return err
	}
	small, err := s.thumb(b, stills, found)
	if err != nil {
		return fmt.Errorf("build clip: %w", err)
	}
	if err := writeFile(b.root, path.Join(b.name, thumbFile), small); err != nil {
		return onDisk("build clip", err)
	}
	if m.Files, err = hashFiles(b.root, b.name); err != nil {
		return onDisk("build clip", err)
	}
	if err := writeFile(b.root, path.Join(b.name, metaFile), m.marshal()); err != nil {
		return onDisk("build clip", err)
	}
	if err := strip(b.root, b.name); err != nil {
		return onDisk("build clip", err)
	}
	return nil
}

// strip syncs the names in a complete clip's directory and removes what the clip was made from.
func strip(root *os.Root, dir string) error {
	if err := syncDir(root, dir); err != nil {
		return err
	}
	names, err := readNames(root, dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !temporary(name) {
			continue
		}
		if err := root.Remove(path.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// temporary reports whether a file of an unfinished clip is not part of the finished one.
func temporary(name string) bool { return strings.HasPrefix(name, grownPrefix) || name == jobFile }

// frames writes every frame of the movie to a file, if configured.
func (s *store) frames(b *building, m *Meta) error {
	if !s.cfg.Frames {
		return nil
	}
	m.FrameFiles = true
	n := 0
	for _, p := range b.film.parts {
		var bad error
		err := b.film.mux.Frames(filepath.Join(b.film.where, p.final), s.cfg.MaxWidth, func(_ time.Duration, jpeg []byte) bool {
			bad = writeFile(b.root, path.Join(b.name, fmt.Sprintf("frame_%04d.jpg", n)), jpeg)
			n++
			return bad == nil
		})
		if bad != nil {
			return onDisk("build clip", bad)
		}
		if err != nil {
			return fmt.Errorf("build clip: %w", err)
		}
	}
	return nil
}

// thumb returns the thumbnail: the frame that confirmed the event, with its boxes, or
// else the nearest frame of the movie.
func (s *store) thumb(b *building, stills []still, found []detectors.Detection) ([]byte, error) {
	c := b.clip
	for _, st := range stills {
		if len(c.confirm) > 0 && st.frame == c.confirm[0] {
			return Draw(s.redraw, st.jpeg, found)
		}
	}
	p := b.film.parts[0]
	at := c.jobs[0].At - p.zero
	var best []byte
	err := b.film.mux.Frames(filepath.Join(b.film.where, p.final), s.cfg.MaxWidth, func(shown time.Duration, jpeg []byte) bool {
		if best == nil || shown <= at {
			best = append(best[:0], jpeg...)
		}
		return shown < at
	})
	if best == nil {
		return nil, errors.Join(errors.New("draw thumbnail: the movie has no frames"), err)
	}
	return Draw(s.redraw, best, found)
}

// hashFiles syncs the files of a clip and returns their sizes and hashes.
func hashFiles(root *os.Root, dir string) ([]MetaFile, error) {
	list, err := readNames(root, dir)
	if err != nil {
		return nil, err
	}
	var files []MetaFile
	for _, name := range list {
		if temporary(name) {
			continue
		}
		if _, err := syncFile(root, path.Join(dir, name)); err != nil {
			return nil, err
		}
		f, err := hashFile(root, path.Join(dir, name))
		if err != nil {
			return nil, err
		}
		f.Name = name
		files = append(files, f)
	}
	return files, nil
}

// hashFile returns the size and the SHA-256 of a file.
func hashFile(root *os.Root, name string) (f MetaFile, err error) {
	file, err := fileio.OpenIn(root, name, os.O_RDONLY, 0)
	if err != nil {
		return f, err
	}
	defer file.Close()
	sum := sha256.New()
	if f.Bytes, err = io.Copy(sum, file); err != nil {
		return f, err
	}
	f.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return f, nil
}

// readNames returns the names of the visible files in a directory, in order.
func readNames(root *os.Root, dir string) ([]string, error) {
	file, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	list, err := file.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	names := list[:0]
	for _, name := range list {
		if !strings.HasPrefix(name, ".") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// inDir replaces the path of the opened directory in an error by the clips directory as
// configured.
func inDir(err error, where, dir string) error {
	return &placed{err, strings.ReplaceAll(err.Error(), where, dir)}
}

// placed is an error with a different text.
type placed struct {
	err  error
	text string
}

func (p *placed) Error() string { return p.text }

func (p *placed) Unwrap() error { return p.err }
