package ui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"rvo-tui/internal/text"
)

// clean makes text from outside safe to draw: detectors.Clean, and without the
// characters that join others, of whose width terminals have different ideas.
func clean(s string) string {
	if plain(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc),
			r >= 0x1160 && r <= 0x11ff,   // Hangul vowels and finals that join the letter before
			r >= 0x1f1e6 && r <= 0x1f1ff, // halves of flags
			r >= 0x1f3fb && r <= 0x1f3ff: // skin tones
			return -1
		}
		return r
	}, text.Clean(s))
	// Of what still joins, such as two Hangul consonants, the first stays.
	var b strings.Builder
	for s != "" {
		cluster, _ := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		_, n := utf8.DecodeRuneInString(cluster)
		b.WriteString(cluster[:n])
		s = s[max(len(cluster), 1):]
	}
	return b.String()
}

// plain reports whether s is printable ASCII.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// toASCII replaces what is not ASCII, keeping the width. Escape sequences stay.
func toASCII(s string) string {
	if plain(s) {
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

// width returns how many cells styled text takes.
func width(s string) int {
	if plain(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

// fit cuts or fills styled text to exactly w cells.
func fit(s string, w int) string {
	if w <= 0 {
		return ""
	}
	n := width(s)
	if n > w {
		s = ansi.Truncate(s, w, "…")
		n = width(s)
	}
	return s + spaces(w-n)
}

// right is fit for numbers: they keep to the right.
func right(s string, w int) string {
	if n := width(s); n < w {
		return spaces(w-n) + s
	}
	return fit(s, w)
}

const blanks = "                                                                                                                                "

func spaces(n int) string {
	if n <= 0 {
		return ""
	}
	if n <= len(blanks) {
		return blanks[:n]
	}
	return strings.Repeat(" ", n)
}

// wrap breaks plain text into lines of at most w cells, at blanks where there
// are any.
func wrap(s string, w int) []string {
	if w <= 0 {
		return nil
	}
	return strings.Split(ansi.Wrap(s, w, ""), "\n")
}
