package workload

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestSleeper(t *testing.T) {
	s := &sleeper{d: 30 * time.Millisecond}
	begun := time.Now()
	got, err := s.Detect(t.Context(), nil)
	if err != nil || len(got) != 1 || time.Since(begun) < s.d {
		t.Errorf("got %v, %v after %v", got, err, time.Since(begun))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Detect(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a long one whose context has ended: %v", err)
	}
	s.d = time.Microsecond
	if n := testing.AllocsPerRun(100, func() { _, _ = s.Detect(ctx, nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
