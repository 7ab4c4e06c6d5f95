package capture

import (
	"syscall"
	"testing"
)

func TestLowPriorityIsThatOfItsThreadAlone(t *testing.T) {
	// The system call returns 20 minus the nice value.
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

func TestEndLowPriority(t *testing.T) {
	set, seen, end := make(chan int), make(chan struct{}), make(chan struct{})
	go func() {
		LowPriority(7)
		set <- syscall.Gettid()
		<-end
		close(seen)
	}()
	tid := <-set
	EndLowPriority()
	low, err := syscall.Getpriority(syscall.PRIO_PROCESS, tid)
	own, _ := syscall.Getpriority(syscall.PRIO_PROCESS, syscall.Gettid())
	if err != nil || low != own && low != 20-7 {
		t.Errorf("the thread has %d, the caller %d: %v", 20-low, 20-own, err)
	}
	// A user who may raise one priority may raise this one.
	if raised := syscall.Setpriority(syscall.PRIO_PROCESS, tid, 20-own) == nil; raised && low != own {
		t.Errorf("the thread was left at %d", 20-low)
	}
	close(end)
	<-seen
}
