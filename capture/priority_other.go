//go:build !linux

package capture

import goruntime "runtime"

// LowPriority locks the calling goroutine to its thread. This system has no per-thread
// priority.
func LowPriority(int) { goruntime.LockOSThread() }

// EndLowPriority does nothing.
func EndLowPriority() {}
