package tty

import (
	"cmp"
	"strings"
)

// Dumb reports whether a terminal cannot place its cursor.
func Dumb(getenv func(string) string) bool {
	term := getenv("TERM")
	return term == "" || term == "dumb" || term == "unknown"
}

// ASCII reports whether only ASCII can be drawn: the locale's character set is not UTF-8, or the
// terminal's type lacks most characters. If no locale is set, only the type counts.
func ASCII(getenv func(string) string) bool {
	kind, _, _ := strings.Cut(getenv("TERM"), "-")
	switch kind {
	case "linux", "ansi", "cons25", "dumb", "vt52", "vt100", "vt102", "vt220", "vt320", "vt420":
		return true
	}
	locale := strings.ToLower(cmp.Or(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG")))
	return locale != "" && !strings.Contains(locale, "utf-8") && !strings.Contains(locale, "utf8")
}
