package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"golang.org/x/sys/unix"

	"rvo-tui/internal/fileio"
)

// Writer writes events as JSON lines to an open writer, such as standard output. While
// writing fails, the sink is degraded. Afterwards it first writes the rest of an
// interrupted line.
//
// A write to a pipe, a socket or a terminal waits for at most one second, so a reader
// that does not read degrades the sink but does not block it. Any other writer can
// block Run for as long as one Write takes.
type Writer struct{ *queue }

// NewWriter returns a sink that writes to w, which it does not close.
func NewWriter(name string, w io.Writer, log *slog.Logger) Writer {
	return Writer{newQueue(name, &lineWriter{name, w}, log)}
}

// lineWriter is the output of a Writer.
type lineWriter struct {
	name string
	w    io.Writer
}

func (l *lineWriter) open() error  { return nil }
func (l *lineWriter) sync() error  { return nil }
func (l *lineWriter) close() error { return nil }

func (l *lineWriter) write(ctx context.Context, line []byte) (n int, err error) {
	if f, ok := l.w.(*os.File); ok {
		n, err = fileio.Write(ctx, f, line, fileio.Patience)
	} else if n, err = l.w.Write(line); err == nil && n < len(line) {
		err = io.ErrShortWrite
	}
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, unix.EPIPE):
		err = errors.New("the reader has ended; restart the reader and the program, or use an event log")
	case errors.Is(err, unix.ENOSPC):
		err = fmt.Errorf("%w; free some space", fileio.Bare(err))
	default:
		err = fileio.Bare(err)
	}
	return n, fmt.Errorf("write events to %s: %w", l.name, err)
}
