package capture

import (
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	for source, want := range map[string]Address{
		"device:0":                          {Kind: KindDevice},
		"device:12":                         {Kind: KindDevice, Device: 12},
		"/dev/video2":                       {Kind: KindDevice, Device: 2},
		"rtsp://10.0.0.7/stream1":           {Kind: KindRTSP, URL: "rtsp://10.0.0.7/stream1"},
		"RTSP://u:p%40@h:554/s":             {Kind: KindRTSP, URL: "rtsp://u:p%40@h:554/s"},
		"rtsps://[::1]:322/s":               {Kind: KindRTSP, URL: "rtsps://[::1]:322/s"},
		"http://h/video?token=a":            {Kind: KindHTTP, URL: "http://h/video?token=a"},
		"https://h":                         {Kind: KindHTTP, URL: "https://h"},
		"clip.mp4":                          {Kind: KindFile, Path: "clip.mp4"},
		"dir/a:b":                           {Kind: KindFile, Path: "./dir/a:b"},
		"./a:b":                             {Kind: KindFile, Path: "./a:b"},
		"../a:b":                            {Kind: KindFile, Path: "../a:b"},
		"/srv/a:b.mp4":                      {Kind: KindFile, Path: "/srv/a:b.mp4"},
		"subfile,x/y:z":                     {Kind: KindFile, Path: "./subfile,x/y:z"},
		"file:///srv/a%20b.mp4":             {Kind: KindFile, Path: "/srv/a b.mp4"},
		"file://localhost/srv/a":            {Kind: KindFile, Path: "/srv/a"},
		"synthetic:street":                  {Kind: KindSynthetic, Scene: "street"},
		"synthetic:street?seed=7":           {Kind: KindSynthetic, Scene: "street", Seed: 7},
		"name with spaces (1) %20 #2.mp4":   {Kind: KindFile, Path: "name with spaces (1) %20 #2.mp4"},
		"/dev/video0/../../etc/not-a-video": {Kind: KindFile, Path: "/dev/video0/../../etc/not-a-video"},
	} {
		got, err := ParseAddress(source)
		if err != nil || got != want {
			t.Errorf("ParseAddress(%q) = %+v, %v; want %+v", source, got, err, want)
		}
	}
}

func TestParseAddressRefuses(t *testing.T) {
	for source, hint := range map[string]string{
		"":                                  "empty",
		"a\nb":                              "control character",
		strings.Repeat("a", 5000):           "longer",
		"gst-launch:videotestsrc ! x":       "unknown kind",
		"concat:a.ts|b.ts":                  "unknown kind",
		"pipe:0":                            "unknown kind",
		"gopher://h/":                       "unknown kind",
		"a:b":                               "./",
		"subfile,,start,0,end,0,,:/etc/x":   "./",
		"device:":                           "device:0",
		"device:-1":                         "device:0",
		"device:0x1":                        "device:0",
		"device:99999999":                   "device:0",
		"rtsp:10.0.0.7":                     "two slashes",
		"rtsp://":                           "no host",
		"rtsp://u:p@":                       "no host",
		"http://h:99999/":                   "port",
		"http://h:0/":                       "port",
		"http://h:port/":                    "malformed",
		"rtsp://u:p@ss@h/":                  "%40",
		"rtsp://u:p/w@h/":                   "%2F",
		"rtsp://u:1/w@h/":                   "%2F",
		"file:a":                            "three slashes",
		"file://otherhost/a":                "three slashes",
		"file:///a%zz":                      "%25",
		"file:///a%00b":                     "control",
		"synthetic:":                        "synthetic:street",
		"synthetic:Street!":                 "synthetic:street",
		"synthetic:street?seed=-1":          "seed",
		"synthetic:street?speed=2":          "seed",
		"synthetic:street?seed=1&seed=2":    "seed",
		"device:rtsp://user:hunter22@h/":    "device:0",
		"synthetic:rtsp://user:hunter22@h/": "scene",
	} {
		got, err := ParseAddress(source)
		if err == nil {
			t.Errorf("ParseAddress(%.40q) = %+v, want an error", source, got)
			continue
		}
		if !strings.Contains(err.Error(), hint) {
			t.Errorf("ParseAddress(%.40q): %q says nothing of %q", source, err, hint)
		}
		if strings.Contains(err.Error(), "hunter22") || strings.Contains(err.Error(), "p@ss") {
			t.Errorf("ParseAddress(%.40q): the error tells the password: %q", source, err)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{
		"device:0", "rtsp://u:p@h:1/s?x=1", "http://h/", "file:///a%20b", "synthetic:street?seed=9",
		"./a:b", "dir/a:b", "concat:a", "subfile,,:x", "rtsp://[::1", "file:////", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		a, err := ParseAddress(source)
		if err != nil {
			if a != (Address{}) {
				t.Fatalf("an address beside the error %q: %+v", err, a)
			}
			return
		}
		text := a.String()
		if a.Kind == KindRTSP || a.Kind == KindHTTP {
			text = a.URL
		}
		if a.Kind == KindFile {
			if first, _, _ := strings.Cut(a.Path, "/"); strings.Contains(first, ":") {
				t.Fatalf("path %q reads as a protocol", a.Path)
			}
			if schemeLike(source) {
				return // a file:// path may look like anything
			}
		}
		if b, err := ParseAddress(text); err != nil || b != a {
			t.Fatalf("%q: %+v comes back from %q as %+v, %v", source, a, text, b, err)
		}
	})
}

func schemeLike(s string) bool { return strings.HasPrefix(strings.ToLower(s), "file:") }

func TestRedact(t *testing.T) {
	for source, want := range map[string]string{
		"rtsp://u:secret@h/s":                     "rtsp://u:***@h/s",
		"rtsp://h:554/s":                          "rtsp://h:554/s",
		"rtsp://u@h:554/s":                        "rtsp://u@h:554/s",
		"rtsp://u:p@ss/w@h/s":                     "rtsp://u:***@h/s",
		"rtsp://u:a?b#c@h/s":                      "rtsp://u:***@h/s",
		"http://h/v?token=abc&x=1":                "http://h/v?token=***&x=1",
		"http://h/v?x=1&Api_Key=abc":              "http://h/v?x=1&Api_Key=***",
		"http://h/v?%70assword=abc;y=2":           "http://h/v?%70assword=***;y=2",
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
			return // then it is not the password or the token that begins there
		}
		build := func(password, token string) string {
			return scheme + "://" + user + ":" + password + "@host/" + tail + "?token=" + token
		}
		plain := build("", "") + hidden
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
