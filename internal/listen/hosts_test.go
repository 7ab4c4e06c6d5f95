package listen

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestHostsOfRequests(t *testing.T) {
	hosts := NewHosts("nvr.example", "192.0.2.9")
	for _, tt := range []struct {
		host, verified string
		want           bool
	}{
		{"localhost:9090", "", true},
		{"LOCALHOST.", "", true},
		{"127.0.0.1", "", true},
		{"127.8.9.1:1", "", true},
		{"[::1]:9090", "", true},
		{"[::ffff:127.0.0.1]", "", true},
		{"10.0.0.5:9090", "", true}, // the address that it was sent to
		{"10.0.0.6:9090", "", false},
		{"nvr.example", "", true},
		{"NVR.example.:443", "", true},
		{"192.0.2.9", "", true},
		{"evil.example", "", false},
		{"localhost.evil.example", "", false},
		{"127.0.0.1.evil.example", "", false},
		{"nvr.example.evil.example:9090", "", false},
		{"cam.lan:443", "cam.lan", true},
		{"cam.lan:443", "other.lan", false},
		{"", "", false},
		{"[", "", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = tt.host
		if tt.verified != "" {
			r.TLS = &tls.ConnectionState{ServerName: tt.verified}
		}
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(10, 0, 0, 5), Port: 9090}))
		if got := hosts.Serve(r); got != tt.want {
			t.Errorf("%q (%q): %v", tt.host, tt.verified, got)
		}
	}
}

func TestOnLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:1": true, "[::1]:1": true, "localhost:1": true, "127.9.9.9:1": true,
		":1": false, "0.0.0.0:1": false, "[::]:1": false, "nvr:1": false, "10.0.0.1:1": false, "1": false,
	} {
		if OnLoopback(address) != want {
			t.Errorf("%q", address)
		}
	}
}

func TestProxiesAreNotDirect(t *testing.T) {
	for host, want := range map[string]bool{"localhost": true, "127.0.0.1:8080": true, "[::1]:1": true, "[::1]": true, "LOCALHOST.": true, "nvr.example": false, "10.0.0.5": false} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		if Direct(r) != want {
			t.Errorf("%q", host)
		}
		for _, name := range []string{"X-Forwarded-For", "Forwarded", "Via"} {
			r.Header.Set(name, "x")
			if Direct(r) {
				t.Errorf("%q with %s", host, name)
			}
			r.Header.Del(name)
		}
	}
}
