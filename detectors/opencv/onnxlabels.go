package opencv

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"rvo-tui/detectors"
)

// The bounds of lists of labels.
const (
	maxLabels    = 100_000
	maxLabelFile = 4 << 20
)

// readLabels returns the labels in a file, one a line, clean; the line decides
// the class. Empty lines at the end do not count.
func readLabels(path string) ([]string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("there is no file %q: check the path", detectors.Clean(path))
	case err != nil:
		return nil, fmt.Errorf("%q cannot be read: %w", detectors.Clean(path), pathless(err))
	case !info.Mode().IsRegular() || info.Size() > maxLabelFile:
		return nil, fmt.Errorf("%q is not a text file of at most 4 MiB: give one with a label a line", detectors.Clean(path))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%q cannot be read: %w", detectors.Clean(path), pathless(err))
	}
	labels := linesOf(string(data))
	if len(labels) == 0 || len(labels) > maxLabels {
		return nil, fmt.Errorf("%q has %d labels: give a text file with 1 to %d, each on a line", detectors.Clean(path), len(labels), maxLabels)
	}
	return labels, nil
}

func linesOf(text string) []string {
	text = strings.TrimRight(strings.TrimPrefix(text, "\ufeff"), "\r\n\t ")
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = detectors.Clean(strings.TrimSpace(line))
	}
	return lines
}

// parseNames reads the labels that YOLO's exporters write into a model, in the
// form that Python prints: {0: 'person', 1: 'traffic light'} or ['person', …].
// It returns nil for anything else: labels can be given by other means.
func parseNames(text string) []string {
	text = strings.TrimSpace(text)
	if len(text) < 2 || len(text) > maxLabelFile {
		return nil
	}
	numbered := text[0] == '{' && text[len(text)-1] == '}'
	if !numbered && !(text[0] == '[' && text[len(text)-1] == ']') {
		return nil
	}
	rest := strings.TrimSpace(text[1 : len(text)-1])
	var labels []string
	for rest != "" {
		if numbered {
			number, after, ok := strings.Cut(rest, ":")
			n, err := strconv.Atoi(strings.Trim(strings.TrimSpace(number), `'"`))
			if !ok || err != nil || n != len(labels) {
				return nil
			}
			rest = strings.TrimSpace(after)
		}
		label, after, ok := unquote(rest)
		if !ok || len(labels) == maxLabels {
			return nil
		}
		labels = append(labels, detectors.Clean(label))
		rest = strings.TrimSpace(after)
		if rest == "" {
			break
		}
		if rest[0] != ',' {
			return nil
		}
		rest = strings.TrimSpace(rest[1:])
	}
	return labels
}

// unquote returns the quoted text that s begins with, and what follows.
func unquote(s string) (text, rest string, ok bool) {
	if s == "" || s[0] != '\'' && s[0] != '"' {
		return "", "", false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == s[0]:
			return b.String(), s[i+1:], true
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// signalOf returns the name of the signal that counts a label: the label with
// what cannot be in a name replaced by "_". A label that makes no name comes
// back as it is.
func signalOf(label string) string {
	name := []byte(label)
	for i, c := range name {
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9') {
			name[i] = '_'
		}
	}
	if s := string(name); detectors.ValidName(s) {
		return s
	}
	return label
}
