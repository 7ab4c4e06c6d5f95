package mjpeg

import (
	"net/url"
	"strings"
	"testing"
)

// The values are those of RFC 7616, section 3.9.1.
func TestDigestOfRFC7616(t *testing.T) {
	for algorithm, want := range map[string]string{
		"MD5":     "8ca523f5e9506fed4657c9700eebdbec",
		"SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		params := parseChallenges([]string{`Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=` + algorithm +
			`, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`})[0].params
		got := digest(params, "Mufasa", "Circle of Life", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
		if !strings.Contains(got, `response="`+want+`"`) {
			t.Errorf("%s: %s, want response %s", algorithm, got, want)
		}
	}
}

func TestAuthorizePrefersStronger(t *testing.T) {
	user := url.UserPassword("ann", "x")
	for offer, want := range map[string]string{
		`Basic realm="a", Digest realm="a", nonce="n", Digest realm="a", nonce="n", algorithm=SHA-256`: "algorithm=SHA-256",
		`Basic realm="a", Digest realm="a", nonce="n"`:                                                 "Digest ",
		`Digest realm="a", nonce="n", algorithm=SHA-512-256, Basic realm="a"`:                          "Basic ",
		`Digest realm="a", nonce="n", qop="auth-int", Basic realm=a`:                                   "Basic ",
	} {
		if got := authorize(parseChallenges([]string{offer}), user, "/"); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", offer, got, want)
		}
	}
	for _, offer := range []string{"", "Negotiate abc==", `Bearer realm="x"`, `"`, `=,=`} {
		if got := authorize(parseChallenges([]string{offer}), user, "/"); got != "" {
			t.Errorf("%q answered with %q", offer, got)
		}
	}
}

func FuzzParseChallenges(f *testing.F) {
	f.Add(`Basic realm="a", Digest realm="a\"b", nonce=n, qop="auth,auth-int"`)
	f.Add(`Negotiate abc==, Basic`)
	f.Add("Digest nonce=\"a\r\nX: y\"")
	f.Fuzz(func(t *testing.T, header string) {
		for _, c := range parseChallenges([]string{header}) {
			if c.scheme == "" || strings.ContainsAny(c.scheme, " \t,=\"") {
				t.Fatalf("scheme %q", c.scheme)
			}
		}
		authorize(parseChallenges([]string{header}), url.UserPassword("u", "p"), "/")
	})
}
