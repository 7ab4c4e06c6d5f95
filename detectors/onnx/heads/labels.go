package heads

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"rvo-tui/internal/text"
)

// maxLabels is the maximum number of classes of a model.
const maxLabels = 100_000

var errNoLabels = fmt.Errorf("it contains no labels: give a text file with 1 to %d labels, one per line", maxLabels)

// ParseLabels parses a label file and returns the labels by class, safe to display.
// Supported are: one label per line, in class order; lines that start with increasing
// class numbers; and the names of an Ultralytics YAML file. A class without a label has
// an empty one. Lines that start with # are ignored.
func ParseLabels(file string) ([]string, error) {
	file = strings.TrimPrefix(file, "\ufeff")
	var lines []string
	for line := range strings.Lines(file) {
		if line = strings.TrimRight(line, "\r\n\t "); !strings.HasPrefix(strings.TrimSpace(line), "#") {
			lines = append(lines, line)
		}
	}
	for i, line := range lines {
		if rest, ok := strings.CutPrefix(line, "names:"); ok {
			return yamlNames(strings.TrimSpace(rest), lines[i+1:])
		}
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	if len(lines) == 0 || len(lines) > maxLabels {
		return nil, errNoLabels
	}
	if labels := numbered(lines); labels != nil {
		return labels, nil
	}
	for i, line := range lines {
		lines[i] = text.Clean(strings.TrimSpace(line))
	}
	return lines, nil
}

// numbered parses lines such as "0 person" and "1: car". It returns nil if any line
// differs.
func numbered(lines []string) []string {
	var labels []string
	for _, line := range lines {
		if line == "" {
			continue
		}
		n, label, ok := entry(line, " \t:,;")
		if !ok || n < len(labels) {
			return nil
		}
		labels = put(labels, n, label)
	}
	return labels
}

// entry splits a line into a number and the label after a separator.
func entry(line, separators string) (n int, label string, ok bool) {
	line = strings.TrimSpace(line)
	at := strings.IndexAny(line, separators)
	if at < 1 {
		return 0, "", false
	}
	n, err := strconv.Atoi(strings.Trim(line[:at], `'"`))
	label = strings.TrimLeft(line[at:], separators)
	return n, label, err == nil && n >= 0 && n < maxLabels && label != ""
}

// put sets the label of a class, which must be at least the number of labels so far.
func put(labels []string, class int, label string) []string {
	for len(labels) < class {
		labels = append(labels, "")
	}
	return append(labels, text.Clean(label))
}

var errYAML = errors.New("its names cannot be parsed: write one label per line, or names as Ultralytics does")

// yamlNames parses the value of "names:": a list or numbered entries, on the same line
// or below.
func yamlNames(inline string, below []string) ([]string, error) {
	if inline != "" && inline[0] != '#' {
		labels := ParseNames(inline)
		if labels == nil {
			return nil, errYAML
		}
		return labels, nil
	}
	var labels []string
	for _, line := range below {
		item := strings.TrimSpace(line)
		if item == "" {
			continue
		}
		if line[0] != ' ' && line[0] != '\t' && line[0] != '-' {
			break // another key
		}
		n := len(labels)
		label, listed := strings.CutPrefix(item, "- ")
		if !listed {
			var ok bool
			if n, label, ok = entry(item, ":"); !ok || n < len(labels) {
				return nil, errYAML
			}
		}
		labels = put(labels, n, scalar(label))
	}
	if len(labels) == 0 {
		return nil, errYAML
	}
	return labels, nil
}

// scalar returns a YAML value without quotes and comment.
func scalar(s string) string {
	s = strings.TrimSpace(s)
	if text, _, ok := unquote(s); ok {
		return text
	}
	s, _, _ = strings.Cut(s, " #")
	return strings.TrimSpace(s)
}

// ParseNames parses the labels that YOLO exporters write into a model, in Python
// syntax: {0: 'person', 1: 'traffic light'} or ['person', …]; the quotes are optional.
// It returns nil for anything else, since labels can also be configured.
func ParseNames(text string) []string {
	text = strings.TrimSpace(text)
	if len(text) < 2 {
		return nil
	}
	mapped := text[0] == '{' && text[len(text)-1] == '}'
	if !mapped && !(text[0] == '[' && text[len(text)-1] == ']') {
		return nil
	}
	rest := strings.TrimSpace(text[1 : len(text)-1])
	var labels []string
	for rest != "" {
		n := len(labels)
		if mapped {
			number, after, ok := strings.Cut(rest, ":")
			var err error
			n, err = strconv.Atoi(strings.Trim(strings.TrimSpace(number), `'"`))
			if !ok || err != nil || n < len(labels) || n >= maxLabels {
				return nil
			}
			rest = strings.TrimSpace(after)
		}
		label, after, ok := unquote(rest)
		if !ok {
			if rest != "" && (rest[0] == '\'' || rest[0] == '"') {
				return nil
			}
			at := strings.IndexByte(rest+",", ',')
			label, after = strings.TrimSpace(rest[:at]), rest[at:]
		}
		if len(labels) >= maxLabels || label == "" {
			return nil
		}
		labels = put(labels, n, label)
		if rest = strings.TrimSpace(after); rest == "" {
			break
		}
		if rest[0] != ',' {
			return nil
		}
		rest = strings.TrimSpace(rest[1:])
	}
	return labels
}

// unquote splits s after the quoted text that it starts with.
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
