package config

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// hidden stands where a secret stood.
const hidden = "***"

// Secrets remembers the values that must not be shown. It only grows, and is
// safe for concurrent use.
type Secrets struct {
	mu    sync.RWMutex // guards forms
	forms []string     // the values and the ways in which they may be written, longest first
}

// Add remembers a value. The empty one is none.
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

// Redact returns text with every secret replaced by "***", also where it is
// quoted or escaped for an address. A secret of less than four bytes is replaced
// where it stands alone, since it is part of too much else.
func (s *Secrets) Redact(text string) string {
	if s == nil {
		return text
	}
	s.mu.RLock()
	forms := s.forms
	s.mu.RUnlock()
	for _, form := range forms {
		if len(form) >= 4 {
			text = strings.ReplaceAll(text, form, hidden)
		} else {
			text = replaceWord(text, form)
		}
	}
	return text
}

// replaceWord hides word where neither neighbour is a letter or digit.
func replaceWord(text, word string) string {
	var b strings.Builder
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			b.WriteString(text[at:])
			return b.String()
		}
		i += at
		end := i + len(word)
		b.WriteString(text[at:i])
		if i > 0 && wordByte(text[i-1]) || end < len(text) && wordByte(text[end]) {
			b.WriteString(word)
		} else {
			b.WriteString(hidden)
		}
		at = end
	}
}

func wordByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c >= 0x80
}
