package stdio

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// DivertStdout points os.Stdout to a duplicate of file descriptor 1 and descriptor 1 to /dev/null.
// Otherwise output of C libraries, possibly with passwords, would mix with events or the dashboard.
// It returns os.Stdout. Call it once, before the first call into C.
func DivertStdout() (*os.File, error) {
	fd, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fmt.Errorf("divert standard output: %w", err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err == nil {
		err = unix.Dup2(int(null.Fd()), 1)
		null.Close()
	}
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("divert standard output: %w", err)
	}
	os.Stdout = os.NewFile(uintptr(fd), "/dev/stdout")
	return os.Stdout, nil
}
