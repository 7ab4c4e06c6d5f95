package clips

import (
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"rvo-tui/internal/fileio"
)

// scan returns all clips on disk, oldest first. It ignores symbolic links and anything
// not named like a clip.
func scan(root *os.Root, known map[string]Entry) ([]Entry, error) {
	paths, err := clipPaths(root)
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, p := range paths {
		e, ok := known[p]
		if !ok {
			e = readEntry(root, p)
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		return strings.Compare(a.Path, b.Path)
	})
	return entries, nil
}

// clipPaths returns the directories of all clips.
func clipPaths(root *os.Root) (paths []string, err error) {
	cameras, err := subdirs(root, ".")
	if err != nil {
		return nil, err
	}
	for _, camera := range cameras {
		dates, err := subdirs(root, camera)
		if err != nil {
			continue // deleted, or not readable; count the rest
		}
		for _, date := range dates {
			names, err := subdirs(root, path.Join(camera, date))
			if err != nil {
				continue
			}
			for _, name := range names {
				p := path.Join(camera, date, name)
				if _, _, _, ok := parseClipPath(p); ok {
					paths = append(paths, p)
				}
			}
		}
	}
	return paths, nil
}

// subdirs returns the names of the visible directories in dir.
func subdirs(root *os.Root, dir string) ([]string, error) {
	file, err := root.OpenFile(dir, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	list, err := file.ReadDir(-1)
	var names []string
	for _, d := range list {
		if d.IsDir() && !strings.HasPrefix(d.Name(), ".") {
			names = append(names, d.Name())
		}
	}
	return names, err
}

// readEntry makes the entry of a clip from its directory. If that cannot be read, the
// entry is derived from the path, and Damaged says why.
func readEntry(root *os.Root, p string) Entry {
	camera, at, id, _ := parseClipPath(p)
	e := Entry{EventID: id, Camera: camera, Time: at, Start: at, End: at, Path: p}
	_, e.Bytes = dirSize(root, p)
	m, err := readMeta(root, path.Join(p, metaFile))
	if err != nil {
		e.Damaged = err.Error()
		return e
	}
	if !strings.HasPrefix(p, clipPath(m.Camera, m.Time, m.EventID)) { // a number may follow
		e.Damaged = "its metadata is that of another clip"
		return e
	}
	return m.entry(p, e.Bytes)
}

// maxMeta is the maximum size of metadata that is read back.
const maxMeta = 64 << 20

func readMeta(root *os.Root, name string) (*Meta, error) {
	text, err := readBounded(root, name, maxMeta)
	if err != nil {
		return nil, err
	}
	m, err := parseMeta(text)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", metaFile, err)
	}
	return m, nil
}

// readBounded reads at most limit bytes of a file.
func readBounded(root *os.Root, name string, limit int64) ([]byte, error) {
	file, err := fileio.OpenIn(root, name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, limit))
}

// entry returns the index line of a clip.
func (m *Meta) entry(p string, size int64) Entry {
	e := Entry{
		EventID: m.EventID, EventType: m.EventType, Camera: m.Camera, Rule: m.Rule, Time: m.Time, Start: m.Start, End: m.End,
		DurationMS: m.Movie.DurationMS, Path: p, Movie: m.Movie.File, Bytes: size,
	}
	for _, ev := range m.Events[min(1, len(m.Events)):] {
		e.Events = append(e.Events, ev.EventID)
	}
	return e
}

// dirSize returns the number of files in a directory and their total size.
func dirSize(root *os.Root, p string) (files int, bytes int64) {
	dir, err := root.OpenFile(p, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return 0, 0
	}
	defer dir.Close()
	list, _ := dir.ReadDir(-1) // count what could be read
	for _, d := range list {
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			files++
			bytes += info.Size()
		}
	}
	return files, bytes
}
