package libav

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"rvo-tui/internal/text"
)

const maxLine = 1000 // bytes of a line of FFmpeg's; the rest is cut off

var (
	logContext    = regexp.MustCompile(`\[[^\[\]]* @ 0x[0-9a-f]+\] ?`)
	addressInText = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>]+`)
)

// lastLine returns the last line of what FFmpeg logged that is not empty,
// without its addresses in memory and without passwords.
func lastLine(log string) string {
	lines := strings.Split(strings.TrimSpace(logContext.ReplaceAllString(log, "")), "\n")
	return cleanLine(strings.TrimSpace(lines[len(lines)-1]))
}

// cleanLine makes a line of a C library fit for a person: valid UTF-8, no
// control characters, no passwords in addresses, bounded.
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
