package draw

import (
	"strings"
	"unicode"

	"charm.land/bubbles/v2/textinput"

	"rvo-tui/internal/text"
)

// Typed draws an input line with its secrets masked, since others may see the screen.
// The line itself is unchanged.
func Typed(in textinput.Model) string {
	if value := in.Value(); value != "" {
		in.SetValue(Mask(value)) // of the copy that was passed
	}
	return in.View()
}

// Mask replaces the secrets in the words of a line, which are those that Redact
// hides, by as many asterisks. What may yet become a password is taken for one:
// what follows the colon of an address, until its host is complete.
func Mask(line string) string {
	hide := make([]bool, 0, len(line))
	for rest := line; rest != ""; {
		end := strings.IndexFunc(rest, unicode.IsSpace)
		if end < 0 {
			end = len(rest)
		}
		hide = append(hide, secret(rest[:end])...)
		rest = rest[end:]
		space := len(rest) - len(strings.TrimLeftFunc(rest, unicode.IsSpace))
		hide = append(hide, make([]bool, space)...)
		rest = rest[space:]
	}
	var out strings.Builder
	for i, r := range line {
		if hide[i] {
			r = '*'
		}
		out.WriteRune(r)
	}
	return out.String()
}

// secret returns which bytes of a word are masked. The address in it may stand
// behind a key, as in endpoint=http://….
func secret(word string) []bool {
	scheme := strings.Index(word, "://")
	if scheme < 0 {
		return text.Secret(word)
	}
	at := strings.LastIndexByte(word[:scheme], '=') + 1
	hide := append(make([]bool, at), text.Secret(word[at:])...)
	host := word[scheme+len("://"):]
	if colon := strings.LastIndexByte(host, ':'); colon >= 0 && !strings.ContainsAny(host, "@/?#") && !strings.HasPrefix(host, "[") {
		for i := len(word) - len(host) + colon + 1; i < len(word); i++ {
			hide[i] = true
		}
	}
	return hide
}
