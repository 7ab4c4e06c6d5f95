package tty

import (
	"bytes"
	"os"
	"os/signal"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Suspend stops the process group, as Ctrl-Z does elsewhere, and returns when it is
// continued. The terminal must be in order. Where no shell could continue it, it returns
// false at once.
func Suspend() bool {
	if !underShell() {
		return false
	}
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, unix.SIGCONT)
	defer signal.Stop(continued)
	// Not SIGTSTP: once Go has caught that, it can no longer be left to the system.
	if unix.Kill(0, unix.SIGSTOP) != nil {
		return false
	}
	<-continued
	return true
}

// underShell reports whether the process group has a parent in its session that can
// continue it: it is not orphaned, in the words of POSIX.
func underShell() bool {
	leader := unix.Getpgrp()
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(leader) + "/stat")
	if err != nil {
		return false
	}
	// pid (comm) state ppid …; comm may contain anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 2 {
		return false
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil || parent == 0 {
		return false
	}
	session, err := unix.Getsid(parent)
	own, _ := unix.Getsid(0)
	return err == nil && session == own
}

// Jobs returns a channel of SIGTSTP and SIGCONT, which otherwise stop the process with
// the terminal as it is, and continue it with the terminal as the shell left it. Stop
// ends that.
func Jobs() (signals <-chan os.Signal, stop func()) {
	ch := make(chan os.Signal, 4)
	signal.Notify(ch, unix.SIGTSTP, unix.SIGCONT)
	return ch, func() { signal.Stop(ch) }
}

// DropInput drops what has been typed or answered and not been read, so that whoever
// reads the terminal next does not get it.
func DropInput(tty *os.File) { _ = unix.IoctlSetInt(int(tty.Fd()), unix.TCFLSH, unix.TCIFLUSH) }

// Controlling opens the controlling terminal of the process, for HungUp. It fails
// where there is none. The caller closes it.
func Controlling() (*os.File, error) {
	return os.OpenFile("/dev/tty", os.O_RDWR|unix.O_NOCTTY, 0)
}

// HungUp reports whether a terminal has hung up since it was opened. It is certain from
// the moment the kernel sends SIGHUP on. To open /dev/tty again is not: that may still
// work then.
func HungUp(terminal *os.File) bool {
	fds := []unix.PollFd{{Fd: int32(terminal.Fd())}}
	_, err := unix.Poll(fds, 0)
	return err == nil && fds[0].Revents&unix.POLLHUP != 0
}
