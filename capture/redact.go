package capture

import (
	"net/url"
	"regexp"
	"strings"
)

const hidden = "***"

var (
	assignment = regexp.MustCompile(`[^/?&;#=@\s]*=`)
	secretName = regexp.MustCompile(`(?i)token|key|pass|pwd|secret|auth|sig|cred|session`)
)

// Redact returns a source with its secrets hidden: the password of the user
// information, and the values of parameters whose names look like a secret's
// (token, key, password and the like), up to the next "&", ";" or "#". Where an
// address is malformed it hides rather too much than too little. It takes one
// source, not a text with sources in it.
func Redact(source string) string {
	hide := make([]bool, len(source))
	cover := func(from, to int) {
		for i := from; i < to; i++ {
			hide[i] = true
		}
	}
	start := 0
	if scheme, _, ok := strings.Cut(source, "://"); ok && schemeForm.MatchString(scheme) {
		start = len(scheme) + len("://")
	}
	// Where a password holds an @ or a slash as it is, only the last @ is sure
	// to come after it.
	if end := strings.LastIndexByte(source, '@'); end > start {
		if colon := strings.IndexByte(source[start:end], ':'); colon >= 0 {
			cover(start+colon+1, end)
		}
	}
	for _, m := range assignment.FindAllStringIndex(source, -1) {
		name := source[m[0] : m[1]-1]
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if !secretName.MatchString(name) {
			continue
		}
		end := strings.IndexAny(source[m[1]:], "&;#")
		if end < 0 {
			end = len(source) - m[1]
		}
		cover(m[1], m[1]+end)
	}
	var out strings.Builder
	for i := range len(source) {
		switch {
		case !hide[i]:
			out.WriteByte(source[i])
		case i == 0 || !hide[i-1]:
			out.WriteString(hidden)
		}
	}
	return out.String()
}
