// Package query selects events and lines of the log by words that a user types.
package query

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rvo-tui/internal/logging"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"
)

// Query says which events and lines of the log are shown.
type Query struct {
	camera, rule string        // empty: any
	since        time.Duration // 0: whenever
	words        []string      // all of them, in lower case
}

// keys are what is written before "=" in a query.
var keys = []string{"camera=", "rule=", "since="}

// Keys returns what may be written before "=" in a query, "=" included.
func Keys() []string { return slices.Clone(keys) }

// Parse reads words as in "camera=yard rule=blind since=10m parcel". What is no key
// is a word to look for. A duration that is none finds everything, as while it is typed.
func Parse(line string) Query {
	var q Query
	for _, word := range strings.Fields(strings.ToLower(line)) {
		key, value, _ := strings.Cut(word, "=")
		switch key + "=" {
		case "camera=":
			q.camera = value
		case "rule=":
			q.rule = value
		case "since=":
			q.since, _ = time.ParseDuration(value)
		default:
			q.words = append(q.words, word)
		}
	}
	return q
}

// Check says what is wrong with a query.
func Check(line string) error {
	for _, word := range strings.Fields(line) {
		key, value, isKey := strings.Cut(word, "=")
		switch {
		case !isKey:
		case !slices.Contains(keys, key+"="):
			return fmt.Errorf("%q is no key; there are %s%s", key, strings.Join(keys, " "), text.DidYouMean(key+"=", keys))
		case key == "since":
			if d, err := time.ParseDuration(value); err != nil || d <= 0 {
				return fmt.Errorf("since=%s is no duration; write one as in since=10m", value)
			}
		}
	}
	return nil
}

func (q *Query) recent(at, now time.Time) bool { return q.since <= 0 || now.Sub(at) <= q.since }

// has reports whether all words are in one of the texts.
func (q *Query) has(texts ...string) bool {
	for _, word := range q.words {
		if !slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(strings.ToLower(t), word) }) {
			return false
		}
	}
	return true
}

// Event reports whether an event is selected at a time.
func (q *Query) Event(e *runtime.RecentEvent, now time.Time) bool {
	v := &e.Event
	return q.recent(v.Time, now) && strings.Contains(strings.ToLower(v.Camera), q.camera) && strings.Contains(strings.ToLower(v.Type), q.rule) &&
		q.has(v.Type, v.Camera, string(v.Phase))
}

// Line reports whether a line of the log is selected at a time.
func (q *Query) Line(l *logging.Line, now time.Time) bool {
	lower := strings.ToLower(l.Text)
	return q.recent(l.Time, now) && (q.camera == "" || strings.Contains(lower, "camera="+q.camera) || strings.Contains(lower, `camera="`+q.camera)) &&
		strings.Contains(lower, q.rule) && q.has(l.Text, l.Level.String())
}
