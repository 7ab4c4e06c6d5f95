package child

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
)

func relayed(text string) (got []string) {
	relay(io.NopCloser(strings.NewReader(text)), func(string) {}, func(line string) { got = append(got, line) })
	return got
}

func TestRelay(t *testing.T) {
	long := strings.Repeat("y", 3*maxLine)
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"\n\n", nil},
		{"a\nb", []string{"a", "b"}},
		{"\x1b[2Ja\tb\r\nc\n", []string{"[2Ja b", "c"}},
		{"open rtsp://u:p@h/x failed", []string{"open rtsp://u:***@h/x failed"}},
		{long + "\nend\n", []string{text.Clean(long), "end"}},
	} {
		if got := relayed(tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("%.40q gives %.300q, want %.300q", tt.text, got, tt.want)
		}
	}
}

func TestRelayLeavesFloodsOut(t *testing.T) {
	got := relayed(strings.Repeat("again\n", 10_000))
	if n := len(got); n < 2*linesASecond || n > 1000 || !slices.ContainsFunc(got, func(l string) bool { return strings.Contains(l, "lines left out: too many at once") }) {
		t.Errorf("of 10000 lines %d get through: %.300q", n, got)
	}
}

// The last line of a flood says why a program failed.
func TestErrorHasTheLastLineOfAFlood(t *testing.T) {
	once := Once{Command: []string{"/bin/sh", "-c", "i=0; while [ $i -lt 60 ]; do echo line $i; i=$((i+1)); done; echo ValueError: no such class; exit 3"}, MaxMemory: 1024, Nice: testNice}
	if err := once.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "exit status 3: ValueError: no such class") {
		t.Errorf("error %v", err)
	}
}

// A process that prints much and then panics says why.
func TestCrashAfterAFloodIsExplained(t *testing.T) {
	p, _ := pool(t, Options{})
	_, err := try(t, p, detectors.Config{Kind: "command", Enabled: true, Options: commandOptions{
		Command: []string{"/bin/sh", "-c", "i=0; while [ $i -lt 60 ]; do echo line $i; i=$((i+1)); done; echo 'panic: index out of range'; exit 2"},
	}})
	if err == nil || !strings.Contains(err.Error(), "exit status 2: panic: index out of range") {
		t.Errorf("error %v", err)
	}
}

func TestBucket(t *testing.T) {
	now := time.Unix(1, 0)
	b := bucket{tokens: 2 * linesASecond}
	took := func() (n int) {
		for b.take(now) {
			n++
		}
		return n
	}
	if n := took(); n != 2*linesASecond {
		t.Errorf("the burst is %d, want %d", n, 2*linesASecond)
	}
	now = now.Add(time.Second)
	if n := took(); n != linesASecond {
		t.Errorf("a second gives %d, want %d", n, linesASecond)
	}
	now = now.Add(time.Hour)
	if n := took(); n != 2*linesASecond {
		t.Errorf("an hour gives %d, want %d", n, 2*linesASecond)
	}
}

func FuzzRelay(f *testing.F) {
	for _, seed := range []string{"a\nb\n", "\x1b[31m\r\n", "rtsp://u:p@h\n", strings.Repeat("x", maxLine) + "\n\n", "\xff\xfe\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, said string) {
		for _, line := range relayed(said) {
			if line == "" || len(line) > text.Max || !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl) {
				t.Fatalf("%q is not fit for a log", line)
			}
		}
	})
}
