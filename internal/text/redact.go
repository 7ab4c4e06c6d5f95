// Package text hides secrets, cleans external text for terminals and logs, suggests corrections, and
// parses and formats units.
package text

import (
	"encoding/hex"
	"regexp"
	"strings"
)

// Hidden replaces a secret.
const Hidden = "***"

var (
	schemeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*$`)
	assignment = regexp.MustCompile(`[^/?&;#=@\s]*=`)
	// nextParameter is where the value of a parameter certainly ends: "&", ";" and "#" may be part
	// of a password.
	nextParameter = regexp.MustCompile(`&[^&=]*=`)
	// namedSegment matches the path segment after one with a name such as "password".
	namedSegment = regexp.MustCompile(`(?i)/(?:pass(?:word|wd)?|pwd|psw|pas|token)/([^/?&;#\s]+)`)
	secretName   = regexp.MustCompile(`(?i)token|key|pass|pas\d*$|pwd|psw|pw\d*$|secret|auth|sig$|signature|cred|session|jwt|hmac|ticket|streamid`)
)

// HideUser hides everything before an "@" in an address that is not a source, since it may be a
// password.
func HideUser(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return Hidden + address[i:]
	}
	return address
}

// Redact returns a source with its secrets hidden: the password of the user information, the values
// of parameters with names such as token, key or password or that are addresses with a user, up to
// the next parameter, and the path segment after one with such a name ("/pwd/…/"). In case of doubt
// it hides too much rather than too little. Source must be a single source; for a text that contains
// addresses use RedactLine.
func Redact(source string) string {
	hide := Secret(source)
	var out strings.Builder
	for i := range len(source) {
		switch {
		case !hide[i]:
			out.WriteByte(source[i])
		case i == 0 || !hide[i-1]:
			out.WriteString(Hidden)
		}
	}
	return out.String()
}

// Secret returns, for each byte of a source, whether Redact hides it.
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
	// A password may contain an unescaped @ or slash, so only the last @ is certain to come
	// after it. An invalid port may be a password whose @ is missing or not typed yet.
	if end := strings.LastIndexByte(source, '@'); end > start {
		if colon := strings.IndexByte(source[start:end], ':'); colon >= 0 {
			cover(start+colon+1, end)
		}
	} else if from := badPort(source[start:]); start > 0 && from >= 0 {
		cover(start+from, len(source))
	}
	for _, m := range namedSegment.FindAllStringSubmatchIndex(source, -1) {
		cover(m[2], m[3])
	}
	for _, m := range assignment.FindAllStringIndex(source, -1) {
		value := source[m[1]:]
		if next := nextParameter.FindStringIndex(value); next != nil {
			value = value[:next[0]]
		}
		_, host, nested := strings.Cut(Unescape(value), "://")
		if secretName.MatchString(Unescape(source[m[0]:m[1]-1])) || nested && strings.Contains(host, "@") {
			cover(m[1], m[1]+len(value))
		}
	}
	return hide
}

// badPort returns the start of the port if that is not a number, else -1. The address begins with
// its host.
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

// Unescape decodes the percent escapes of an address. Invalid ones stay.
func Unescape(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if b, err := hex.DecodeString(s[i+1 : i+3]); err == nil {
				out.WriteByte(b[0])
				i += 2
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// Hide masks the secrets of a source, escaped or not, in a text about it, such as an error of a
// library (see Mask).
func Hide(text, source string) string {
	text = strings.ReplaceAll(text, source, Redact(source))
	hide := Secret(source)
	for from := 0; from < len(source); from++ {
		if !hide[from] {
			continue
		}
		to := from
		for to < len(source) && hide[to] {
			to++
		}
		// A server may take less for the value of a parameter than Secret does.
		first, _, _ := strings.Cut(source[from:to], "&")
		for _, secret := range []string{source[from:to], Unescape(source[from:to]), first, Unescape(first)} {
			text = Mask(text, secret)
		}
		from = to
	}
	return text
}

// address matches an address in a text, without the colon before what a library says about it. Before
// an "@" and before a letter or digit, "'", "<" and ">" belong to it: they may be part of a password.
var address = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://(?:[^\s"]*@)?(?:[^\s"'<>]|['<>][\pL\pN])*(?:[^\s"'<>:]|['<>][\pL\pN])`)

// RedactLine returns a line of external text with the secrets of all addresses in it hidden.
func RedactLine(line string) string { return address.ReplaceAllStringFunc(line, Redact) }
