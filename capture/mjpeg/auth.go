package mjpeg

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"strings"
)

// challenge is one way in that a server offers in WWW-Authenticate.
type challenge struct {
	scheme string            // lower case
	params map[string]string // names in lower case
}

// parseChallenges reads the values of WWW-Authenticate headers (RFC 9110,
// section 11.6.1). What it does not understand it leaves out.
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

// cutValue returns the value, a token or a quoted string, that text begins
// with, and what follows it.
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

// authorize returns the Authorization of a GET request that answers the best of
// the challenges: Digest with SHA-256, Digest with MD5, Basic. It returns ""
// where there is none that it can answer.
func authorize(challenges []challenge, user *url.Userinfo, uri string) string {
	password, _ := user.Password()
	best, rank := challenge{}, 0
	for _, c := range challenges {
		r := 0
		switch c.scheme {
		case "basic":
			r = 1
		case "digest":
			switch strings.TrimSuffix(strings.ToUpper(c.params["algorithm"]), "-SESS") {
			case "SHA-256":
				r = 3
			case "MD5", "":
				r = 2
			}
			if qop := c.params["qop"]; qop != "" && !offersAuth(qop) {
				r = 0
			}
		}
		if r > rank {
			best, rank = c, r
		}
	}
	switch rank {
	case 0:
		return ""
	case 1:
		req := http.Request{Header: http.Header{}}
		req.SetBasicAuth(user.Username(), password)
		return req.Header.Get("Authorization")
	}
	return digest(best.params, user.Username(), password, uri, rand.Text())
}

func offersAuth(qop string) bool {
	for option := range strings.SplitSeq(qop, ",") {
		if strings.EqualFold(strings.TrimSpace(option), "auth") {
			return true
		}
	}
	return false
}

// digest answers a Digest challenge for one GET request (RFC 7616, section 3.4;
// without qop as in RFC 2069, which old cameras still speak).
func digest(params map[string]string, user, password, uri, cnonce string) string {
	algorithm := strings.ToUpper(params["algorithm"])
	newHash := md5.New
	if strings.HasPrefix(algorithm, "SHA-256") {
		newHash = sha256.New
	}
	sum := func(parts ...string) string {
		var h hash.Hash = newHash()
		h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}
	const count = "00000001"
	realm, nonce := params["realm"], params["nonce"]
	ha1 := sum(user, realm, password)
	if strings.HasSuffix(algorithm, "-SESS") {
		ha1 = sum(ha1, nonce, cnonce)
	}
	ha2 := sum("GET", uri)
	response := sum(ha1, nonce, ha2)
	if params["qop"] != "" {
		response = sum(ha1, nonce, count, cnonce, "auth", ha2)
	}
	name := user
	if strings.EqualFold(params["userhash"], "true") {
		name = sum(user, realm)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "Digest username=%s, realm=%s, nonce=%s, uri=%s, response=%q", quote(name), quote(realm), quote(nonce), quote(uri), response)
	if algorithm != "" {
		fmt.Fprintf(&out, ", algorithm=%s", params["algorithm"])
	}
	if opaque, ok := params["opaque"]; ok {
		fmt.Fprintf(&out, ", opaque=%s", quote(opaque))
	}
	if params["qop"] != "" {
		fmt.Fprintf(&out, ", qop=auth, nc=%s, cnonce=%s", count, quote(cnonce))
	}
	if strings.EqualFold(params["userhash"], "true") {
		out.WriteString(", userhash=true")
	}
	return out.String()
}

// quote returns a quoted-string of RFC 9110, section 5.6.4.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
