package fileio

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestWatchTellsOfADiskThatHangs(t *testing.T) {
	for took, want := range map[time.Duration]int{HangAfter - 1: 0, HangAfter + 1: 1, time.Hour: 1} {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			stop := Watch(func(err error) {
				if calls++; !errors.Is(err, ErrHangs) {
					t.Error(err)
				}
			})
			time.Sleep(took)
			stop()
			time.Sleep(time.Hour)
			if calls != want {
				t.Errorf("after %v: %d calls, want %d", took, calls, want)
			}
		})
	}
}
