package tlsverify

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"rvo-tui/capture"
)

func TestTrust(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	sum := sha256.Sum256(server.Certificate().Raw)
	pin := capture.PinOf(sum)
	colons := strings.ToUpper(strings.ReplaceAll(fmt.Sprintf("% x", sum), " ", ":"))
	connect := func(host string, trust capture.Trust) error {
		cfg, err := Config(host, trust)
		if err != nil {
			return err
		}
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			return err
		}
		defer conn.Close()
		return Explain(tls.Client(conn, cfg).HandshakeContext(t.Context()))
	}
	for _, c := range []struct {
		host  string
		trust capture.Trust
		want  string // in the error; empty: trusted
	}{
		{"127.0.0.1", "", "it is not signed by an authority that this system trusts"},
		{"127.0.0.1", capture.TrustVerify, string(pin)},
		{"127.0.0.1", capture.TrustInsecure, ""},
		{"127.0.0.1", pin, ""},
		{"other.example", pin, ""}, // with a pin, the name does not matter
		{"127.0.0.1", capture.Trust("pin:" + colons), ""},
		{"127.0.0.1", capture.PinOf(sha256.Sum256(nil)), "does not match"},
		{"127.0.0.1", "maybe", `use "verify"`},
		{"127.0.0.1", "pin:abc", "64 hexadecimal digits"},
	} {
		err := connect(c.host, c.trust)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s with %q: %v", c.host, c.trust, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s with %q: %v, want %q", c.host, c.trust, err, c.want)
		case strings.Contains(c.want, "signed") && !errors.Is(err, capture.ErrUntrusted):
			t.Errorf("%v is not ErrUntrusted", err)
		}
	}
}

func TestExplainLeavesOtherErrors(t *testing.T) {
	if err := Explain(net.ErrClosed); !errors.Is(err, net.ErrClosed) || errors.Is(err, capture.ErrUntrusted) {
		t.Errorf("%v", err)
	}
	if err := Explain(nil); err != nil {
		t.Errorf("%v", err)
	}
}
