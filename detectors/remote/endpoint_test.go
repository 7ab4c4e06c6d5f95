package remote

import (
	"strings"
	"testing"
)

func TestParseEndpoint(t *testing.T) {
	for _, c := range []struct {
		in, want string
		loopback bool
	}{
		{"localhost:50051", "http://localhost:50051", true},
		{"http://localhost:50051", "http://localhost:50051", true},
		{"HTTP://LocalHost:50051/", "http://localhost:50051", true},
		{"127.0.0.2:1", "http://127.0.0.2:1", true},
		{"[::1]:1", "http://[::1]:1", true},
		{"[::ffff:127.0.0.1]:1", "http://[::ffff:127.0.0.1]:1", true},
		{"gpu.lan:050", "http://gpu.lan:50", false},
		{"http://10.0.0.7", "http://10.0.0.7:80", false},
		{"https://gpu.lan", "https://gpu.lan:443", false},
		{"unix:50051", "http://unix:50051", false},
		{"https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443", false},
		{"localhost.evil.example:1", "http://localhost.evil.example:1", false},
		{"unix:///run/models//face.sock", "unix:///run/models/face.sock", true},
	} {
		e, err := ParseEndpoint(c.in)
		if err != nil || e.String() != c.want || e.Loopback() != c.loopback {
			t.Errorf("%q: %v, loopback %v, %v; want %v, %v", c.in, e, e.Loopback(), err, c.want, c.loopback)
		}
	}
}

func TestParseEndpointRefuses(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "missing"},
		{"localhost", "port"},
		{"localhost:0", "1 to 65535"},
		{"localhost:65536", "1 to 65535"},
		{"localhost:http", "1 to 65535"},
		{":50051", "host"},
		{"a b:1", "host"},
		{"[fe80::1%eth0]:1", "host"},
		{"ftp://h:1", "scheme"},
		{"http://h:1/path", "after the port"},
		{"http://h:1?q", "after the port"},
		{"http://h:1#", "after the port"},
		{"http://u:pw@h:1", "token"},
		{"u:pw@h:1", "token"},
		{"http://\x1b[0m:1", "not an address"},
		{"unix://run/x", "path"},
		{"unix:///", "path"},
		{"unix:///.", "path"},
		{"unix:/run/x", "unix:///path"},
		{"unix:///a\nb", "path"},
		{"unix:///" + strings.Repeat("x", 120), "107"},
	} {
		if e, err := ParseEndpoint(c.in); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "pw") {
			t.Errorf("%q: %v, %v; want an error with %q", c.in, e, err, c.want)
		}
	}
}

func FuzzParseEndpoint(f *testing.F) {
	for _, s := range []string{"localhost:50051", "https://gpu.lan", "http://[::1]:1/", "unix:///run/x", "http://u:pw@h:1", "[fe80::1%25eth0]:1", "unix:///a/../b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := ParseEndpoint(s)
		if err != nil {
			return
		}
		again, err := ParseEndpoint(e.String())
		if err != nil || again != e {
			t.Fatalf("%q is %v, and that is %v, %v", s, e, again, err)
		}
	})
}
