package capture

import (
	goruntime "runtime"
	"syscall"
)

// LowPriority ties the calling goroutine to its thread and gives the thread, and
// those that C code starts from it, a nice value of 0 (no change) to 19. The
// goroutine must end without unlocking: the thread then ends with it and no other
// goroutine inherits the priority. Raising a nice value needs no privilege; should
// the system refuse all the same, the thread keeps the priority that it has.
func LowPriority(nice int) {
	goruntime.LockOSThread()
	if nice > 0 {
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), nice)
	}
}
