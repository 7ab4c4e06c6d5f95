package capture

import (
	"os"
	goruntime "runtime"
	"strconv"
	"syscall"
)

// LowPriority ties the calling goroutine to its thread and gives the thread, and
// those that C code starts from it, a nice value of 0 (no change) to 19. The
// goroutine must end without unlocking: the thread then ends with it and no other
// goroutine inherits the priority. Raising a nice value needs no privilege; if
// the system refuses anyway, the thread keeps its priority.
func LowPriority(nice int) {
	goruntime.LockOSThread()
	if nice > 0 {
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), nice)
	}
}

// EndLowPriority raises all threads of lower priority to that of the caller. It is
// for shutdown, which waits for them. It needs a privilege (CAP_SYS_NICE,
// or LimitNICE= in a systemd unit); without it nothing changes.
func EndLowPriority() {
	goruntime.LockOSThread()
	defer goruntime.UnlockOSThread()
	// The system call answers 20 less the nice value.
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
