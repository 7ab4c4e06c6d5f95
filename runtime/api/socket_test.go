package api

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSocketIsForThisUserAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made")
	path := filepath.Join(dir, "control.sock")
	s, err := openSocket(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{dir: os.ModeDir | 0o700, path: os.ModeSocket | 0o600, path + ".lock": 0o600} {
		info, err := os.Lstat(name)
		if err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
	var held *heldError
	if _, err := openSocket(context.Background(), path); !errors.As(err, &held) || held.pid != os.Getpid() {
		t.Errorf("a second one: %v", err)
	}
	if !strings.Contains(socketAdvice(held), "rvo-tui connect") {
		t.Error(socketAdvice(held))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}

func TestSocketOfADeadProcessIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	dead, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	dead.(*net.UnixListener).SetUnlinkOnClose(false)
	dead.Close()
	if err := os.WriteFile(path+".lock", []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := openSocket(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}

func TestPlacesWithoutASocket(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(dir string) (path string)
		want string
	}{
		{"of another program", func(dir string) string {
			path := filepath.Join(dir, "control.sock")
			ln, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { ln.Close() })
			return path
		}, "another program serves it"},
		{"a file", func(dir string) string {
			path := filepath.Join(dir, "control.sock")
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}, "something else is there"},
		{"a link", func(dir string) string {
			path := filepath.Join(dir, "control.sock")
			if err := os.Symlink("/tmp/elsewhere", path); err != nil {
				t.Fatal(err)
			}
			return path
		}, "something else is there"},
		{"a linked lock", func(dir string) string {
			path := filepath.Join(dir, "control.sock")
			if err := os.Symlink("/tmp/elsewhere", path+".lock"); err != nil {
				t.Fatal(err)
			}
			return path
		}, "lock the control socket"},
		{"others may write", func(dir string) string {
			if err := os.Chmod(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(dir, "control.sock")
		}, "others may write to it"},
		{"the sticky directory of all", func(dir string) string {
			if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(dir, "control.sock")
		}, "others may write to it"},
		{"below a file", func(string) string { return "/dev/null/control.sock" }, "make the directory"},
		{"a long path", func(dir string) string { return filepath.Join(dir, strings.Repeat("x", 100)) }, "107 at most"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := openSocket(context.Background(), tt.make(t.TempDir()))
			if err == nil {
				s.Close()
				t.Fatal("it is taken")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v; want %q", err, tt.want)
			}
		})
	}
}

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
		{Config{ReadToken: "with a blank in the middle"}, "read_token: holds a blank"},
		{Config{Socket: strings.Repeat("s", 108)}, "socket: is 108 bytes long"},
		{Config{Socket: "a\nb"}, "socket: holds a control"},
		{Config{Endpoints: []string{"gpu:50051", "gpu", "https://[::1]:443", "unix:///run/a.sock", "2001:db8::1"}}, ""},
		{Config{Endpoints: []string{"http://me:pw@gpu:1"}}, "endpoints: \"***@gpu:1\" must not hold"},
		{Config{Endpoints: []string{"no host"}}, "endpoints: \"no host\" is no endpoint"},
		{Config{Sources: []string{"cam", "cam:554", "rtsp://cam", "192.0.2.0/24", "2001:db8::1", "rtsp://[2001:db8::1]:8554"}}, ""},
		{Config{Sources: []string{"rtsp://u:pw@cam"}}, "sources: \"***@cam\" is no source"},
		{Config{Sources: []string{"/dev/video0"}}, "sources: \"/dev/video0\" is no source"},
		{Config{Hosts: []string{"nvr.example", "192.0.2.1"}}, ""},
		{Config{Hosts: []string{"https://nvr.example"}}, "hosts: \"https://nvr.example\" is no name"},
	} {
		var got []string
		tt.cfg.Validate(func(key, problem string) {
			if strings.Contains(problem, long) {
				t.Errorf("%s: a token is told: %s", key, problem)
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
