package fileio

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Replace replaces the content of a file atomically: readers see the old content or the new one,
// even after a crash. It keeps owner, group and mode, and follows a symbolic link. It calls ready
// immediately before the final rename, and stops if that fails. A read-only file is not replaced,
// even if its directory would allow it.
func Replace(path string, data []byte, ready func() error) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := writableFile(path)
	if err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	file, err := os.CreateTemp(dir.Name(), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // fails after the rename
	err = fill(file, data, info)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = ready()
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return err
	}
	return dir.Sync()
}

// CanReplace returns the error with which Replace would fail because of permissions; nil if none.
func CanReplace(path string) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	if _, err := writableFile(path); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

func writableFile(path string) (os.FileInfo, error) {
	file, err := Open(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	return info, errors.Join(err, file.Close())
}

// fill writes and syncs the new file, with owner, group and mode of the old one.
func fill(file *os.File, data []byte, like os.FileInfo) error {
	if st, ok := like.Sys().(*syscall.Stat_t); ok {
		own, err := file.Stat()
		if err != nil {
			return err
		}
		if o, ok := own.Sys().(*syscall.Stat_t); !ok || o.Uid != st.Uid || o.Gid != st.Gid {
			if err := file.Chown(int(st.Uid), int(st.Gid)); err != nil {
				return fmt.Errorf("keep its owner: %w", err)
			}
		}
	}
	if err := file.Chmod(like.Mode().Perm()); err != nil {
		return err
	}
	if _, err := file.Write(data); err != nil {
		return err
	}
	return file.Sync()
}
