package fileio

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// Errors for a path that is not a regular file, and for a file above the size limit.
var (
	ErrIrregular = errors.New("not a regular file")
	ErrTooLarge  = errors.New("too large")
)

// Open opens a regular file, as os.OpenFile does. Anything else (a directory, a FIFO, a device, a
// socket) is ErrIrregular. It never blocks on a FIFO, and never opens a device, since opening alone
// may have effects.
func Open(path string, flag int, perm os.FileMode) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, irregular(path, info)
	}
	f, err := os.OpenFile(path, flag|syscall.O_NONBLOCK, perm)
	return regular(path, f, err)
}

// OpenIn opens a regular file below a directory, as Open does.
func OpenIn(root *os.Root, name string, flag int, perm os.FileMode) (*os.File, error) {
	info, err := root.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		return nil, irregular(name, info)
	}
	f, err := root.OpenFile(name, flag|syscall.O_NONBLOCK, perm)
	return regular(name, f, err)
}

// regular checks the opened file, because the path may have been replaced since it was checked.
func regular(path string, f *os.File, err error) (*os.File, error) {
	switch {
	case errors.Is(err, syscall.ENXIO): // a FIFO without a reader
		return nil, irregular(path, nil)
	case err != nil:
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = irregular(path, info)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func irregular(path string, info os.FileInfo) error {
	err := ErrIrregular
	if info != nil && info.IsDir() {
		err = fmt.Errorf("%w: it is a directory", err)
	}
	return &os.PathError{Op: "open", Path: path, Err: err}
}

// Read returns the content of a regular file of at most limit bytes. A larger one is
// ErrTooLarge.
func Read(path string, limit int64) ([]byte, error) {
	f, err := Open(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = &os.PathError{Op: "read", Path: path, Err: fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)}
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}
