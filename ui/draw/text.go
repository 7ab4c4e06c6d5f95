package draw

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/text/unicode/norm"

	"rvo-tui/internal/text"
)

// Clean makes external text safe to draw: it applies detectors.Clean and removes joining
// characters, whose width terminals disagree about. An accent that combines with its letter
// into one character stays.
func Clean(s string) string {
	if Plain(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 0x1f1e6 && r <= 0x1f1ff: // halves of flags
			return 'A' + r - 0x1f1e6
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc),
			r >= 0x1160 && r <= 0x11ff,   // Hangul vowels and finals, which join the previous letter
			r >= 0x1f3fb && r <= 0x1f3ff: // skin tones
			return -1
		}
		return r
	}, norm.NFC.String(text.Clean(s)))
	// Of characters that still join, such as two Hangul consonants, only the first stays.
	var b strings.Builder
	for s != "" {
		cluster, _ := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		_, n := utf8.DecodeRuneInString(cluster)
		b.WriteString(cluster[:n])
		s = s[max(len(cluster), 1):]
	}
	return b.String()
}

// Plain reports whether s is printable ASCII.
func Plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// ToASCII replaces non-ASCII characters and keeps the width. Escape sequences stay.
func ToASCII(s string) string {
	if Plain(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		switch r {
		case '…':
			b.WriteByte('~')
		case '·', '•':
			b.WriteByte('.')
		case 'µ':
			b.WriteByte('u')
		case '—', '–':
			b.WriteByte('-')
		case '“', '”':
			b.WriteByte('"')
		default:
			for range ansi.StringWidth(string(r)) {
				b.WriteByte('?')
			}
		}
	}
	return b.String()
}

// Width returns the width of styled text in cells.
func Width(s string) int {
	if Plain(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

// Fit cuts or pads styled text to exactly w cells.
func Fit(s string, w int) string {
	if w <= 0 {
		return ""
	}
	n := Width(s)
	if n > w {
		s = ansi.Truncate(s, w, "…")
		n = Width(s)
	}
	return s + Spaces(w-n)
}

// Right is Fit with the text aligned to the right, for numbers.
func Right(s string, w int) string {
	if n := Width(s); n < w {
		return Spaces(w-n) + s
	}
	return Fit(s, w)
}

const blanks = "                                                                                                                                "

// Spaces returns n blanks; an empty string if n <= 0.
func Spaces(n int) string {
	if n <= 0 {
		return ""
	}
	if n <= len(blanks) {
		return blanks[:n]
	}
	return strings.Repeat(" ", n)
}

// Wrap breaks plain text into lines of at most w cells, at blanks if possible.
func Wrap(s string, w int) []string {
	if w <= 0 {
		return nil
	}
	return strings.Split(ansi.Wrap(s, w, ""), "\n")
}
