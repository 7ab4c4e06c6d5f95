package capture

import (
	"net/url"
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
		"rtsp://[::1%25lo]:554/s":           {Kind: KindRTSP, URL: "rtsp://[::1%25lo]:554/s"},
		"http://u:p@[fe80::1%eth0.2]/v":     {Kind: KindHTTP, URL: "http://u:p@[fe80::1%25eth0.2]/v"},
		"http://h/a b[x]{y}?q=[z]":          {Kind: KindHTTP, URL: "http://h/a b[x]{y}?q=[z]"},
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
		"rtsp://u:[x]{y}@h/":                `write "[" as %5B`,
		"rtsp://u:{y}@h/":                   `write "{" as %7B`,
		"rtsp://u:ü@h/":                     `write "ü" as %C3%BC`,
		"rtsp://u:5%@h/":                    `write "%" as %25`,
		"rtsp://h/5%":                       "write % as %25",
		"rtsp://h_%41/":                     "host name",
		"rtsp://fe80::1/":                   "port",
		"rtsp://[fe80::1/":                  "brackets",
		"rtsp://[10.0.0.7]/":                "not an IPv6 address",
		"rtsp://[fe80::1%]/":                "network interface",
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
		"./a:b", "dir/a:b", "concat:a", "subfile,,:x", "rtsp://[::1", "file:////", "", "http://u:p@[fe80::1%25lo]:80/%41?x#%42", "rtsp://a%20b@h:/", "http://ü/", "rtsp://[::ffff:1.2.3.4%a]/",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		a, err := ParseAddress(source)
		if err != nil {
			if a != (Address{}) {
				t.Fatalf("error %q, but the address %+v was returned", err, a)
			}
			return
		}
		text := a.String()
		if a.URL != "" {
			u, err := url.Parse(a.URL)
			if err != nil || u.Hostname() == "" {
				t.Fatalf("%q: net/url makes %v of %q: %v", source, u, a.URL, err)
			}
		}
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
