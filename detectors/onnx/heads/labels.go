package heads

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"rvo-tui/internal/text"
)

// maxLabels is how many classes a model can tell apart.
const maxLabels = 100_000

var errNoLabels = fmt.Errorf("it holds no labels: give a text file with 1 to %d, each on a line", maxLabels)

// ParseLabels returns the labels in the text of a file, clean, by class. It reads
// one label a line, where the line decides the class; lines that all begin with a
// growing number, which does; and the names of a YAML file of ultralytics. A class
// without a label has an empty one. Lines that begin with # do not count.
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

// numbered reads lines such as "0 person" and "1: car"; nil: they are not all so.
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

// entry splits a line into a number and a label behind one of the separators.
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

// put sets the label of a class, which is not below the number of labels.
func put(labels []string, class int, label string) []string {
	for len(labels) < class {
		labels = append(labels, "")
	}
	return append(labels, text.Clean(label))
}

var errYAML = errors.New("its names cannot be read: write one label a line, or names as ultralytics does")

// yamlNames reads what follows "names:": a list or numbered entries, on the line
// or below it.
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

// scalar returns a value of YAML without quotes and without a comment behind it.
func scalar(s string) string {
	s = strings.TrimSpace(s)
	if text, _, ok := unquote(s); ok {
		return text
	}
	s, _, _ = strings.Cut(s, " #")
	return strings.TrimSpace(s)
}

// ParseNames reads the labels that YOLO's exporters write into a model, in the
// form that Python prints: {0: 'person', 1: 'traffic light'} or ['person', …];
// the quotes may be missing. It returns nil for anything else: labels can be given
// by other means.
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
