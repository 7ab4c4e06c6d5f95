package opencv

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestCaptureStderr(t *testing.T) {
	var mu sync.Mutex
	var lines []string
	real, restore, err := CaptureStderr(func(line string) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, line)
	})
	if err != nil {
		t.Fatal(err)
	}
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
	if _, err := real.WriteString(""); err != nil {
		t.Error("real standard error:", err)
	}
	restore()
	want := []string{
		"first line", "open rtsp://joe:***@door/x failed", "again", "(the last line repeated 49 times)",
		"esc[31m!", strings.Repeat("long", maxLine/4), "no end",
	}
	if got := strings.Join(lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got lines\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if err := unix.Fstat(2, new(unix.Stat_t)); err != nil {
		t.Error("standard error is gone:", err)
	}
	if _, err := real.WriteString("x"); err == nil {
		t.Error("restore left the copy open")
	}
}

// A log that hangs must not hold up who prints, nor lose count.
func TestCaptureStderrSlowLog(t *testing.T) {
	hold := make(chan struct{})
	var lines []string
	_, restore, err := CaptureStderr(func(line string) {
		<-hold
		lines = append(lines, line)
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan int)
	go func() {
		lost := 0
		for i := range 20000 {
			if _, err := unix.Write(2, fmt.Appendf(nil, "line %d %s\n", i, strings.Repeat("x", 200))); err != nil {
				lost++
			}
		}
		done <- lost
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Error("writers wait for the log")
	}
	close(hold)
	restore()
	if len(lines) == 0 || len(lines) > 2*linesASecond+10 {
		t.Errorf("%d lines reached the log", len(lines))
	}
	if last := lines[len(lines)-1]; !strings.Contains(last, "lines dropped") {
		t.Errorf("the last line is %q: want how many were dropped", last)
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
		_, restore, err := CaptureStderr(func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		restore()
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
		// Without its control characters the rest may come to read like the password.
		if strings.Contains(cleanLine(before+" "+after), password) {
			return
		}
		line := cleanLine(before + " rtsp://joe:" + password + "@10.0.0.7/stream " + after)
		if strings.Contains(line, password) {
			t.Errorf("the password is in %q", line)
		}
	})
}
