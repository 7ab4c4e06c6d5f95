package config

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"rvo-tui/internal/text"
)

// Secrets is a set of values that must not be shown. It only grows. It is safe for concurrent use.
type Secrets struct {
	mu    sync.RWMutex // guards forms
	forms []string     // the values in all forms they may appear in, longest first
}

// Add adds a value. An empty one is ignored.
func (s *Secrets) Add(value string) {
	if value == "" {
		return
	}
	quoted := strconv.Quote(value)
	ascii := strconv.QuoteToASCII(value)
	user := url.UserPassword("", value).String()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forms = append(slices.Clone(s.forms),
		value, strings.ToLower(value), quoted[1:len(quoted)-1], ascii[1:len(ascii)-1],
		url.QueryEscape(value), url.PathEscape(value), strings.TrimPrefix(user, ":"))
	slices.SortFunc(s.forms, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	s.forms = slices.Compact(s.forms)
}

// Redact replaces every secret in a line with text.Mask, including quoted and URL-escaped forms.
func (s *Secrets) Redact(line string) string {
	if s == nil {
		return line
	}
	s.mu.RLock()
	forms := s.forms
	s.mu.RUnlock()
	for _, form := range forms {
		line = text.Mask(line, form)
	}
	return line
}
