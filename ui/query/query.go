// Package query filters events and log lines by a query such as "camera=yard since=10m parcel".
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

// Query is a parsed query. The zero value matches everything.
type Query struct {
	camera, rule string        // empty: any
	since        time.Duration // 0: any time
	words        []string      // all must match; in lower case
}

// keys are the keys of a query, with "=".
var keys = []string{"camera=", "rule=", "since="}

// Keys returns the keys that a query may have, with "=".
func Keys() []string { return slices.Clone(keys) }

// Parse reads a query. Words without a known key are text to search for. An invalid duration is
// ignored, because the user may still be typing it; see Check.
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

// Check returns an error for an unknown key or an invalid duration.
func Check(line string) error {
	for _, word := range strings.Fields(line) {
		key, value, isKey := strings.Cut(word, "=")
		switch {
		case !isKey:
		case !slices.Contains(keys, key+"="):
			return fmt.Errorf("%q is not a key; keys are %s%s", key, strings.Join(keys, " "), text.DidYouMean(key+"=", keys))
		case key == "since":
			if d, err := time.ParseDuration(value); err != nil || d <= 0 {
				return fmt.Errorf("since=%s is not a duration; write for example since=10m", value)
			}
		}
	}
	return nil
}

func (q *Query) recent(at, now time.Time) bool { return q.since <= 0 || now.Sub(at) <= q.since }

// has reports whether each word occurs in one of the texts.
func (q *Query) has(texts ...string) bool {
	for _, word := range q.words {
		if !slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(strings.ToLower(t), word) }) {
			return false
		}
	}
	return true
}

// Event reports whether an event matches at a time.
func (q *Query) Event(e *runtime.RecentEvent, now time.Time) bool {
	v := &e.Event
	return q.recent(v.Time, now) && strings.Contains(strings.ToLower(v.Camera), q.camera) && strings.Contains(strings.ToLower(v.Type), q.rule) &&
		q.has(v.Type, v.Camera, string(v.Phase))
}

// Line reports whether a log line matches at a time.
func (q *Query) Line(l *logging.Line, now time.Time) bool {
	lower := strings.ToLower(l.Text)
	return q.recent(l.Time, now) && (q.camera == "" || strings.Contains(lower, "camera="+q.camera) || strings.Contains(lower, `camera="`+q.camera)) &&
		strings.Contains(lower, q.rule) && q.has(l.Text, l.Level.String())
}
