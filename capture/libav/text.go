package libav

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"rvo-tui/internal/text"
)

const maxLine = 1000 // maximum bytes of a log line; the rest is cut off

var (
	logContext    = regexp.MustCompile(`\[[^\[\]]* @ 0x[0-9a-f]+\] ?`)
	addressInText = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>]+`)
)

// lastLine returns the last non-empty line of FFmpeg's log, without memory addresses
// and passwords.
func lastLine(log string) string {
	lines := strings.Split(strings.TrimSpace(logContext.ReplaceAllString(log, "")), "\n")
	return cleanLine(strings.TrimSpace(lines[len(lines)-1]))
}

// cleanLine cleans a line of a C library for display: valid UTF-8, no control
// characters, no passwords in addresses, bounded length.
func cleanLine(line string) string {
	line = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n':
			return ' '
		case r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, line)
	line = addressInText.ReplaceAllStringFunc(line, text.Redact)
	if len(line) > maxLine {
		line = strings.ToValidUTF8(line[:maxLine], "")
	}
	return strings.TrimSpace(line)
}
