package text

import (
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	for source, want := range map[string]string{
		"rtsp://u:secret@h/s":                     "rtsp://u:***@h/s",
		"rtsp://h:554/s":                          "rtsp://h:554/s",
		"rtsp://u@h:554/s":                        "rtsp://u@h:554/s",
		"rtsp://u:p@ss/w@h/s":                     "rtsp://u:***@h/s",
		"rtsp://u:a?b#c@h/s":                      "rtsp://u:***@h/s",
		"http://h/v?token=abc&x=1":                "http://h/v?token=***&x=1",
		"http://h/v?sig=abc&signal=x":             "http://h/v?sig=***&signal=x",
		"http://h/v?X-Amz-Signature=abc":          "http://h/v?X-Amz-Signature=***",
		"http://h/v?x=1&Api_Key=abc":              "http://h/v?x=1&Api_Key=***",
		"http://h/v?%70assword=abc;y=2":           "http://h/v?%70assword=***",
		"http://h/v?pwd=ab;cd#ef&gh&x=1":          "http://h/v?pwd=***&x=1",
		"http://h/v?jwt=abc&x=1#y":                "http://h/v?jwt=***&x=1#y",
		"http://h/v?hdnts=exp=1~hmac=abc":         "http://h/v?hdnts=exp=1~hmac=***",
		"srt://h:1?streamid=read:door:u:abc":      "srt://h:1?streamid=***",
		"srt://h:1?mode=caller&passphrase=abc":    "srt://h:1?mode=caller&passphrase=***",
		"srt://h:1?streamid=#!::u=joe,s=abc":      "srt://h:1?streamid=***",
		"rtmp://h/live/cam?user=u&pass=abc":       "rtmp://h/live/cam?user=u&pass=***",
		"http://h/v?src=rtsp%3A%2F%2Fu%3Ab%40g/s": "http://h/v?src=***",
		"http://h/v?src=rtsp%3A%2F%2Fg/s&x=1":     "http://h/v?src=rtsp%3A%2F%2Fg/s&x=1",
		"http://h:80/?password=a@b":               "http://h:***",
		"rtsp://h/user=admin_password=abc_ch=1":   "rtsp://h/user=admin_password=***",
		"rtsp://u:x?token=y@h/p":                  "rtsp://u:***",
		"rtsp:/u:secret@h":                        "rtsp:***@h",
		"rtsp://u:secret":                         "rtsp://u:***",
		"rtsp://u:secret/s?x=1":                   "rtsp://u:***",
		"rtsp://u:123456/s":                       "rtsp://u:***",
		"rtsp://[fe80::1]:554/s":                  "rtsp://[fe80::1]:554/s",
		"rtsp://[fe80::1":                         "rtsp://[fe80::1",
		"rtsp://[::1]:secret/s":                   "rtsp://[::1]:***",
		"rtsp://h:/s":                             "rtsp://h:/s",
		"http://h/a:b?c:d":                        "http://h/a:b?c:d",
		"u:secret@h":                              "u:***@h",
		" rtsp://u:secret@h":                      " rtsp:***@h",
		"u:p://x@h":                               "u:***@h",
		"synthetic:street?seed=7":                 "synthetic:street?seed=7",
		"device:0":                                "device:0",
		"http://h/v.cgi?loginuse=a&loginpas=b2":   "http://h/v.cgi?loginuse=a&loginpas=***",
		"http://h/?pw=a&psw=b&pwd1=c&user_pw=d":   "http://h/?pw=***&psw=***&pwd1=***&user_pw=***",
		"http://h/?usr=joe&pas1=b&passive=1":      "http://h/?usr=joe&pas1=***&passive=***",
		"http://h/?spawn=1&compass=n&pwm=3":       "http://h/?spawn=1&compass=***&pwm=3",
		"http://h/user/joe/pwd/abc/ch1?x":         "http://h/user/joe/pwd/***/ch1?x",
		"http://h/password/abc":                   "http://h/password/***",
		"/srv/video.mp4":                          "/srv/video.mp4",
		"":                                        "",
		"rtsp://u:%zz\x00@h/":                     "rtsp://u:***@h/",
		"https://h/v?session=1&credentials=2&z=3": "https://h/v?session=***&credentials=***&z=3",
	} {
		if got := Redact(source); got != want {
			t.Errorf("Redact(%q) = %q, want %q", source, got, want)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("rtsp", "user", "pass", "key", "host/path")
	f.Add("http", "", "p@:/?#&token=x", "a@b", "h")
	f.Add("", "u", "://", "", "")
	f.Add("x:", "u", "p", "s=s", "h:1/@")
	f.Fuzz(func(t *testing.T, scheme, user, password, token, tail string) {
		if strings.Contains(user, ":") || strings.ContainsAny(token, "&;#") || password == "" || token == "" {
			return // then the password or the token does not begin there
		}
		build := func(password, token string) string {
			return scheme + "://" + user + ":" + password + "@host/" + tail + "?token=" + token
		}
		plain := build("", "") + Hidden
		if strings.Contains(plain, "*"+password) || strings.ContainsAny(password+token, "*") {
			return
		}
		out := Redact(build(password, token))
		if !strings.Contains(plain, password) && strings.Contains(out, password) {
			t.Fatalf("password %q shows in %q", password, out)
		}
		if !strings.Contains(plain, token) && strings.Contains(out, token) {
			t.Fatalf("token %q shows in %q", token, out)
		}
	})
}
