package child

import (
	"context"
	"syscall"
	"testing"

	"rvo-tui/detectors"
)

// If a detector fails while its process starts, and is reopened, the process is not started a
// second time.
func TestOpeningAgainKeepsAStart(t *testing.T) {
	p, _ := pool(t, Options{})
	starts := job{Config: detectors.Config{Name: "a"}, Command: []string{"/bin/sleep", "1000"}} // never listens
	first, err := p.acquire(starts)
	if err != nil {
		t.Fatal(err)
	}
	if !p.release(first) {
		t.Error("it was used by another detector")
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

// A running process ends with its detector: a failed detector is reopened with a new one.
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
		t.Errorf("process %d still runs", now)
	}
}

// If an idle process ends, no run fails, but the restart is counted.
func TestRestartsOfAnIdleProcess(t *testing.T) {
	p, _ := pool(t, Options{})
	d := open(t, p, detectors.Config{})
	_, pid := count(t, d, "yard")
	counted := d.(detectors.Restarter)
	if n := counted.Restarts(); n != 0 {
		t.Errorf("%d restarts of a running process", n)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the restart is counted", func() bool { return counted.Restarts() == 1 })
}

// Loading for long and then failing is not running: it must not be repeated without a delay.
func TestTimeToStartDoesNotCountAsRunning(t *testing.T) {
	p, _ := pool(t, Options{})
	var err error
	if p.dir, err = makeDirectory(p.opts.Dir); err != nil {
		t.Fatal(err)
	}
	c := &process{pool: p, dir: p.dir.path, changed: make(chan struct{}), job: job{Config: detectors.Config{MaxMemory: 1024}, Command: []string{"/bin/sleep", "0.2"}}}
	c.ctx, c.stop = context.WithCancel(t.Context())
	defer c.stop()
	if served, why := c.once(); served != 0 || why == nil || why.Reason != ReasonCrashed {
		t.Errorf("it was ready for %v, and ended because %v", served, why)
	}
}
