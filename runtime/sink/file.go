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

// File appends events to a file as JSON lines. The file only has complete lines:
//
//   - A line is one write. After a short write, as on a full disk, the file is
//     truncated to its last complete line, and the line is retried later.
//   - An incomplete last line, as after a power failure, is repaired when the file is
//     opened: a complete JSON object gets its line feed, an incomplete one is removed,
//     and anything else is kept and gets a line feed.
//   - The file is locked (flock), because truncating is only safe with one writer. The
//     sink of a second process is degraded until the first process ends.
//
// The file is reopened after Reopen, and when it was moved or removed. While it cannot
// be opened or written, the sink is degraded: it queues Capacity events and retries
// every 0.5 to 5 s.
//
// Lines are synced to the disk within a second, and when the sink ends. A power failure
// loses at most the events of the last second. No event waits for the disk.
type File struct{ *queue }

// NewFile returns a sink named "file". Nothing is opened before Run.
func NewFile(path string, log *slog.Logger) File {
	return File{newQueue("file", &lineFile{path: path}, log)}
}

// Reopen requests that the file be closed and reopened by its path, for log rotation.
// It does not block.
func (s File) Reopen() { poke(s.reopen) }

// lineFile is the output of a File.
type lineFile struct {
	path string
	f    *os.File
}

// healWindow is the maximum length of an incomplete last line that is repaired.
const healWindow = 1 << 20

func (l *lineFile) open() error {
	f, err := fileio.Open(l.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o640)
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
	if errors.Is(lockFile(f), syscall.EWOULDBLOCK) {
		return fmt.Errorf("open event log %q: another process is writing to it; use another file or stop that process", l.path)
	}
	if err := heal(f, info.Size()); err != nil {
		return fmt.Errorf("repair event log %q: %w; %s", l.path, fileio.Bare(err), fileio.Advice(err))
	}
	return nil
}

// lockFile locks the file for this process. It is not an error if the file system has
// no locks.
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

// heal repairs an incomplete last line.
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
		// If this fails too, heal truncates the line when the file is reopened.
		_ = l.cut(n)
	}
	return 0, fmt.Errorf("write event log %q: %w; %s", l.path, fileio.Bare(err), fileio.Advice(err))
}

// cut truncates the last n bytes of the file.
func (l *lineFile) cut(n int) error {
	info, err := l.f.Stat()
	if err != nil {
		return err
	}
	return l.f.Truncate(info.Size() - int64(n))
}

// moved reports whether the path no longer refers to the open file.
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
