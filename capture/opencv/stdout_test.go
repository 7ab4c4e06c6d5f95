package opencv

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestDivertStdout(t *testing.T) {
	file := filepath.Join(t.TempDir(), "stdout")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stdout
	fd, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		os.Stdout = before
		if err := errors.Join(unix.Dup2(fd, 1), unix.Close(fd)); err != nil {
			t.Error(err)
		}
	})
	if err := errors.Join(unix.Dup2(int(f.Fd()), 1), f.Close()); err != nil {
		t.Fatal(err)
	}
	real, err := DivertStdout()
	if err != nil {
		t.Fatal(err)
	}
	defer real.Close()
	if _, err := unix.Write(1, []byte("open rtsp://joe:s3cret@door/x\n")); err != nil {
		t.Error("what libraries write:", err)
	}
	if _, err := fmt.Fprintln(os.Stdout, "event"); err != nil {
		t.Error("standard output:", err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "event\n" || real != os.Stdout {
		t.Errorf("standard output has %q, %v", text, err)
	}
}
