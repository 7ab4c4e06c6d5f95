package fileio

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestWithinGivesUpOnADiskThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d Disk
		bad := errors.New("bad")
		quick := func() (int, error) { return 1, bad }
		for range 2 {
			if v, err := Within(t.Context(), &d, quick); v != 1 || !errors.Is(err, bad) {
				t.Errorf("a disk that answers: %d, %v", v, err)
			}
		}
		thaw := make(chan struct{})
		frozen := func() (int, error) { <-thaw; return 2, nil }
		begun := time.Now()
		if v, err := Within(t.Context(), &d, frozen); v != 0 || !errors.Is(err, ErrHangs) || time.Since(begun) != HangAfter {
			t.Errorf("after %v: %d, %v", time.Since(begun), v, err)
		}
		if _, err := Within(t.Context(), &d, quick); !errors.Is(err, ErrHangs) || time.Since(begun) != HangAfter {
			t.Errorf("while it hangs, after %v: %v", time.Since(begun), err)
		}
		close(thaw)
		synctest.Wait()
		if v, err := Within(t.Context(), &d, quick); v != 1 || !errors.Is(err, bad) {
			t.Errorf("once it answers: %d, %v", v, err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		wait := make(chan struct{})
		if _, err := Within(ended, &d, func() (int, error) { <-wait; return 0, nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("with the context ended: %v", err)
		}
		close(wait)
	})
}
