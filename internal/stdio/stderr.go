// Package stdio separates the output of C libraries from that of the program: what they write to
// standard error becomes log lines, and their standard output is discarded.
package stdio

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"rvo-tui/internal/text"
)

// logContext matches the prefix of FFmpeg's lines, which contains the address of an object.
var logContext = regexp.MustCompile(`\[[^\[\]]* @ 0x[0-9a-f]+\] ?`)

// Limits of captured standard error.
const (
	maxLine      = 1000    // bytes of a line; the rest is cut off
	lineQueue    = 256     // lines queued for log; more are dropped
	linesASecond = 20      // maximum rate of lines, after a burst of twice as many
	pipeSize     = 1 << 20 // bytes that C libraries can write ahead of the reader
)

// CaptureStderr redirects file descriptor 2 to a pipe and passes what C libraries print to log, line
// by line. It removes control characters and passwords in addresses, cuts long lines, counts
// repeated lines instead of passing them on, and drops and counts lines above a rate limit. Call it
// before the first call into C.
//
// Writers never block: output that does not fit into the pipe is lost. log is called in a goroutine
// of its own and may be slow.
//
// real is the original standard error, for the program's own logger; Go prints crashes there too.
// restore makes it os.Stderr again and waits until log has received the last line; call it once. It
// does not restore file descriptor 2: later output of C code is discarded. A process can capture
// only once.
func CaptureStderr(log func(line string)) (real *os.File, restore func(), err error) {
	fd, err := unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, nil, fmt.Errorf("capture standard error: %w", err)
	}
	real = os.NewFile(uintptr(fd), "stderr")
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		real.Close()
		return nil, nil, fmt.Errorf("capture standard error: %w", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		null.Close()
		real.Close()
		return nil, nil, fmt.Errorf("capture standard error: %w", err)
	}
	// The write end must not block: in a crash the Go runtime writes to it while no goroutine
	// reads.
	err = errors.Join(
		unix.SetNonblock(int(w.Fd()), true),
		debug.SetCrashOutput(real, debug.CrashOptions{}),
		unix.Dup2(int(w.Fd()), 2),
	)
	if err != nil {
		err = errors.Join(err, debug.SetCrashOutput(nil, debug.CrashOptions{}), r.Close(), w.Close(), null.Close(), real.Close())
		return nil, nil, fmt.Errorf("capture standard error: %w", err)
	}
	// Ignore errors: a smaller pipe works too.
	_, _ = unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, pipeSize)
	w.Close()

	c := stderrCapture{lines: make(chan string, lineQueue), log: log}
	var done sync.WaitGroup
	done.Go(func() { c.read(r) })
	done.Go(c.deliver)
	return real, func() {
		os.Stderr = real
		// Cannot fail: both descriptors are open.
		_ = unix.Dup2(int(null.Fd()), 2)
		null.Close()
		// Do not wait for child processes that still have the pipe open.
		_ = r.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		done.Wait()
		r.Close()
	}, nil
}

type stderrCapture struct {
	lines   chan string
	dropped atomic.Uint64
	log     func(line string)
}

// read reads lines from the pipe until its end. It never waits for deliver.
func (c *stderrCapture) read(r *os.File) {
	defer close(c.lines)
	s := lineSplitter{emit: func(line string) {
		select {
		case c.lines <- line:
		default:
			c.dropped.Add(1)
		}
	}}
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		s.write(buf[:n])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			s.write(rest(r))
		}
		if err != nil {
			s.flush()
			return
		}
	}
}

// rest returns the remaining content of a pipe without waiting. It is needed because on a busy
// machine the read deadline may pass before the last read.
func rest(r *os.File) []byte {
	_ = r.SetReadDeadline(time.Time{}) // an error shows below
	conn, err := r.SyscallConn()
	if err != nil {
		return nil
	}
	buf, n := make([]byte, pipeSize), 0
	_ = conn.Read(func(fd uintptr) bool { // too late to log its error
		for n < len(buf) {
			more, err := unix.Read(int(fd), buf[n:])
			if err != nil || more <= 0 {
				break
			}
			n += more
		}
		return true
	})
	return buf[:n]
}

func (c *stderrCapture) deliver() {
	t := throttle{log: c.log}
	for {
		select {
		case line, ok := <-c.lines:
			if !ok {
				t.drop(c.dropped.Swap(0))
				t.flush()
				return
			}
			t.drop(c.dropped.Swap(0))
			t.line(line, time.Now())
		case <-t.wait():
			t.flush()
		}
	}
}

// lineSplitter cuts bytes into lines of at most maxLine bytes. A carriage return
// ends a line too, as in progress displays; empty lines are left out.
type lineSplitter struct {
	emit func(line string)
	line []byte
}

func (s *lineSplitter) write(b []byte) {
	for len(b) > 0 {
		end := bytes.IndexAny(b, "\r\n")
		part := b
		if end >= 0 {
			part = b[:end]
		}
		s.line = append(s.line, part[:min(len(part), maxLine-len(s.line))]...)
		if end < 0 {
			return
		}
		s.flush()
		b = b[end+1:]
	}
}

func (s *lineSplitter) flush() {
	if line := cleanLine(string(s.line)); line != "" {
		s.emit(line)
	}
	s.line = s.line[:0]
}

// throttle limits the rate of lines and collapses repeated ones. It is not safe for concurrent use.
type throttle struct {
	log     func(line string)
	last    string
	repeats int // of the last line, not reported yet
	dropped uint64
	tokens  float64
	at      time.Time
}

// gather is how long repeats and drops are counted before they are reported.
const gather = 5 * time.Second

func (t *throttle) line(line string, now time.Time) {
	same := logContext.ReplaceAllString(line, "")
	if same == t.last {
		t.repeats++
		return
	}
	if t.at.IsZero() {
		t.tokens = 2 * linesASecond
	} else {
		t.tokens = min(t.tokens+now.Sub(t.at).Seconds()*linesASecond, 2*linesASecond)
	}
	t.at = now
	if t.tokens < 1 {
		t.dropped++
		return
	}
	t.tokens--
	t.flush()
	t.last = same
	t.log(line)
}

func (t *throttle) drop(n uint64) { t.dropped += n }

func (t *throttle) flush() {
	if t.repeats > 0 {
		t.log(fmt.Sprintf("(the last line repeated %d times)", t.repeats))
		t.repeats = 0
	}
	if t.dropped > 0 {
		t.log(fmt.Sprintf("(%d lines dropped: too many at once)", t.dropped))
		t.dropped = 0
	}
}

// wait returns a channel that fires when to flush; nil if there is nothing to report.
func (t *throttle) wait() <-chan time.Time {
	if t.repeats == 0 && t.dropped == 0 {
		return nil
	}
	return time.After(gather)
}

// cleanLine cleans and redacts a line of a C library for the log.
func cleanLine(line string) string { return text.CleanTo(text.RedactLine(line), maxLine) }
