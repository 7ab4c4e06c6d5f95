package fileio

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Whatever is in place of a file, opening it neither blocks nor succeeds.
func TestOpenTakesRegularFilesAlone(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, syscall.Mkfifo(at("fifo"), 0o600))
	must(t, os.Mkdir(at("dir"), 0o700))
	must(t, os.Symlink("/dev/zero", at("device")))
	must(t, os.Symlink("fifo", at("link")))
	must(t, os.WriteFile(at("file"), []byte("text"), 0o600))
	socket, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	must(t, err)
	defer syscall.Close(socket)
	must(t, syscall.Bind(socket, &syscall.SockaddrUnix{Name: at("socket")}))
	root, err := os.OpenRoot(dir)
	must(t, err)
	defer root.Close()

	for _, name := range []string{"fifo", "dir", "device", "link", "socket"} {
		for _, flag := range []int{os.O_RDONLY, os.O_WRONLY | os.O_APPEND | os.O_CREATE, os.O_RDWR} {
			if f, err := Open(at(name), flag, 0o600); !errors.Is(err, ErrIrregular) {
				t.Errorf("Open %s with %#x: %v, %v", name, flag, f, err)
			}
		}
		if name == "device" { // the link leads out of the directory
			continue
		}
		if f, err := OpenIn(root, name, os.O_RDONLY, 0); !errors.Is(err, ErrIrregular) {
			t.Errorf("OpenIn %s: %v, %v", name, f, err)
		}
	}
	if _, err := Open(at("none"), os.O_RDONLY, 0); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	f, err := OpenIn(root, "file", os.O_RDWR, 0)
	must(t, err)
	must(t, f.Close())
	if text, err := Read(at("file"), 4); string(text) != "text" || err != nil {
		t.Errorf("Read: %q, %v", text, err)
	}
	if text, err := Read(at("file"), 3); text != nil || err == nil {
		t.Errorf("a file that is too large: %q, %v", text, err)
	}
}
