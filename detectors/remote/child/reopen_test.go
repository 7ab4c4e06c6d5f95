package child

import (
	"syscall"
	"testing"

	"rvo-tui/detectors"
)

// A detector that failed while its process was being started, and is opened
// again, does not have it start once more.
func TestOpeningAgainKeepsAStart(t *testing.T) {
	p, _ := pool(t, Options{})
	starts := job{Config: detectors.Config{Name: "a"}, Command: []string{"/bin/sleep", "1000"}} // never listens
	first, err := p.acquire(starts)
	if err != nil {
		t.Fatal(err)
	}
	if !p.release(first) {
		t.Error("it was used by somebody else")
	}
	second, err := p.acquire(starts)
	if err != nil {
		t.Fatal(err)
	}
	if first != second || second.ctx.Err() != nil {
		t.Error("another process is started")
	}
	p.release(second)
	eventually(t, "a process without users ends", func() bool { return second.ctx.Err() != nil })
	third, err := p.acquire(starts)
	if err != nil {
		t.Fatal(err)
	}
	if third == second {
		t.Error("a process that has ended is used")
	}
}

// One that runs ends with its detector: a new one is at work when a detector that
// failed is opened again.
func TestOpeningAgainReplacesARunningProcess(t *testing.T) {
	p, _ := pool(t, Options{})
	d, err := try(t, p, detectors.Config{})
	if err != nil {
		t.Fatal(err)
	}
	_, pid := count(t, d, "yard")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, p, detectors.Config{})
	if _, now := count(t, again, "yard"); now == pid {
		t.Errorf("process %d goes on", now)
	}
}

// A process that ends while it has nothing to do fails no run, and is counted all the
// same.
func TestRestartsOfAnIdleProcess(t *testing.T) {
	p, _ := pool(t, Options{})
	d := open(t, p, detectors.Config{})
	_, pid := count(t, d, "yard")
	counted := d.(detectors.Restarter)
	if n := counted.Restarts(); n != 0 {
		t.Errorf("%d restarts of a process that runs", n)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the restart is counted", func() bool { return counted.Restarts() == 1 })
}
