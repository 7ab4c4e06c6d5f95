//go:build !linux

package capture

import goruntime "runtime"

// LowPriority ties the calling goroutine to its thread; there is no priority of
// a single thread to lower here.
func LowPriority(int) { goruntime.LockOSThread() }

// EndLowPriority does nothing: see LowPriority.
func EndLowPriority() {}
