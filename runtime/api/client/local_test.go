package client

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The program of this machine is found wherever it was started from, and other users' programs
// are named.
func TestLocalIsFound(t *testing.T) {
	serve := func(t *testing.T, path string) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
	}
	stale := func(t *testing.T, path string) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		l.Close()
	}
	me := ownerOf(t.TempDir())
	for name, tt := range map[string]struct {
		own    string // relative to the directory; empty: no session
		serves []string
		stale  []string
		want   string // that is reached, else part of the error
	}{
		"own":                        {own: "s/control.sock", serves: []string{"s/control.sock", "run/control.sock"}, want: "s/control.sock"},
		"started in a session":       {serves: []string{"user/7/rvo-tui/control.sock"}, want: "user/7/rvo-tui/control.sock"},
		"a service":                  {own: "s/control.sock", serves: []string{"run/control.sock"}, want: "run/control.sock"},
		"left over beside a service": {own: "s/control.sock", serves: []string{"run/control.sock"}, stale: []string{"s/control.sock"}, want: "run/control.sock"},
		"of somebody else":           {serves: []string{"user/8/rvo-tui/control.sock"}, want: me + " runs one at "},
		"left over":                  {own: "s/control.sock", stale: []string{"s/control.sock"}, want: "no rvo-tui answers at "},
		"nothing":                    {want: "/user/7/rvo-tui/control.sock or "},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := local{users: filepath.Join(dir, "user"), system: filepath.Join(dir, "run/control.sock"), user: 7}
			if tt.own != "" {
				l.own = filepath.Join(dir, tt.own)
			}
			for _, path := range tt.serves {
				serve(t, filepath.Join(dir, path))
			}
			for _, path := range tt.stale {
				stale(t, filepath.Join(dir, path))
			}
			conn, err := l.dial(t.Context(), new(net.Dialer))
			if err != nil {
				if got := new(link).explain(t.Context(), err); !errors.Is(got, ErrUnreachable) || !strings.Contains(got.Error(), tt.want) {
					t.Errorf("%v", got)
				}
				return
			}
			defer conn.Close()
			if got := conn.RemoteAddr().String(); got != filepath.Join(dir, tt.want) {
				t.Errorf("reached %s, want %s", got, tt.want)
			}
		})
	}
}

// With the environment of the service, as for root, its socket is named once.
func TestLocalPlacesAreDifferent(t *testing.T) {
	l := local{own: "/run/rvo-tui/control.sock", users: "/run/user", system: "/run/rvo-tui/control.sock", user: 0}
	if got, want := l.places(), []string{"/run/rvo-tui/control.sock", "/run/user/0/rvo-tui/control.sock"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLocalOfAnotherUserIsDenied(t *testing.T) {
	e := &noneError{places: []string{"/a"}, denied: "/run/rvo-tui/control.sock", owner: "root"}
	if err := new(link).explain(t.Context(), e); !errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), "belongs to root") {
		t.Error(err)
	}
}
