package tty

import (
	"bytes"
	"os"
	"os/signal"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Suspend stops the process group, as Ctrl-Z does elsewhere, and returns true when it is continued.
// Restore the terminal first. If no shell could continue the process, it returns false at once.
func Suspend() bool {
	if !underShell() {
		return false
	}
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, unix.SIGCONT)
	defer signal.Stop(continued)
	// Not SIGTSTP: once caught by Go, its default action can no longer be restored.
	if unix.Kill(0, unix.SIGSTOP) != nil {
		return false
	}
	<-continued
	return true
}

// underShell reports whether the process group is not orphaned in the sense of POSIX: it has a
// parent in its session that can continue it.
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

// Jobs returns a channel of SIGTSTP and SIGCONT, so that the caller can restore the terminal
// before the process stops and set it up again afterwards. Call stop to end the notification.
func Jobs() (signals <-chan os.Signal, stop func()) {
	ch := make(chan os.Signal, 4)
	signal.Notify(ch, unix.SIGTSTP, unix.SIGCONT)
	return ch, func() { signal.Stop(ch) }
}

// DropInput discards unread terminal input, so that the shell does not receive late answers of the
// terminal.
func DropInput(tty *os.File) { _ = unix.IoctlSetInt(int(tty.Fd()), unix.TCFLSH, unix.TCIFLUSH) }

// Controlling opens the controlling terminal of the process, for HungUp. It fails if there is
// none. The caller closes it.
func Controlling() (*os.File, error) {
	return os.OpenFile("/dev/tty", os.O_RDWR|unix.O_NOCTTY, 0)
}

// HungUp reports whether a terminal has hung up since it was opened. It is reliable as soon as the
// kernel has sent SIGHUP, unlike reopening /dev/tty, which may still succeed then.
func HungUp(terminal *os.File) bool {
	fds := []unix.PollFd{{Fd: int32(terminal.Fd())}}
	_, err := unix.Poll(fds, 0)
	return err == nil && fds[0].Revents&unix.POLLHUP != 0
}
