package text

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	long := strings.Repeat("ä", Max)
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
		{strings.Repeat("x", Max), strings.Repeat("x", Max)},
		{strings.Repeat("x", Max+1), strings.Repeat("x", Max-3) + "…"},
		{long, long[:Max-4] + "…"},
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
		if len(got) > Max || !utf8.ValidString(got) || strings.TrimSpace(got) != got || strings.Contains(got, "  ") {
			t.Fatalf("Clean(%q) = %q", s, got)
		}
		for _, r := range got {
			if !unicode.IsPrint(r) {
				t.Fatalf("Clean(%q) keeps %U", s, r)
			}
		}
		if short := CleanTo(s, 64); len(short) > 64 || !utf8.ValidString(short) || CleanTo(short, 64) != short {
			t.Fatalf("CleanTo(%q, 64) = %q", s, short)
		}
		if again := Clean(got); again != got {
			t.Fatalf("Clean(%q) = %q, and of that %q", s, got, again)
		}
	})
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"a\tb\nc  d":           "a\tb\nc  d",
		"\x1b[31mred\r\x00":    "\ufffd[31mred\ufffd\ufffd",
		"over\u202eride\u009b": "over\ufffdride\ufffd",
		"bad\xff":              "bad\ufffd",
		"żółw 東京":              "żółw 東京",
	} {
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
}
