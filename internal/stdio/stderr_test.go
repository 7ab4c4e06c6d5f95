package stdio

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// redirected redirects a file descriptor to a new file, whose path it returns. The descriptor and
// its variable in package os are restored when the test ends.
func redirected(t *testing.T, fd int, stands **os.File) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "out")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	before := *stands
	old, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		*stands = before
		if err := errors.Join(unix.Dup2(old, fd), unix.Close(old)); err != nil {
			t.Error(err)
		}
	})
	if err := errors.Join(unix.Dup2(int(f.Fd()), fd), f.Close()); err != nil {
		t.Fatal(err)
	}
	return file
}

// captured captures output to file descriptor 2 until the test ends. Output to the previous
// standard error goes to a file.
func captured(t *testing.T, log func(line string)) (real *os.File, restore func(), file string) {
	t.Helper()
	file = redirected(t, 2, &os.Stderr)
	t.Cleanup(func() {
		if err := debug.SetCrashOutput(nil, debug.CrashOptions{}); err != nil {
			t.Error(err)
		}
	})
	real, restore, err := CaptureStderr(log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { real.Close() })
	return real, restore, file
}

func TestCaptureStderr(t *testing.T) {
	var mu sync.Mutex
	var lines []string
	real, restore, file := captured(t, func(line string) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, line)
	})
	put := func(text string) {
		if _, err := unix.Write(2, []byte(text)); err != nil {
			t.Error("write:", err)
		}
	}
	put("first li")
	put("ne\nopen rtsp://joe:s3cret@door/x failed\r\n\n")
	put(strings.Repeat("again\n", 50))
	put("esc\x1b[31m\a!\xff\n")
	put(strings.Repeat("long", 10000) + "\n")
	put("no end")
	if _, err := real.WriteString("log\n"); err != nil {
		t.Error("real standard error:", err)
	}
	restore()
	// A thread that hangs in a library may continue when all others have ended.
	put("open rtsp://joe:s3cret@door/x failed\n")
	if _, err := fmt.Fprintln(os.Stderr, "problem"); err != nil {
		t.Error("standard error:", err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "log\nproblem\n" {
		t.Errorf("standard error has %q, %v", text, err)
	}
	want := []string{
		"first line", "open rtsp://joe:***@door/x failed", "again", "(the last line repeated 49 times)",
		"esc[31m!", strings.Repeat("long", maxLine/4), "no end",
	}
	if got := strings.Join(lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got lines\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// A process that has inherited the pipe does not delay the end, and what was written before it is
// not lost.
func TestCaptureStderrWithAChild(t *testing.T) {
	var lines []string
	_, restore, _ := captured(t, func(line string) { lines = append(lines, line) })
	child, err := unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(child)
	if _, err := unix.Write(2, []byte("line\nrest")); err != nil {
		t.Fatal(err)
	}
	restore()
	if got := strings.Join(lines, "\n"); got != "line\nrest" {
		t.Errorf("got lines %q", got)
	}
}

func TestRestOfAPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if _, err := w.WriteString("late"); err != nil {
		t.Fatal(err)
	}
	// The deadline passes before anybody has read.
	if err := r.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"late", ""} {
		if got := string(rest(r)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A log that hangs must not block writers, nor lose count.
func TestCaptureStderrSlowLog(t *testing.T) {
	hold := make(chan struct{})
	var lines []string
	_, restore, _ := captured(t, func(line string) {
		<-hold
		lines = append(lines, line)
	})
	// A writer that waited for the log would wait forever: it continues only after this.
	for i := range 20000 {
		_, _ = unix.Write(2, fmt.Appendf(nil, "line %d %s\n", i, strings.Repeat("x", 200))) // lost if the pipe is full
	}
	freed := time.Now()
	close(hold)
	restore()
	// A busy machine may need seconds to empty the queue, and each line may be preceded by one
	// with the number of drops.
	if most := 2*(2*linesASecond+int(time.Since(freed).Seconds()*linesASecond)) + 10; len(lines) == 0 || len(lines) > most {
		t.Errorf("%d lines reached the log, want at most %d", len(lines), most)
	}
	if !slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, "lines dropped") }) {
		t.Errorf("the number of drops is missing: %q", lines)
	}
}

func TestCaptureStderrLeavesNothingOpen(t *testing.T) {
	count := func() int {
		dir, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip(err)
		}
		return len(dir)
	}
	before := 0
	for i := range 5 {
		t.Run("", func(t *testing.T) {
			_, restore, _ := captured(t, func(string) {})
			restore()
		})
		if i == 0 {
			before = count() // the runtime's poller has its own by now
		}
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

func TestThrottle(t *testing.T) {
	var got []string
	th := throttle{log: func(line string) { got = append(got, line) }}
	now := time.Unix(0, 0)
	for i := range 1000 {
		th.line(fmt.Sprintf("line %d", i), now)
	}
	if len(got) != 2*linesASecond {
		t.Errorf("a burst of 1000 lines: %d logged, want %d", len(got), 2*linesASecond)
	}
	got = nil
	th.line("later", now.Add(time.Second))
	want := fmt.Sprintf("(%d lines dropped: too many at once)", 1000-2*linesASecond)
	if len(got) != 2 || got[0] != want || got[1] != "later" {
		t.Errorf("a second later: %q", got)
	}
	got = nil
	th.line("[h264 @ 0x55aa] bad", now.Add(2*time.Second))
	th.line("[h264 @ 0x55bb] bad", now.Add(2*time.Second))
	th.flush()
	if len(got) != 2 || got[1] != "(the last line repeated 1 times)" {
		t.Errorf("lines that differ in an address: %q", got)
	}
	if th.wait() != nil {
		t.Error("waits with nothing to tell")
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("[rtsp @ 0x55d0] method DESCRIBE failed: 401\nrtsp://a:b@c/d?token=e: no\r\x1b[2J"))
	f.Add([]byte("http://user:p@ss:w/ord@host/\n\n\xff\xfe\u202e"))
	f.Add([]byte(strings.Repeat("x", 3*maxLine)))
	f.Fuzz(func(t *testing.T, text []byte) {
		s := lineSplitter{emit: func(line string) {
			if line == "" || len(line) > maxLine+100 || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u202e' }) {
				t.Errorf("line %q", line)
			}
		}}
		for len(text) > 7 {
			s.write(text[:7])
			text = text[7:]
		}
		s.write(text)
		s.flush()
		if len(s.line) != 0 {
			t.Error("flush left something")
		}
	})
}

func FuzzPasswordInLine(f *testing.F) {
	f.Add("warning: ", "hunter2", " (cap_ffmpeg_impl.hpp:1126)")
	f.Add("", "a%40b", "")
	f.Add("0", "0000", "000\x040")
	f.Fuzz(func(t *testing.T, before, password, after string) {
		if len(password) < 4 || len(before)+len(after) > maxLine/2 || strings.ContainsAny(password, " \t\r\n\"'<>@/:?#") || strings.Contains("rtsp://joe:***@10.0.0.7/stream", password) {
			return
		}
		for _, r := range password {
			if r < '!' || r > '~' {
				return
			}
		}
		// Without its control characters, the rest may look like the password.
		if strings.Contains(cleanLine(before+" "+after), password) {
			return
		}
		line := cleanLine(before + " rtsp://joe:" + password + "@10.0.0.7/stream " + after)
		if strings.Contains(line, password) {
			t.Errorf("the password is in %q", line)
		}
	})
}
