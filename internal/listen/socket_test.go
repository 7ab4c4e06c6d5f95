package listen

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
	s, err := Socket(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{dir: os.ModeDir | 0o700, path: os.ModeSocket | 0o600, path + ".lock": 0o600} {
		info, err := os.Lstat(name)
		if err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
	var held *HeldError
	if _, err := Socket(context.Background(), path); !errors.As(err, &held) || held.PID != os.Getpid() {
		t.Errorf("a second one: %v", err)
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
	s, err := Socket(context.Background(), path)
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
		}, "is not a socket"},
		{"a link", func(dir string) string {
			path := filepath.Join(dir, "control.sock")
			if err := os.Symlink("/tmp/elsewhere", path); err != nil {
				t.Fatal(err)
			}
			return path
		}, "is not a socket"},
		{"a linked lock", func(dir string) string {
			path := filepath.Join(dir, "control.sock")
			if err := os.Symlink("/tmp/elsewhere", path+".lock"); err != nil {
				t.Fatal(err)
			}
			return path
		}, "lock the socket"},
		{"others may write", func(dir string) string {
			if err := os.Chmod(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(dir, "control.sock")
		}, "other users may write to it"},
		{"the sticky directory of all", func(dir string) string {
			if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(dir, "control.sock")
		}, "other users may write to it"},
		{"below a file", func(string) string { return "/dev/null/control.sock" }, "make the directory"},
		{"a long path", func(dir string) string { return filepath.Join(dir, strings.Repeat("x", 100)) }, "at most 107"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Socket(context.Background(), tt.make(t.TempDir()))
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
