package capture

import (
	"syscall"
	"testing"
)

func TestLowPriorityIsThatOfItsThreadAlone(t *testing.T) {
	// The system call answers 20 less the nice value.
	get := func() int {
		p, err := syscall.Getpriority(syscall.PRIO_PROCESS, syscall.Gettid())
		if err != nil {
			t.Error(err)
		}
		return 20 - p
	}
	before := get()
	for _, c := range []struct{ nice, want int }{{0, before}, {19, 19}} {
		got := make(chan int)
		go func() {
			LowPriority(c.nice)
			got <- get()
		}()
		if n := <-got; n != c.want {
			t.Errorf("nice %d gives %d, want %d", c.nice, n, c.want)
		}
	}
	for range 10 {
		got := make(chan int)
		go func() { got <- get() }()
		if n := <-got; n != before {
			t.Errorf("another goroutine has %d, want %d", n, before)
		}
	}
}
