package clips

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"rvo-tui/internal/fileio"
	"rvo-tui/internal/text"
)

// Names of files in the clips directory.
const (
	indexFile      = "index.jsonl"
	metaFile       = "meta.json"
	thumbFile      = "thumb.jpg"
	jobFile        = "job.json" // request for a clip that is being built
	movieName      = "clip"
	grownPrefix    = "grown-" // an unfinished movie
	mutePrefix     = "mute-"  // a movie that was restarted without its sound
	buildingPrefix = ".building-"
	trashPrefix    = ".trash-"
	indexPrefix    = ".index-"
	probePrefix    = ".probe-"
)

// maxIndexLine is the maximum length of an index line. Longer lines were not written
// here.
const maxIndexLine = 1 << 16

// Entry is one finished clip, and one line of index.jsonl.
type Entry struct {
	EventID    string    `json:"event_id"`
	EventType  string    `json:"event_type"`
	Camera     string    `json:"camera"`
	Rule       string    `json:"rule"`
	Time       time.Time `json:"time"`       // of the event, UTC
	Start      time.Time `json:"start_time"` // of the first frame
	End        time.Time `json:"end_time"`   // of the last frame
	DurationMS int64     `json:"duration_ms"`
	Path       string    `json:"path"`  // of the clip's directory, relative to the clips directory, with slashes
	Movie      string    `json:"movie"` // file in that directory
	Bytes      int64     `json:"bytes"` // of all files of the clip
	// Events are the IDs of other events that the clip shows.
	Events []string `json:"events,omitempty"`
	// Damaged is why the clip's metadata cannot be read. Fields that cannot be derived
	// from the path are then empty.
	Damaged string `json:"damaged,omitempty"`
}

// List returns the clips below dir, oldest first. It reads the directories and uses the
// index only as a cache, so it is correct even if the index is missing or outdated. It
// changes nothing. Names are safe to print on a terminal. A missing directory has no
// clips.
func List(dir string) ([]Entry, error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list clips: %w", err)
	}
	defer root.Close()
	known, _, err := loadIndex(root)
	if err != nil {
		return nil, fmt.Errorf("list clips: %w", err)
	}
	entries, err := scan(root, known)
	if err != nil {
		return nil, fmt.Errorf("list clips: %w", err)
	}
	for i := range entries {
		e := &entries[i]
		for _, s := range []*string{&e.EventID, &e.EventType, &e.Camera, &e.Rule, &e.Damaged} {
			*s = text.Visible(*s)
		}
	}
	return entries, nil
}

// readIndex parses an index. Incomplete and implausible lines are skipped and counted.
// It fails only if reading fails.
func readIndex(in io.Reader) (entries []Entry, bad int, err error) {
	r := bufio.NewReaderSize(in, maxIndexLine)
	for {
		line, err := r.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			bad++
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = r.ReadSlice('\n')
			}
		case err == nil:
			var e Entry
			if json.Unmarshal(line, &e) == nil && e.plausible() {
				entries = append(entries, e)
			} else {
				bad++
			}
			continue
		case len(line) > 0:
			bad++ // a last line without a line feed
		}
		if err == io.EOF {
			return entries, bad, nil
		}
		if err != nil {
			return entries, bad, err
		}
	}
}

// plausible reports whether the entry can have been written here, so that its path is
// safe to use. Damaged clips are never written to the index: they are checked each
// time.
func (e *Entry) plausible() bool {
	_, at, _, ok := parseClipPath(e.Path)
	return ok && isFileName(e.Movie) && e.EventID != "" && e.Camera != "" && e.Bytes >= 0 && e.Damaged == "" && e.Time.UTC().Truncate(time.Second).Equal(at)
}

// loadIndex returns the entries by path, and whether the index is clean: no bad lines
// and no duplicates. A missing index, or one that is not a regular file, is empty.
func loadIndex(root *os.Root) (known map[string]Entry, good bool, err error) {
	known = make(map[string]Entry)
	file, err := fileio.OpenIn(root, indexFile, os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fileio.ErrIrregular) {
		return known, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer file.Close()
	entries, bad, err := readIndex(file)
	if err != nil {
		return nil, false, err
	}
	for _, e := range entries {
		known[e.Path] = e
	}
	return known, bad == 0 && len(known) == len(entries), nil
}

// appendIndex appends a line to the index, completely or not at all. It first removes a
// line that a crash cut short.
func appendIndex(root *os.Root, e Entry) error {
	file, err := fileio.OpenIn(root, indexFile, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return fmt.Errorf("write index: %w", fileio.Bare(err))
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("write index: %w", fileio.Bare(err))
	}
	end, err := lastLineEnd(file, info.Size())
	if err == nil && end < info.Size() {
		err = file.Truncate(end)
	}
	if err != nil {
		return fmt.Errorf("write index: %w", fileio.Bare(err))
	}
	if _, err = file.Write(indexLine(e)); err == nil {
		err = file.Sync()
	}
	if err != nil {
		_ = file.Truncate(end) // if this fails too, the next append repairs it
		return fmt.Errorf("write index: %w", fileio.Bare(err))
	}
	return nil
}

// lastLineEnd returns the end of the last complete line.
func lastLineEnd(file io.ReaderAt, size int64) (int64, error) {
	buf := make([]byte, 4096)
	for size > 0 {
		n := min(size, int64(len(buf)))
		if _, err := file.ReadAt(buf[:n], size-n); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return size - n + int64(i) + 1, nil
		}
		size -= n
	}
	return 0, nil
}

// writeIndex replaces the index atomically.
func writeIndex(root *os.Root, entries []Entry) error {
	var text bytes.Buffer
	for _, e := range entries {
		if e.Damaged == "" {
			text.Write(indexLine(e))
		}
	}
	tmp := indexPrefix + token()
	if err := writeFile(root, tmp, text.Bytes()); err != nil {
		_ = root.Remove(tmp)
		return fmt.Errorf("write index: %w", fileio.Bare(err))
	}
	if err := root.Rename(tmp, indexFile); err != nil {
		_ = root.Remove(tmp)
		return fmt.Errorf("write index: %w", fileio.Bare(err))
	}
	return syncDir(root, ".")
}

func indexLine(e Entry) []byte {
	line, err := json.Marshal(e)
	if err != nil {
		panic(err) // cannot happen: an Entry has only plain values
	}
	return append(line, '\n')
}
