package logging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"rvo-tui/internal/fileio"
)

// File is a log file that can be reopened while it is written, for log rotation. It is
// safe for concurrent use.
type File struct {
	path string
	file atomic.Pointer[os.File]
}

// OpenFile opens the regular file at path for appending. If it is missing, it creates one that this
// user can write and its group can read.
func OpenFile(path string) (*File, error) {
	l := &File{path: path}
	if err := l.Reopen(); err != nil {
		return nil, err
	}
	return l, nil
}

// Reopen opens the path again and closes the old file. If it fails, the old file stays in use. Do
// not call it after Close.
func (l *File) Reopen() error {
	f, err := fileio.Open(l.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
	if err != nil {
		return fmt.Errorf("open log file %q: %w; %s", l.path, fileio.Bare(err), fileio.Advice(err))
	}
	if old := l.file.Swap(f); old != nil {
		return old.Close()
	}
	return nil
}

// Write appends p, which must be whole lines.
func (l *File) Write(p []byte) (int, error) {
	for {
		f := l.file.Load()
		n, err := f.Write(p)
		if n == 0 && errors.Is(err, os.ErrClosed) && l.file.Load() != f {
			continue
		}
		return n, err
	}
}

// Close closes the file.
func (l *File) Close() error { return l.file.Load().Close() }

// Pipe returns a writer for a log that goes to a pipe or a terminal, such as standard error. While
// the reader does not read, each write takes a second and its line is lost.
func Pipe(f *os.File) io.Writer { return pipe{f} }

type pipe struct{ f *os.File }

func (l pipe) Write(p []byte) (int, error) {
	return fileio.Write(context.Background(), l.f, p, fileio.Patience)
}
