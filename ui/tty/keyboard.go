// Package tty handles the terminal of the dashboard: reassembly of input sequences, job control,
// hang-up, and the terminal's capabilities.
package tty

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Keyboard reads from a terminal. Read never splits an escape sequence. One goroutine calls Read;
// another may call Close.
type Keyboard struct {
	tty    *os.File
	filter filter
	ready  []byte // complete, not read yet
	raw    [4096]byte
	wake   *os.File // written to by Close
	woken  *os.File
	closed atomic.Bool
}

// NewKeyboard returns a Keyboard that reads from tty. The caller still closes tty.
func NewKeyboard(tty *os.File) (*Keyboard, error) {
	woken, wake, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("open keyboard: %w", err)
	}
	return &Keyboard{tty: tty, wake: wake, woken: woken}, nil
}

// Fd returns the file descriptor of the terminal.
func (k *Keyboard) Fd() uintptr { return k.tty.Fd() }

// Write writes to the terminal.
func (k *Keyboard) Write(p []byte) (int, error) { return k.tty.Write(p) }

// Close makes Read return io.EOF.
func (k *Keyboard) Close() error {
	k.closed.Store(true)
	_, _ = k.wake.Write([]byte{0}) // the pipe has room
	return nil
}

// Release frees the keyboard's resources. Call it after the last Read has returned.
func (k *Keyboard) Release() {
	_ = k.wake.Close()
	_ = k.woken.Close()
}

// Read blocks until there is at least one complete sequence.
func (k *Keyboard) Read(p []byte) (int, error) {
	for len(k.ready) == 0 {
		if err := k.wait(); err != nil {
			return 0, err
		}
	}
	n := copy(p, k.ready)
	k.ready = k.ready[:copy(k.ready, k.ready[n:])]
	return n, nil
}

// wait waits for input or the filter's deadline, and feeds the filter.
func (k *Keyboard) wait() error {
	timeout := -1
	if at := k.filter.deadline(); !at.IsZero() {
		timeout = max(int(time.Until(at)/time.Millisecond)+1, 0)
	}
	fds := []unix.PollFd{{Fd: int32(k.tty.Fd()), Events: unix.POLLIN}, {Fd: int32(k.woken.Fd()), Events: unix.POLLIN}}
	_, err := unix.Poll(fds, timeout)
	switch {
	case k.closed.Load():
		return io.EOF
	case errors.Is(err, unix.EINTR):
		return nil
	case err != nil:
		return fmt.Errorf("wait for keys: %w", err)
	case fds[0].Revents == 0:
		k.ready = k.filter.expire(time.Now(), k.ready)
		return nil
	}
	n, err := k.tty.Read(k.raw[:])
	k.ready = k.filter.feed(time.Now(), k.raw[:n], k.ready)
	if err != nil && len(k.ready) == 0 {
		return err //nolint:wrapcheck // callers compare with io.EOF
	}
	return nil
}
