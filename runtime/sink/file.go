package sink

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"syscall"

	"rvo-tui/internal/fileio"
)

// File appends events to a file as JSON lines, and the file holds whole
// lines only:
//
//   - A line is one write. When it comes out short, as on a full disk, the file
//     is cut back to its last whole line and the line is tried again later.
//   - A last line without end, as a power failure leaves it, is healed when the
//     file is opened: a whole JSON object gets its line feed, the beginning of
//     one is cut off, and anything else is kept and ended, for it is not ours.
//   - The file is locked (flock), because cutting is safe for one writer alone:
//     a second process with the same file is degraded until the first one ends.
//
// The file is opened again after Reopen, and by itself when it was moved or
// removed. A file that cannot be opened or written degrades the sink, which
// holds Capacity events and tries again every 0.5 to 5 s.
//
// Lines are synced to the disk within a second of being written, and when the
// sink ends: a power failure costs the events of the last second at most, and
// no event waits for a disk.
type File struct{ *queue }

// NewFile returns a sink named "file". Nothing is opened before Run.
func NewFile(path string, log *slog.Logger) File {
	return File{newQueue("file", &lineFile{path: path}, log)}
}

// Reopen has the file closed and opened again by its path, soon and without
// waiting: for log rotation.
func (s File) Reopen() { poke(s.reopen) }

// lineFile is the output of a File.
type lineFile struct {
	path string
	f    *os.File
}

// healWindow is how far back the beginning of a torn last line is looked for.
const healWindow = 1 << 20

func (l *lineFile) open() error {
	f, err := os.OpenFile(l.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("open event log %q: %w; %s", l.path, fileio.Bare(err), fileio.Advice(err))
	}
	if err := l.prepare(f); err != nil {
		f.Close()
		return err
	}
	l.f = f
	return nil
}

func (l *lineFile) prepare(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open event log %q: %w", l.path, fileio.Bare(err))
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("open event log %q: not a regular file; name a file", l.path)
	}
	if errors.Is(lockFile(f), syscall.EWOULDBLOCK) {
		return fmt.Errorf("open event log %q: another process writes it; name another file or stop that process", l.path)
	}
	if err := heal(f, info.Size()); err != nil {
		return fmt.Errorf("heal event log %q: %w; %s", l.path, fileio.Bare(err), fileio.Advice(err))
	}
	return nil
}

// lockFile takes the file for this process. A file system that knows no locks
// is none the worse.
func lockFile(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var flockErr error
	if err := conn.Control(func(fd uintptr) { flockErr = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) }); err != nil {
		return err
	}
	return flockErr
}

// heal makes the file end with a line feed.
func heal(f *os.File, size int64) error {
	if size == 0 {
		return nil
	}
	tail := make([]byte, 1)
	if _, err := f.ReadAt(tail, size-1); err != nil {
		return err
	}
	if tail[0] == '\n' {
		return nil
	}
	tail = make([]byte, min(size, healWindow))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return err
	}
	start := bytes.LastIndexByte(tail, '\n') + 1
	torn := tail[start:]
	found := start > 0 || int64(len(tail)) == size
	if found && torn[0] == '{' && !json.Valid(torn) || found && len(bytes.Trim(torn, "\x00")) == 0 {
		return f.Truncate(size - int64(len(torn)))
	}
	_, err := f.Write([]byte{'\n'})
	return err
}

func (l *lineFile) write(_ context.Context, line []byte) (int, error) {
	if l.moved() {
		if err := l.close(); err != nil {
			return 0, err
		}
		if err := l.open(); err != nil {
			return 0, err
		}
	}
	n, err := l.f.Write(line)
	if err == nil {
		return len(line), nil
	}
	if n > 0 {
		// Where this fails too, the rest of the line is cut off when the file is
		// opened again, before anything else is written.
		_ = l.cut(n)
	}
	return 0, fmt.Errorf("write event log %q: %w; %s", l.path, fileio.Bare(err), fileio.Advice(err))
}

// cut takes the last n bytes off the file.
func (l *lineFile) cut(n int) error {
	info, err := l.f.Stat()
	if err != nil {
		return err
	}
	return l.f.Truncate(info.Size() - int64(n))
}

// moved reports whether the path no longer leads to the open file.
func (l *lineFile) moved() bool {
	there, err := os.Stat(l.path)
	if err != nil {
		return errors.Is(err, os.ErrNotExist)
	}
	ours, err := l.f.Stat()
	return err == nil && !os.SameFile(there, ours)
}

func (l *lineFile) sync() error {
	if err := l.f.Sync(); err != nil {
		return fmt.Errorf("sync event log %q: %w; the last lines may be lost, check the disk", l.path, fileio.Bare(err))
	}
	return nil
}

func (l *lineFile) close() error {
	defer l.f.Close()
	return l.sync()
}
