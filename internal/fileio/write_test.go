package fileio

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWriteGivesUpOnAReaderThatStalls(t *testing.T) {
	r, w, err := os.Pipe()
	must(t, err)
	defer w.Close()
	line := []byte(strings.Repeat("x", 999) + "\n")

	var n int
	for range 1000 {
		m, err := Write(t.Context(), w, line, 2*pipePoll)
		n += m
		if err != nil {
			if !errors.Is(err, ErrStalled) {
				t.Fatalf("wrote %d bytes, then: %v", n, err)
			}
			break
		}
	}
	if n == 1000*len(line) {
		t.Fatal("a pipe that is not read took a million bytes")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if m, err := Write(ended, w, line, time.Hour); m != 0 || !errors.Is(err, ErrStalled) {
		t.Errorf("with the context ended: %d, %v", m, err)
	}

	got := make([]byte, n)
	if _, err := r.Read(got); err != nil {
		t.Fatal(err)
	}
	if m, err := Write(t.Context(), w, line, time.Hour); m != len(line) || err != nil {
		t.Errorf("once it was read: %d, %v", m, err)
	}
	r.Close()
	if m, err := Write(t.Context(), w, line, time.Hour); m != 0 || !errors.Is(err, syscall.EPIPE) {
		t.Errorf("once the reader is gone: %d, %v", m, err)
	}
}
