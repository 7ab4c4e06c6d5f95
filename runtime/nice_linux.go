package runtime

import "golang.org/x/sys/unix"

// lowerPriority sets the nice value of the calling thread, which must be locked
// to its goroutine. Raising a nice value needs no privilege; should the system
// refuse all the same, the thread works on at the priority it has.
func lowerPriority(nice int) {
	if nice > 0 {
		_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), nice)
	}
}
