package child

import (
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes makes a child die with the thread that starts it, and a group of
// its own, which a Ctrl-C in the terminal does not reach.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// sacrifice makes the kernel kill this process first when memory runs out. It is best
// effort: the process also runs where that is not allowed.
func sacrifice(pid int) {
	_ = os.WriteFile("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", []byte("500"), 0)
}

// confine lets the calling thread, and what it starts, run on so many processors
// at a time, or on all where it is 0 or there are no more. They are chosen at
// random, so that several processes do not share one. It is best effort.
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

// awaitExit returns when the process has ended, and leaves it to be waited for.
func awaitExit(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// limit bounds what the calling process can have: address space in bytes, and no
// dumps of its memory, which hold frames.
func limit(memory uint64) error {
	return errors.Join(
		unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: memory, Max: memory}),
		unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}),
	)
}
