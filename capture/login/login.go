// Package login answers authentication challenges of HTTP and RTSP servers: Digest with
// SHA-256 or MD5, and Basic. A Login is for one host and must not be used after a
// redirect to another host.
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

// Login answers the challenges of one host for one user. It belongs to one goroutine. A
// nil Login has no user and answers nothing.
type Login struct {
	user, password string
	offer          challenge // the best challenge; its scheme is "" before the first one
	refused        string    // what the server offered if nothing is supported
	count          int       // answers to offer so far
	accepted       bool      // one of them was accepted
	tries          int       // consecutive challenges
}

// New returns the login of an address, or nil if it has none.
func New(user *url.Userinfo) *Login {
	if user == nil {
		return nil
	}
	password, _ := user.Password()
	return &Login{user: user.Username(), password: password}
}

// Challenge handles the WWW-Authenticate headers of a 401 response. It reports whether
// to repeat the request with the result of Authorization. It does not repeat a rejected
// answer, so a wrong password is tried only once.
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

// Accept records that a request was accepted.
func (l *Login) Accept() {
	if l != nil {
		l.accepted, l.tries = true, 0
	}
}

// Refused returns the server's authentication methods if none of them is supported, for
// example "Digest SHA-512, Negotiate". Otherwise it is empty.
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

// digest implements RFC 7616, section 3.4, and without qop RFC 2069, which old cameras
// still use.
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
		return "" // unreachable: rank admits only supported challenges
	}
	return header(answer, p)
}

// header formats the answer. Values from the server are returned byte for byte, since a
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

// quote returns a quoted-string (RFC 9110, section 5.6.4).
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
