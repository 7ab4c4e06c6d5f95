package fileio

import (
	"errors"
	"os"
	"syscall"
)

// Bare returns the cause of a file error, without operation and path.
func Bare(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok { // from a rename
		return e.Err
	}
	return err
}

// Advice returns what the user can do about a file error.
func Advice(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free some space"
	case errors.Is(err, syscall.EROFS):
		return "make the file system writable or name another file"
	case errors.Is(err, os.ErrPermission):
		return "allow this user to write it or name another file"
	case errors.Is(err, syscall.EISDIR), errors.Is(err, ErrIrregular):
		return "name a file"
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return "make its directory or name another file"
	}
	return "check the disk or name another file"
}
