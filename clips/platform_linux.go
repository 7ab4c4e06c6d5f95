package clips

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// freeBytes returns what an ordinary user may still write on the file system of
// an open directory.
func freeBytes(dir *os.File) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(dir.Fd()), &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil //nolint:unconvert // of 32 bits on some machines
}

// lock takes the lock of an open directory and reports whether it did. The lock
// goes when the file is closed or the process ends, however it ends.
func lock(dir *os.File) bool {
	return unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil
}

// openPath returns a path that leads to the open directory itself, wherever its
// name may lead by now; or name, where the system gives no such path.
func openPath(dir *os.File, name string) string {
	if p := "/proc/self/fd/" + strconv.Itoa(int(dir.Fd())); exists(p) {
		return p
	}
	return name
}

func exists(p string) bool {
	_, err := os.Stat(p)
	return err == nil
}
