package detectors

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestReasonOf(t *testing.T) {
	refused := &Error{Reason: "refused", Err: fmt.Errorf("dial: %w", context.DeadlineExceeded)}
	for _, c := range []struct {
		err  error
		want Reason
	}{
		{nil, ""},
		{errors.New("x"), ReasonOther},
		{fmt.Errorf("wait: %w", context.DeadlineExceeded), ReasonTimeout},
		{fmt.Errorf("wait: %w", context.Canceled), ReasonCanceled},
		{refused, "refused"},
		{fmt.Errorf("detect: %w", refused), "refused"},
	} {
		if got := ReasonOf(c.err); got != c.want {
			t.Errorf("ReasonOf(%v) = %q, want %q", c.err, got, c.want)
		}
	}
	if !errors.Is(refused, context.DeadlineExceeded) || refused.Error() != refused.Err.Error() {
		t.Error("an Error hides what it wraps")
	}
}

func TestClean(t *testing.T) {
	long := strings.Repeat("ä", MaxText)
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"person", "person"},
		{"  two\t\r\n words ", "two words"},
		{"\x1b[31mred\x1b[0m", "[31mred[0m"},
		{"a\x00b\x7fc\u009bd", "abcd"},
		{"bad\xff\xfeutf", "badutf"},
		{"over\u202eride\u2066", "override"},
		{"line\u2028break", "line break"},
		{"żółw 東京", "żółw 東京"},
		{strings.Repeat("x", MaxText), strings.Repeat("x", MaxText)},
		{strings.Repeat("x", MaxText+1), strings.Repeat("x", MaxText-3) + "…"},
		{long, long[:MaxText-4] + "…"},
		{"\x1b", ""},
	} {
		if got := Clean(c.in); got != c.want {
			t.Errorf("Clean(%q) = %q, want %q", c.in, got, c.want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { Clean("person crossing") }); n != 0 {
		t.Errorf("clean text costs %v allocations", n)
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"person", " a  b ", "\x1b]0;title\a", "\xff", "\u202e", strings.Repeat("é ", 200), strings.Repeat("x", 255) + "é", "\ufffd"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if len(got) > MaxText || !utf8.ValidString(got) || strings.TrimSpace(got) != got || strings.Contains(got, "  ") {
			t.Fatalf("Clean(%q) = %q", s, got)
		}
		for _, r := range got {
			if !unicode.IsPrint(r) {
				t.Fatalf("Clean(%q) keeps %U", s, r)
			}
		}
		if again := Clean(got); again != got {
			t.Fatalf("Clean(%q) = %q, and of that %q", s, got, again)
		}
	})
}
