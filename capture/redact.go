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
	hide := Secret(source)
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

// Secret returns for each byte of a source whether Redact hides it.
func Secret(source string) []bool {
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
	// to come after it. What should be a port and is none may be a password
	// whose @ is missing, or not yet typed.
	if end := strings.LastIndexByte(source, '@'); end > start {
		if colon := strings.IndexByte(source[start:end], ':'); colon >= 0 {
			cover(start+colon+1, end)
		}
	} else if from := badPort(source[start:]); start > 0 && from >= 0 {
		cover(start+from, len(source))
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
	return hide
}

// badPort returns where the port of an address begins that is no number, and -1
// where there is none. The address begins with its host.
func badPort(address string) int {
	host := 0
	if strings.HasPrefix(address, "[") {
		if host = strings.IndexByte(address, ']'); host < 0 {
			return -1
		}
	}
	colon := strings.IndexAny(address[host:], ":/?#")
	if colon < 0 || address[host+colon] != ':' {
		return -1
	}
	from := host + colon + 1
	port := address[from:]
	if end := strings.IndexAny(port, "/?#"); end >= 0 {
		port = port[:end]
	}
	if len(port) <= 5 && strings.Trim(port, "0123456789") == "" {
		return -1
	}
	return from
}
