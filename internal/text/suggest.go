package text

import (
	"fmt"
	"slices"
	"strings"
)

// DidYouMean returns the end of a message about an unknown word, such as `; did you mean "motion"?`,
// or "" if no entry of from is similar.
func DidYouMean(word string, from []string) string {
	if near := Suggest(word, from); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// synonyms are the usual names elsewhere of words of the configuration, in order of preference.
var synonyms = map[string][]string{
	"address":    {"source", "endpoint", "server", "to"},
	"broker":     {"server"},
	"classes":    {"labels"},
	"condition":  {"when"},
	"confidence": {"threshold"},
	"directory":  {"dir"},
	"duration":   {"for"},
	"fps":        {"max_fps"},
	"framerate":  {"fps", "max_fps"},
	"host":       {"endpoint", "server"},
	"if":         {"when"},
	"input":      {"source"},
	"min_score":  {"threshold"},
	"name":       {"event"},
	"path":       {"source", "model", "dir"},
	"rate":       {"max_fps", "fps"},
	"score":      {"threshold"},
	"type":       {"kind"},
	"uri":        {"source", "endpoint", "server", "to"},
	"url":        {"source", "endpoint", "server", "to"},
	"username":   {"user"},
	"weights":    {"model"},
}

// Suggest returns the first synonym of word in from, else the most similar entry of from, or "" if
// none is within one edit for each three bytes. An edit adds, removes or replaces a byte or swaps two
// adjacent ones. Case is ignored. Of equally similar entries the first wins.
func Suggest(word string, from []string) string {
	word = strings.ToLower(word)
	best, limit := "", max(1, len(word)/3)
	if len(word) < 2 || len(word) > 64 {
		return ""
	}
	for _, s := range synonyms[word] {
		if slices.Contains(from, s) {
			return s
		}
	}
	for _, f := range from {
		if d := len(f) - len(word); d > limit || -d > limit {
			continue
		}
		if d := edits(word, strings.ToLower(f)); d <= limit {
			best, limit = f, d-1
		}
	}
	return best
}

// edits returns the optimal string alignment distance of a and b.
func edits(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			same := 1
			if a[i-1] == b[j-1] {
				same = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+same)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
