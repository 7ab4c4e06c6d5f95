// Package login answers the challenges of servers that ask for a user and a
// password, over HTTP and RTSP alike: Digest with SHA-256 or MD5, and Basic. A
// Login is for one host; whoever follows a redirect to another makes none.
package login

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/icholy/digest"
)

// Login answers the challenges of one host for one user. It belongs to one
// goroutine. A nil Login has no user and answers nothing.
type Login struct {
	user, password string
	offer          challenge // the best one; its scheme is "" before the first
	refused        string    // what was offered when nothing could be answered
	count          int       // answers to offer
	accepted       bool      // one of them was
	tries          int       // challenges in a row
}

// New returns the login of an address, nil where it has none.
func New(user *url.Userinfo) *Login {
	if user == nil {
		return nil
	}
	password, _ := user.Password()
	return &Login{user: user.Username(), password: password}
}

// Challenge reads the WWW-Authenticate headers of a refusal (status 401) and
// reports whether to ask once more, with what Authorization returns then. It
// does not where the same answer was refused before, so that a wrong password
// is tried once and never in a loop.
func (l *Login) Challenge(headers []string) (again bool) {
	if l == nil {
		return false
	}
	offers := parseChallenges(headers)
	best := slices.MaxFunc(append(offers, challenge{}), func(a, b challenge) int { return a.rank() - b.rank() })
	if best.rank() == 0 {
		l.refused = describe(offers)
		return false
	}
	fresh := l.offer.scheme == "" || best.stale() || l.accepted && best.params["nonce"] != l.offer.params["nonce"]
	if l.tries++; !fresh || l.tries > 2 {
		return false
	}
	l.offer, l.count, l.accepted, l.refused = best, 0, false, ""
	return true
}

// Accept says that a request was not refused.
func (l *Login) Accept() {
	if l != nil {
		l.accepted, l.tries = true, 0
	}
}

// Refused returns how the server wants users to log in, where this package can
// answer none of it: "Digest SHA-512, Negotiate". Otherwise it is empty.
func (l *Login) Refused() string {
	if l == nil {
		return ""
	}
	return l.refused
}

// Authorization returns the header for a request. It is empty before the first
// challenge.
func (l *Login) Authorization(method, uri string) string {
	if l == nil {
		return ""
	}
	switch l.offer.scheme {
	case "basic":
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(l.user+":"+l.password))
	case "digest":
		l.count++
		return l.digest(method, uri)
	}
	return ""
}

// digest answers as of RFC 7616, section 3.4; without qop as in RFC 2069, which
// old cameras still speak.
func (l *Login) digest(method, uri string) string {
	p := l.offer.params
	algorithm, session := strings.CutSuffix(strings.ToUpper(p["algorithm"]), "-SESS")
	o := digest.Options{Method: method, URI: uri, Count: l.count, Username: l.user, Password: l.password, Cnonce: rand.Text()}
	if session {
		o.A1 = hash(algorithm, hash(algorithm, l.user, p["realm"], l.password), p["nonce"], o.Cnonce)
	}
	c := digest.Challenge{Realm: p["realm"], Nonce: p["nonce"], Opaque: p["opaque"], Algorithm: algorithm, Userhash: strings.EqualFold(p["userhash"], "true")}
	if p["qop"] != "" {
		c.QOP = []string{"auth"}
	}
	answer, err := digest.Digest(&c, o)
	if err != nil {
		return "" // rank let through only what it can do
	}
	return header(answer, p)
}

// header writes the answer. What the server said is given back byte by byte: a
// realm need not be UTF-8.
func header(answer *digest.Credentials, offer map[string]string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "Digest username=%s, realm=%s, nonce=%s, uri=%s", quote(answer.Username), quote(answer.Realm), quote(answer.Nonce), quote(answer.URI))
	if algorithm, ok := offer["algorithm"]; ok {
		fmt.Fprintf(&out, ", algorithm=%s", algorithm)
	}
	if opaque, ok := offer["opaque"]; ok {
		fmt.Fprintf(&out, ", opaque=%s", quote(opaque))
	}
	if answer.QOP != "" {
		fmt.Fprintf(&out, ", qop=%s, nc=%08x, cnonce=%s", answer.QOP, answer.Nc, quote(answer.Cnonce))
	}
	if answer.Userhash {
		out.WriteString(", userhash=true")
	}
	fmt.Fprintf(&out, ", response=%q", answer.Response)
	return out.String()
}

// quote returns a quoted-string of RFC 9110, section 5.6.4.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func hash(algorithm string, parts ...string) string {
	text := []byte(strings.Join(parts, ":"))
	if algorithm == "SHA-256" {
		sum := sha256.Sum256(text)
		return hex.EncodeToString(sum[:])
	}
	sum := md5.Sum(text)
	return hex.EncodeToString(sum[:])
}
