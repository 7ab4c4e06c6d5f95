package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Max is the maximum length of Clean's result in bytes.
const Max = 256

// Clean makes external text (a label, a name, an error of a service) safe for terminals and logs. It
// replaces runs of white space by one space, removes other control, format and unprintable
// characters and invalid UTF-8, and cuts text longer than Max bytes, ending it with an ellipsis.
func Clean(s string) string { return CleanTo(s, Max) }

// CleanTo is Clean with another maximum length in bytes.
func CleanTo(s string, limit int) string {
	if cleanASCII(s, limit) {
		return s
	}
	const ellipsis = "…"
	var b strings.Builder
	fits, space := 0, false
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		switch {
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case r == utf8.RuneError && size == 1, !unicode.IsPrint(r):
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		if b.WriteRune(r); b.Len() > limit {
			return strings.TrimRight(b.String()[:fits], " ") + ellipsis
		}
		if b.Len() <= limit-len(ellipsis) {
			fits = b.Len()
		}
	}
	return b.String()
}

// cleanASCII reports whether s is already clean ASCII, as most text is: short, printable, without
// outer or repeated spaces.
func cleanASCII(s string, limit int) bool {
	last := byte(' ')
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && last == ' ' {
			return false
		}
		last = s[i]
	}
	return len(s) <= limit && (s == "" || last != ' ')
}

// Visible replaces what could control a terminal by U+FFFD: control, format and unprintable
// characters except line feeds and tabs, and invalid UTF-8. It does not shorten text, so paths can
// be copied.
func Visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, s)
}
