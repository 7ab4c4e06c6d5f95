package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// WriterSink writes events as JSON lines to an open writer, such as standard
// output. A writer that fails degrades the sink, and the rest of the line that
// was under way follows when it works again.
//
// A file that is a pipe, a socket or a terminal is never waited for longer than
// a second: a reader that has stopped reading degrades the sink, and holds up
// neither it nor its end. Any other writer may hold Run up for as long as one
// Write takes.
type WriterSink struct{ *pump }

// NewWriterSink returns a sink that writes to w, which it does not close.
func NewWriterSink(name string, w io.Writer, log *slog.Logger) WriterSink {
	return WriterSink{newPump(name, &lineWriter{name, w}, log)}
}

// lineWriter is the output of a WriterSink.
type lineWriter struct {
	name string
	w    io.Writer
}

func (l *lineWriter) open() error  { return nil }
func (l *lineWriter) sync() error  { return nil }
func (l *lineWriter) close() error { return nil }

func (l *lineWriter) write(ctx context.Context, line []byte) (n int, err error) {
	if f, ok := l.w.(*os.File); ok {
		n, err = writePatiently(ctx, f, line, pipePatience)
	} else if n, err = l.w.Write(line); err == nil && n < len(line) {
		err = io.ErrShortWrite
	}
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, unix.EPIPE):
		err = errors.New("nobody reads it any more; start the reader and the program again, or use an event log")
	case errors.Is(err, unix.ENOSPC):
		err = fmt.Errorf("%w; free some space", bareError(err))
	default:
		err = bareError(err)
	}
	return n, fmt.Errorf("write events to %s: %w", l.name, err)
}

const (
	pipePatience = time.Second
	pipeChunk    = 512 // POSIX: what a pipe that is ready takes without blocking, at least
	pipePoll     = 50 * time.Millisecond
)

// errStalled is what a write ends with when the reader does not read.
var errStalled = errors.New("the reader does not read")

// writePatiently writes p to a file that may be a pipe, waiting for room no
// longer than patience without any progress, and not after ctx has ended. It
// returns how much was written.
func writePatiently(ctx context.Context, f *os.File, p []byte, patience time.Duration) (n int, err error) {
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
				return n, errStalled
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

// writable waits pipePoll at most for room, or for an error that a write would
// then report.
func writable(fd uintptr) (bool, error) {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	n, err := unix.Poll(fds, int(pipePoll/time.Millisecond))
	if errors.Is(err, unix.EINTR) {
		return false, nil
	}
	return n > 0, err
}
