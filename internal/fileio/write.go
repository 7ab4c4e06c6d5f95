// Package fileio opens regular files without blocking on FIFOs or devices, replaces files
// atomically, writes to pipes with a timeout, and advises on file errors.
package fileio

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// Patience is the usual time that a write may be without progress.
	Patience  = time.Second
	pipeChunk = 512 // POSIX: what a pipe that is ready takes without blocking, at least
	pipePoll  = 50 * time.Millisecond
)

// ErrStalled is returned by Write if the reader of a pipe does not read.
var ErrStalled = errors.New("the reader of the pipe does not read")

// Write writes p to a file that may be a pipe. It fails with ErrStalled after patience without
// progress, and when ctx ends. It returns the number of bytes written.
func Write(ctx context.Context, f *os.File, p []byte, patience time.Duration) (n int, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if info.Mode().IsRegular() {
		return f.Write(p)
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	for waited := time.Duration(0); n < len(p); {
		var ready bool
		if ctrl := conn.Control(func(fd uintptr) { ready, err = writable(fd) }); ctrl != nil {
			return n, ctrl
		}
		if err != nil {
			return n, err
		}
		if !ready {
			if waited += pipePoll; waited >= patience || ctx.Err() != nil {
				return n, ErrStalled
			}
			continue
		}
		m, err := f.Write(p[n:min(len(p), n+pipeChunk)])
		n += m
		if err != nil {
			return n, err
		}
		waited = 0
	}
	return n, nil
}

// writable waits up to pipePoll until a write would not block. It returns true for a pending error,
// too.
func writable(fd uintptr) (bool, error) {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	n, err := unix.Poll(fds, int(pipePoll/time.Millisecond))
	if errors.Is(err, unix.EINTR) {
		return false, nil
	}
	return n > 0, err
}
