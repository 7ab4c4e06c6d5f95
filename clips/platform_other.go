//go:build !linux

package clips

import (
	"math"
	"os"
)

// spaceOf answers that there is always room: what stays free of a disk is kept on
// Linux alone.
func spaceOf(*os.File) (space, error) { return space{bytes: math.MaxInt64}, nil }

// reserve writes up to a mebibyte.
func reserve(file *os.File, n int64) error {
	_, err := file.Write(make([]byte, min(n, 1<<20)))
	return err
}

// lock always succeeds: on this system a clips directory must not be shared by
// two processes.
func lock(*os.File) bool { return true }

// openPath returns name: there is no path to an open directory here.
func openPath(_ *os.File, name string) string { return name }

// deviceOf knows one file system: that a disk is unmounted is noticed on Linux alone.
func deviceOf(path string) (uint64, error) {
	_, err := os.Stat(path)
	return 0, err
}

// mounted reports that nothing is mounted anywhere.
func mounted(string) bool { return false }

// below finds nothing.
func below(string) (hidden *os.Root, done func()) { return nil, nil }
