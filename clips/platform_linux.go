package clips

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// spaceOf returns the space that an ordinary user can still use on the file system of
// an open directory.
func spaceOf(dir *os.File) (space, error) {
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(dir.Fd()), &st); err != nil {
		return space{}, err
	}
	free := int64(st.Bavail) * int64(st.Bsize) //nolint:unconvert // 32 bits on some machines
	return space{bytes: free, inodes: int64(st.Ffree), allInodes: int64(st.Files)}, nil
}

// reserve allocates n bytes on the disk for a file. If the file system does not support
// that, it writes up to 1 MiB.
func reserve(file *os.File, n int64) error {
	err := error(unix.EINTR)
	for errors.Is(err, unix.EINTR) {
		err = unix.Fallocate(int(file.Fd()), 0, 0, n)
	}
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		_, err = file.Write(make([]byte, min(n, 1<<20)))
	}
	return err
}

// lock locks an open directory and reports whether it succeeded. The lock ends when the
// file is closed or the process ends for any reason.
func lock(dir *os.File) bool {
	return unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil
}

// openPath returns a path to the open directory itself, even if its name now refers to
// something else. If the system has no such path, it returns name.
func openPath(dir *os.File, name string) string {
	if p := fdPath(int(dir.Fd())); exists(p) {
		return p
	}
	return name
}

func fdPath(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

func exists(p string) bool {
	_, err := os.Stat(p)
	return err == nil
}

// deviceOf returns the number of the file system that a path is on.
func deviceOf(path string) (uint64, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return 0, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	return uint64(st.Dev), nil //nolint:unconvert // 32 bits on some machines
}

// mounted reports whether a file system is mounted at a directory itself.
func mounted(dir string) bool {
	var st unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, dir, 0, 0, &st) == nil && st.Attributes_mask&unix.STATX_ATTR_MOUNT_ROOT != 0 {
		return st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0
	}
	m, err := mountOf(dir) // before Linux 5.8 a mount of the same file system is not found
	return err == nil && m.at == m.dir
}

// below opens the directory hidden by the mount on dir, without unmounting. It is nil
// if there is none or permission is missing (CAP_SYS_ADMIN, Linux 5.2).
func below(dir string) (hidden *os.Root, done func()) {
	m, err := mountOf(dir)
	if err != nil || m.device == m.around {
		return nil, nil
	}
	up := filepath.Dir(m.at)
	within, err := filepath.Rel(up, m.dir)
	if err != nil {
		return nil, nil
	}
	fd, err := unix.OpenTree(unix.AT_FDCWD, up, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return nil, nil
	}
	if hidden, err = os.OpenRoot(filepath.Join(fdPath(fd), within)); err != nil {
		unix.Close(fd)
		return nil, nil
	}
	return hidden, func() {
		hidden.Close()
		unix.Close(fd)
	}
}
