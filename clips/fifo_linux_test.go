package clips

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"rvo-tui/internal/fileio"
)

// A FIFO in place of a file blocks neither readers nor writers of evidence.
func TestFIFOsHoldNobody(t *testing.T) {
	cfg := testConfig(t)
	makeClips(t, cfg, 1, time.Now())
	e := wholeClips(t, cfg.Dir)[0]
	for _, name := range []string{indexFile, filepath.Join(e.Path, metaFile), filepath.Join(e.Path, thumbFile), filepath.Join(e.Path, e.Movie)} {
		path := filepath.Join(cfg.Dir, name)
		if err := errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		list, err := List(cfg.Dir)
		if err != nil || len(list) != 1 || list[0].Damaged == "" {
			t.Errorf("the list is %+v, %v", list, err)
		}
		root, err := os.OpenRoot(cfg.Dir)
		if err != nil {
			t.Error(err)
			return
		}
		defer root.Close()
		if err := appendIndex(root, e); !errors.Is(err, fileio.ErrIrregular) {
			t.Errorf("a FIFO takes lines of the index (%v)", err)
		}
		if Verify(context.Background(), cfg.Dir, e) == nil {
			t.Error("a FIFO verifies")
		}
		if Thumb(cfg.Dir, e) != nil {
			t.Error("a FIFO is a thumbnail")
		}
		if _, err := Open(cfg.Dir, e, e.Movie); !errors.Is(err, fileio.ErrIrregular) {
			t.Errorf("opening a FIFO: %v", err)
		}
		if _, err := Open(cfg.Dir, e, "../x"); err == nil {
			t.Error("a path leads out of the clip")
		}
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("reading evidence hangs on a FIFO")
	}
}
