//go:build !linux

package clips

import (
	"math"
	"os"
)

// freeBytes answers that there is always room: the bound on free disk is kept on
// Linux alone.
func freeBytes(*os.File) (int64, error) { return math.MaxInt64, nil }

// lock always succeeds: on this system a clips directory must not be shared by
// two processes.
func lock(*os.File) bool { return true }

// openPath returns name: there is no path to an open directory here.
func openPath(_ *os.File, name string) string { return name }
