//go:build !linux

package runtime

// lowerPriority does nothing where the system knows no priority of a thread.
func lowerPriority(int) {}
