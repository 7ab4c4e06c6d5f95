package api

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"rvo-tui/internal/listen"
)

func TestDefaultSocket(t *testing.T) {
	for _, tt := range []struct{ service, session, want string }{
		{"/run/rvo:/run/other", "/run/user/1000", "/run/rvo/control.sock"},
		{"", "/run/user/1000", "/run/user/1000/rvo-tui/control.sock"},
		{"relative", "/run/user/1000", "/run/user/1000/rvo-tui/control.sock"},
	} {
		t.Setenv("RUNTIME_DIRECTORY", tt.service)
		t.Setenv("XDG_RUNTIME_DIR", tt.session)
		if got := DefaultSocket(); got != tt.want {
			t.Errorf("%q, %q: %s, want %s", tt.service, tt.session, got, tt.want)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	long := strings.Repeat("t", 32)
	for _, tt := range []struct {
		cfg  Config
		want string // "key: problem" of each, by their beginnings
	}{
		{DefaultConfig(), ""},
		{Config{}, ""},
		{Config{Listen: ":7443", Token: long, TLSCert: "c", TLSKey: "k"}, ""},
		{Config{Listen: ":7443"}, "token: is missing|tls_cert: is missing|tls_key: is missing"},
		{Config{Listen: "7443", Token: long, TLSCert: "c", TLSKey: "k"}, "listen: \"7443\" is not an address"},
		{Config{Listen: "127.0.0.1:7443"}, ""},
		{Config{Listen: "localhost:7443"}, ""},
		{Config{Listen: "[::1]:7443", TLSCert: "c"}, "tls_key: tls_cert and tls_key belong together"},
		{Config{Listen: "0.0.0.0:7443", Token: long}, "tls_cert: is missing|tls_key: is missing"},
		{Config{Listen: "nvr:7443", TLSCert: "c", TLSKey: "k"}, "token: is missing"},
		{Config{Token: "short"}, "token: has fewer than 16"},
		{Config{Token: long, ReadToken: long}, "read_token: is the same"},
		{Config{ReadToken: "with a blank in the middle"}, "read_token: contains a space"},
		{Config{Socket: strings.Repeat("s", 108)}, "socket: is 108 bytes long"},
		{Config{Socket: "a\nb"}, "socket: contains a control"},
		{Config{Endpoints: []string{"gpu:50051", "gpu", "https://[::1]:443", "unix:///run/a.sock", "2001:db8::1"}}, ""},
		{Config{Endpoints: []string{"http://me:pw@gpu:1"}}, "endpoints: \"***@gpu:1\" must not contain"},
		{Config{Endpoints: []string{"no host"}}, "endpoints: \"no host\" is not an endpoint"},
		{Config{Sources: []string{"cam", "cam:554", "rtsp://cam", "192.0.2.0/24", "2001:db8::1", "rtsp://[2001:db8::1]:8554"}}, ""},
		{Config{Sources: []string{"rtsp://u:pw@cam"}}, "sources: \"***@cam\" is not a source"},
		{Config{Sources: []string{"/dev/video0"}}, "sources: \"/dev/video0\" is not a source"},
		{Config{Hosts: []string{"nvr.example", "192.0.2.1"}}, ""},
		{Config{Hosts: []string{"https://nvr.example"}}, "hosts: \"https://nvr.example\" is not a name"},
	} {
		var got []string
		tt.cfg.Validate(func(key, problem string) {
			if strings.Contains(problem, long) {
				t.Errorf("%s: a token is revealed: %s", key, problem)
			}
			got = append(got, key+": "+problem)
		})
		var want []string
		if tt.want != "" {
			want = strings.Split(tt.want, "|")
		}
		ok := len(got) == len(want)
		for i := range want {
			ok = ok && strings.HasPrefix(got[i], want[i])
		}
		if !ok {
			t.Errorf("%+v: %q, want %q", tt.cfg, got, want)
		}
	}
}

func TestAdviceAboutListeners(t *testing.T) {
	for want, got := range map[string]string{
		"rvo-tui connect": socketAdvice(&listen.HeldError{Path: "s", PID: 7}), "stop the program": socketAdvice(&listen.HeldError{Path: "s"}),
		"let this user write": socketAdvice(os.ErrPermission), "127.0.0.1": listenAdvice(errExposed, "control.listen"), "uses the port": listenAdvice(syscall.EADDRINUSE, "control.listen"),
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q does not say %q", got, want)
		}
	}
}

// A host name may lead beyond this machine: its address is known only when listening.
func TestAnExposedListenerDoesNotStart(t *testing.T) {
	if ln, err := listenTCP(t.Context(), "0.0.0.0:0", Config{}); !errors.Is(err, errExposed) {
		t.Errorf("without TLS and a token: %v", err)
		ln.Close()
	}
	for _, cfg := range []Config{{Listen: "127.0.0.1:0"}, {Listen: "0.0.0.0:0", Token: "t", TLSCert: "c"}} {
		ln, err := listenTCP(t.Context(), cfg.Listen, cfg)
		if err != nil {
			t.Errorf("%+v: %v", cfg, err)
			continue
		}
		ln.Close()
	}
}
