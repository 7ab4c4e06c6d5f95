package listen

import (
	"net/http"
	"net/netip"
	"testing"
)

// FuzzHosts: a request is served for a name only if it is one of the served names, and for an
// address only if it is loopback.
func FuzzHosts(f *testing.F) {
	for _, host := range []string{"localhost", "LOCALHOST.", "nvr.example:8080", "127.0.0.1:1", "[::1]:80", "[::ffff:127.0.0.1]", "evil.example", "127.0.0.1.evil.example", "localhost:80:80", ""} {
		f.Add(host)
	}
	served := Hosts{"localhost": true, "nvr.example": true}
	f.Fuzz(func(t *testing.T, host string) {
		r := &http.Request{Host: host, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}}
		name := hostOf(r)
		if again := CanonicalHost(name); again != name && CanonicalHost(again) != again {
			t.Fatalf("%q has the forms %q and %q", host, name, again)
		}
		addr, err := netip.ParseAddr(name)
		local := err == nil && addr.IsLoopback()
		if got := served.Serve(r); got != (served[name] || local) {
			t.Fatalf("a request for %q (%q) is served: %v", host, name, got)
		}
		if Direct(r) && name != "localhost" && !local {
			t.Fatalf("a request for %q comes from this machine itself", host)
		}
	})
}
