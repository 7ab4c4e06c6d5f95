package login

import (
	"net/url"
	"strings"
	"testing"

	"rvo-tui/capture/login/logintest"
)

// The values are those of RFC 7616, section 3.9.1.
func TestDigestOfRFC7616(t *testing.T) {
	for algorithm, want := range map[string]string{
		"MD5":     "8ca523f5e9506fed4657c9700eebdbec",
		"SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		header := `Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=` + algorithm +
			`, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="` + want + `"`
		if !logintest.Accepts(header, "GET", "http-auth@example.org", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "Mufasa", "Circle of Life") {
			t.Errorf("%s: the server's side of the tests is wrong", algorithm)
		}
	}
}

// secrets are passwords with all kinds of characters.
var secrets = []string{
	"", " ", "plain", "p@ss", "a:b", "a/b", "a?b", "a#b", "a%b", "a%40b", "a&b", "a=b", "a+b", "a b", " lead", "trail ", "a,b", "a;b", `a"b`, `a\b`,
	"a'b", "a$b", "${X}", "a|b", "a<b>", "[x]{y}", "a^b`c~d", "ü", "пароль", "密码", "🔑", "a\tb", strings.Repeat("x", 300),
}

func TestLoginWithEveryKindOfPassword(t *testing.T) {
	for _, offer := range []string{
		`Basic realm="cam"`,
		`Digest realm="cam", nonce="n1"`,
		`Digest realm="cam", nonce="n1", algorithm="MD5"`,
		`Digest realm="cam", nonce="n1", algorithm=SHA-256`,
		`Digest realm="cam", nonce="n1", qop="auth-int, auth", opaque="o"`,
		`Digest realm="cam", nonce="n1", qop="auth", algorithm=SHA-256-sess`,
		`Digest realm="cam", nonce="n1", qop="auth", algorithm=MD5-sess, userhash=true`,
	} {
		for _, secret := range secrets {
			for _, user := range []string{"joe", `jo"e\`, "José"} {
				l := New(url.UserPassword(user, secret))
				if got := l.Authorization("DESCRIBE", "rtsp://h/x"); got != "" {
					t.Fatalf("answers %q before it is asked", got)
				}
				if !l.Challenge([]string{offer}) {
					t.Fatalf("%s: not answered", offer)
				}
				for range 2 {
					if got := l.Authorization("DESCRIBE", "rtsp://h/x"); !logintest.Accepts(got, "DESCRIBE", "cam", "n1", user, secret) {
						t.Errorf("%s, password %q: %s", offer, secret, got)
					}
				}
			}
		}
	}
}

// The realm is returned unchanged, in any encoding.
func TestRealmIsNotTouched(t *testing.T) {
	for _, realm := range []string{"K\xe4mera", "a\u00a0b", `a "quoted" one`, ""} {
		l := New(url.UserPassword("joe", "x"))
		l.Challenge([]string{`Digest nonce="n", realm=` + quote(realm)})
		if got := l.Authorization("GET", "/"); !logintest.Accepts(got, "GET", realm, "n", "joe", "x") {
			t.Errorf("realm %q: %s", realm, got)
		}
	}
}

func TestStrongerOfferIsAnswered(t *testing.T) {
	for offer, want := range map[string]string{
		`Basic realm="a", Digest realm="a", nonce="n", Digest realm="a", nonce="n", algorithm=SHA-256`: "algorithm=SHA-256",
		`Basic realm="a", Digest realm="a", nonce="n"`:                                                 "Digest ",
		`Digest realm="a", nonce="n", algorithm=SHA-512-256, Basic realm="a"`:                          "Basic ",
		`Digest realm="a", nonce="n", qop="auth-int", Basic realm=a`:                                   "Basic ",
	} {
		l := New(url.UserPassword("ann", "x"))
		if l.Challenge([]string{offer}); !strings.Contains(l.Authorization("GET", "/"), want) {
			t.Errorf("%s: answered without %q", offer, want)
		}
	}
	for offer, refused := range map[string]string{
		"": "", "Negotiate abc==": "Negotiate", `Bearer realm="x"`: "Bearer", `"`: "", `=,=`: "",
		`Digest realm="a", nonce="n", algorithm=SHA-512-256, NTLM`: "Digest SHA-512-256, Ntlm",
	} {
		l := New(url.UserPassword("ann", "x"))
		if again := l.Challenge([]string{offer}); again || l.Authorization("GET", "/") != "" || l.Refused() != refused {
			t.Errorf("%q: again %v, refused %q, want %q", offer, again, l.Refused(), refused)
		}
	}
}

// A wrong password is tried once; a stale nonce is replaced.
func TestChallengeIsAnsweredOnce(t *testing.T) {
	const first, second = `Digest realm="a", nonce="1"`, `Digest realm="a", nonce="2"`
	type step struct {
		offer    string
		accepted bool
		again    bool
	}
	for name, steps := range map[string][]step{
		"wrong":                     {{first, false, true}, {first, false, false}},
		"wrong, new nonces":         {{first, false, true}, {second, false, false}},
		"stale":                     {{first, false, true}, {second + ", stale=TRUE", false, true}, {first + ", stale=true", false, false}},
		"a new nonce after a while": {{first, true, true}, {second, true, true}, {first, true, true}},
		"refused after a while":     {{first, true, true}, {first, false, false}},
	} {
		l := New(url.UserPassword("ann", "x"))
		for i, s := range steps {
			if again := l.Challenge([]string{s.offer}); again != s.again {
				t.Errorf("%s: challenge %d: again %v", name, i+1, again)
			}
			if s.accepted {
				l.Accept()
			}
		}
	}
	if New(nil).Challenge([]string{first}) {
		t.Error("a login without a user answers")
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
		l := New(url.UserPassword("u", "p"))
		l.Challenge([]string{header})
		l.Authorization("GET", "/")
	})
}
