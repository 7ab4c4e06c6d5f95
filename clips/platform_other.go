//go:build !linux

package clips

import (
	"math"
	"os"
)

// spaceOf reports unlimited space: free space is only checked on Linux.
func spaceOf(*os.File) (space, error) { return space{bytes: math.MaxInt64}, nil }

// reserve writes up to 1 MiB.
func reserve(file *os.File, n int64) error {
	_, err := file.Write(make([]byte, min(n, 1<<20)))
	return err
}

// lock always succeeds. On this system two processes must not share a clips directory.
func lock(*os.File) bool { return true }

// openPath returns name: this system has no path to an open directory.
func openPath(_ *os.File, name string) string { return name }

// deviceOf reports a single file system: unmounted disks are only detected on Linux.
func deviceOf(path string) (uint64, error) {
	_, err := os.Stat(path)
	return 0, err
}

// mounted reports that nothing is mounted anywhere.
func mounted(string) bool { return false }

// below always returns nil.
func below(string) (hidden *os.Root, done func()) { return nil, nil }
