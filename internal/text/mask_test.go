package text

import (
	"strings"
	"testing"
)

func TestMask(t *testing.T) {
	for _, c := range []struct{ text, secret, want string }{
		{"open hunter22: refused hunter22", "hunter22", "open ***: refused ***"},
		{"17x 7x 7xy (7x)", "7x", "17x *** 7xy (***)"},
		{"7x", "7x", "***"},
		{"x", "", "x"},
		// A password that is a word of the message leaves the message readable.
		{"wrong user or password: correct it", "wrong", "wrong user or password: correct it"},
		{"wrong user or password", "password", "wrong user or password"},
		{"open rtsp://u:trusted@h/: the certificate is not trusted", "trusted", "open rtsp://u:***@h/: the certificate is not trusted"},
		{"rtsp://user:password@h/: wrong user or password", "password", "rtsp://user:***@h/: wrong user or password"},
		{"http://h/?p=camera&x=1 is no camera", "camera", "http://h/?p=***&x=1 is no camera"},
		{"/live/password/1 of \"password\"", "password", "/live/***/1 of \"***\""},
		{"Password@", "Password", "***@"},
	} {
		if got := Mask(c.text, c.secret); got != c.want {
			t.Errorf("Mask(%q, %q) = %q, want %q", c.text, c.secret, got, c.want)
		}
	}
}

func TestHide(t *testing.T) {
	for _, c := range []struct{ text, source, want string }{
		{"open rtsp://u:hunter22@h/: refused", "rtsp://u:hunter22@h/", "open rtsp://u:***@h/: refused"},
		{"u:p@ss is wrong", "rtsp://u:p%40ss@h/", "u:*** is wrong"},
		{"u:p%40ss@h is wrong", "rtsp://u:p%40ss@h/", "u:***@h is wrong"},
		{"server says ab is wrong, about", "rtsp://u:ab@h/", "server says *** is wrong, about"},
		{"open rtsp://u:wrong@h/: wrong user or password", "rtsp://u:wrong@h/", "open rtsp://u:***@h/: wrong user or password"},
		{"the server knows no hunter22, nor hunter22&hd", "http://h/?pwd=hunter22&hd", "the server knows no ***, nor ***"},
		{"nothing", "", "nothing"},
	} {
		if got := Hide(c.text, c.source); got != c.want {
			t.Errorf("Hide(%q, %q) = %q, want %q", c.text, c.source, got, c.want)
		}
	}
}

func TestRedactLine(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{
			`[rtsp @ 0x5] open "rtsp://u:hunter22@h/a?token=x": <http://v:hunter23@h> is lost, key=4`,
			`[rtsp @ 0x5] open "rtsp://u:***@h/a?token=***": <http://v:***@h> is lost, key=4`,
		},
		{"connect to mqtt://127.0.0.1:1883: connection refused", "connect to mqtt://127.0.0.1:1883: connection refused"},
		{"connect to mqtt://u:hunter22: no such host", "connect to mqtt://u:***: no such host"},
		// A password may have what also ends an address.
		{`source = "rtsp://u:12'hunter@h/s"`, `source = "rtsp://u:***@h/s"`},
		{"open 'rtsp://u:a<b>'c@h/s': refused", "open 'rtsp://u:***@h/s': refused"},
		{`source = "http://h/v?pwd=12'h"`, `source = "http://h/v?pwd=***"`},
		{"<b>http://h/v?pwd=hunter22</b> and 'http://h/v', joe@h", "<b>http://h/v?pwd=***</b> and 'http://h/v', joe@h"},
	} {
		if got := RedactLine(tt.line); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add("open rtsp://u:hunter22@h/", "hunter22")
	f.Add("wrong user or password", "password")
	f.Fuzz(func(t *testing.T, text, secret string) {
		got := Mask(text, secret)
		word := strings.Contains(messageWords, " "+strings.ToLower(secret)+" ")
		if len(secret) >= 4 && !word && strings.Contains(strings.ReplaceAll(got, Hidden, "\x00"), secret) && !strings.ContainsAny(secret, "*\x00") {
			t.Fatalf("Mask(%q, %q) = %q", text, secret, got)
		}
	})
}
