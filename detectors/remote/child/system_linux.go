package child

import (
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes makes a child die with the thread that starts it, in its own process
// group, which a Ctrl-C in the terminal does not reach.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// sacrifice makes the kernel kill this process first when memory runs out. It is best
// effort: failures are ignored.
func sacrifice(pid int) {
	_ = os.WriteFile("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", []byte("500"), 0)
}

// confine limits the calling thread, and what it starts, to cpus processors; 0 or more
// than there are means all. They are chosen at random, so that processes are spread
// out. It is best effort.
func confine(cpus int) {
	var all, some unix.CPUSet
	if cpus <= 0 || unix.SchedGetaffinity(0, &all) != nil || all.Count() <= cpus {
		return
	}
	for skip := rand.IntN(all.Count()); some.Count() < cpus; {
		for cpu := range len(all) * 64 {
			if !all.IsSet(cpu) || some.Count() == cpus {
				continue
			}
			if skip > 0 {
				skip--
				continue
			}
			some.Set(cpu)
		}
	}
	_ = unix.SchedSetaffinity(0, &some)
}

// awaitExit returns when the process has ended, without reaping it.
func awaitExit(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// limit limits the calling process: address space in bytes, and no core dumps, which
// would contain frames.
func limit(memory uint64) error {
	return errors.Join(
		unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: memory, Max: memory}),
		unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}),
	)
}
