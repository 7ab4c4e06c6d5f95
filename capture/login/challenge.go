package login

import "strings"

// challenge is one authentication method offered in WWW-Authenticate.
type challenge struct {
	scheme string            // lower case
	params map[string]string // names in lower case
}

// rank orders challenges by security; 0: not supported.
func (c challenge) rank() int {
	switch c.scheme {
	case "basic":
		return 1
	case "digest":
		if qop := c.params["qop"]; qop != "" && !offersAuth(qop) {
			return 0
		}
		switch strings.TrimSuffix(strings.ToUpper(c.params["algorithm"]), "-SESS") {
		case "SHA-256":
			return 3
		case "MD5", "":
			return 2
		}
	}
	return 0
}

// stale reports whether the server only asks for a new nonce.
func (c challenge) stale() bool { return strings.EqualFold(c.params["stale"], "true") }

func offersAuth(qop string) bool {
	for option := range strings.SplitSeq(qop, ",") {
		if strings.EqualFold(strings.TrimSpace(option), "auth") {
			return true
		}
	}
	return false
}

// describe lists challenges for the user, with bounded length and no control
// characters.
func describe(offers []challenge) string {
	var names []string
	for _, c := range offers {
		name := strings.ToUpper(c.scheme[:1]) + c.scheme[1:]
		if a := c.params["algorithm"]; a != "" {
			name += " " + a
		}
		name = strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return -1
			}
			return r
		}, name)
		if names = append(names, name[:min(len(name), 40)]); len(names) == 4 {
			break
		}
	}
	return strings.Join(names, ", ")
}

// parseChallenges parses WWW-Authenticate headers (RFC 9110, section 11.6.1). It skips
// what it cannot parse.
func parseChallenges(headers []string) []challenge {
	var out []challenge
	for _, text := range headers {
		if len(text) > 8<<10 {
			continue
		}
		for text = strings.TrimLeft(text, " \t,"); text != ""; text = strings.TrimLeft(text, " \t,") {
			word := text[:tokenLen(text)]
			if word == "" {
				break
			}
			after := strings.TrimLeft(text[len(word):], " \t")
			value, isParam := strings.CutPrefix(after, "=")
			if !isParam {
				out = append(out, challenge{strings.ToLower(word), map[string]string{}})
				text = after
				continue
			}
			value, text = cutValue(strings.TrimLeft(value, " \t"))
			if len(out) > 0 {
				out[len(out)-1].params[strings.ToLower(word)] = value
			}
		}
	}
	return out
}

func tokenLen(text string) int {
	if i := strings.IndexAny(text, " \t,=\""); i >= 0 {
		return i
	}
	return len(text)
}

// cutValue splits text after its first value, which is a token or a quoted string.
func cutValue(text string) (value, rest string) {
	if !strings.HasPrefix(text, `"`) {
		n := strings.IndexAny(text, " \t,")
		if n < 0 {
			n = len(text)
		}
		return text[:n], text[n:]
	}
	var out strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return out.String(), text[i+1:]
		case c == '\\' && i+1 < len(text):
			i++
			out.WriteByte(text[i])
		default:
			out.WriteByte(c)
		}
	}
	return out.String(), ""
}
