package logging

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFileReopens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rvo.log")
	l, err := OpenFile(path)
	must(t, err)
	const lines = 2000
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			for i := range lines {
				if _, err := fmt.Fprintf(l, "%d %04d\n", w, i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	files := []string{path}
	for i := range 20 {
		moved := fmt.Sprintf("%s.%d", path, i)
		must(t, os.Rename(path, moved))
		must(t, l.Reopen())
		files = append(files, moved)
	}
	writers.Wait()
	must(t, l.Close())
	var all []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		must(t, err)
		all = append(all, strings.Fields(strings.ReplaceAll(string(text), " ", "-"))...)
	}
	slices.Sort(all)
	if n := len(slices.Compact(all)); n != 2*lines || len(all) != 2*lines {
		t.Errorf("%d lines, %d of them different, want %d", len(all), n, 2*lines)
	}

	if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
		t.Errorf("its mode is %v (%v), want 0640", info.Mode(), err)
	}

	pipe := filepath.Join(t.TempDir(), "pipe")
	must(t, syscall.Mkfifo(pipe, 0o600))
	if _, err := OpenFile(pipe); err == nil || !strings.Contains(err.Error(), "not a regular file; name a file") {
		t.Errorf("opening a FIFO: %v", err)
	}

	bad := &File{path: filepath.Join(path, "below a file")}
	if err := bad.Reopen(); err == nil || !strings.Contains(err.Error(), "make its directory") {
		t.Errorf("opening below a file: %v", err)
	}
}
