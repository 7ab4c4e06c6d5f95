// Package logintest checks the answers of package login, for tests.
package logintest

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
)

var parameter = regexp.MustCompile(`(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))`)

// Accepts reports whether an Authorization header, Basic or Digest, is a correct answer
// to a challenge with this realm and nonce.
func Accepts(authorization, method, realm, nonce, user, password string) bool {
	if text, ok := strings.CutPrefix(authorization, "Basic "); ok {
		got, err := base64.StdEncoding.DecodeString(text)
		return err == nil && string(got) == user+":"+password
	}
	text, ok := strings.CutPrefix(authorization, "Digest ")
	if !ok {
		return false
	}
	p := map[string]string{}
	for _, m := range parameter.FindAllStringSubmatch(text, -1) {
		p[m[1]] = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(m[2]) + m[3]
	}
	algorithm, session := strings.CutSuffix(strings.ToUpper(p["algorithm"]), "-SESS")
	hash := func(parts ...string) string {
		text := []byte(strings.Join(parts, ":"))
		if algorithm == "SHA-256" {
			sum := sha256.Sum256(text)
			return hex.EncodeToString(sum[:])
		}
		sum := md5.Sum(text)
		return hex.EncodeToString(sum[:])
	}
	name := user
	if p["userhash"] == "true" {
		name = hash(user, realm)
	}
	ha1 := hash(user, realm, password)
	if session {
		ha1 = hash(ha1, nonce, p["cnonce"])
	}
	want := hash(ha1, nonce, hash(method, p["uri"]))
	if p["qop"] != "" {
		want = hash(ha1, nonce, p["nc"], p["cnonce"], p["qop"], hash(method, p["uri"]))
	}
	return p["username"] == name && p["realm"] == realm && p["nonce"] == nonce && p["response"] == want
}
