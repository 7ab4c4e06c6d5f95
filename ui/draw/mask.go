package draw

import (
	"strings"
	"unicode"

	"charm.land/bubbles/v2/textinput"

	"rvo-tui/internal/text"
)

// Typed draws an input line with its secrets masked, because others may see the screen.
// The input itself is unchanged.
func Typed(in textinput.Model) string {
	if value := in.Value(); value != "" {
		in.SetValue(Mask(value)) // in is a copy
	}
	return in.View()
}

// Mask replaces every secret that text.Redact would hide by as many asterisks. It also masks
// what may become a password while it is typed: the text after the colon of an address whose
// host is not complete.
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

// secret returns which bytes of a word are masked. An address may follow a key, as in
// endpoint=http://….
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
