package stdio

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestDivertStdout(t *testing.T) {
	file := redirected(t, 1, &os.Stdout)
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
