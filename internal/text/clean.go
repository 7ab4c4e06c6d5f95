package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Max is the maximum length, in bytes, of what Clean returns.
const Max = 256

// Clean makes text from outside (a label, a name, an error of a service) fit
// for a terminal and a log: white space of any length becomes one space, other
// control, format and unprintable characters and invalid UTF-8 are dropped, and
// text longer than Max bytes is cut and ends in an ellipsis. Clean text is
// returned unchanged.
func Clean(s string) string { return CleanTo(s, Max) }

// CleanTo is Clean with another maximum, in bytes.
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

// cleanASCII reports whether s is short, printable ASCII without a space at an
// end or two in a row, which most text is.
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

// Visible replaces by U+FFFD what could control a terminal: control, format and
// unprintable characters except line feeds and tabs, and invalid UTF-8. It shortens
// nothing, so paths can be copied.
func Visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, s)
}
