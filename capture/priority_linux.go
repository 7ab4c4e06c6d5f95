package capture

import (
	"os"
	goruntime "runtime"
	"strconv"
	"syscall"
)

// LowPriority locks the calling goroutine to its thread and sets the nice value of the
// thread, and of those that C code starts from it, from 0 (no change) to 19. The
// goroutine must end without unlocking, so that the thread ends with it and no other
// goroutine inherits the priority. Raising the nice value needs no privilege. If the
// system refuses, the priority stays.
func LowPriority(nice int) {
	goruntime.LockOSThread()
	if nice > 0 {
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), nice)
	}
}

// EndLowPriority raises all low-priority threads to the priority of the caller. It is
// for shutdown, which waits for them. It requires CAP_SYS_NICE (or LimitNICE= in a
// systemd unit); without it nothing changes.
func EndLowPriority() {
	goruntime.LockOSThread()
	defer goruntime.UnlockOSThread()
	// The raw system call returns 20 minus the nice value.
	own, err := syscall.Getpriority(syscall.PRIO_PROCESS, syscall.Gettid())
	if err != nil {
		return
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return
	}
	for _, t := range threads {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			continue
		}
		if p, err := syscall.Getpriority(syscall.PRIO_PROCESS, tid); err == nil && p < own {
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, tid, 20-own)
		}
	}
}
