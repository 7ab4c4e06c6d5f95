package child

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/internal/backoff"
)

// Reasons for failures of a detector in its own process, in addition to those of
// package remote.
const (
	ReasonCrashed detectors.Reason = "crashed" // its process ended
	ReasonStuck   detectors.Reason = "stuck"   // it did not respond within the timeout, and was killed
	ReasonStart   detectors.Reason = "start"   // its process did not start, or has not started yet
)

// Delays between the end of a process and the next start.
const (
	waitFirst = 250 * time.Millisecond
	waitLast  = 10 * time.Second
	steady    = 10 * time.Second // a process that was ready for this long is restarted at once
	linger    = 2 * time.Second  // how long a starting process is kept without users
)

func fault(reason detectors.Reason, format string, args ...any) *detectors.Error {
	return &detectors.Error{Reason: reason, Err: fmt.Errorf(format, args...)}
}

// process keeps one child process running, restarting it as needed, until its last user
// releases it.
type process struct {
	pool *Pool
	key  string
	job  job
	dir  string
	ctx  context.Context
	stop context.CancelFunc

	users  int           // guarded by the pool's mutex
	starts atomic.Uint64 // number of runs so far

	mu       sync.Mutex // guards the fields below
	now      *run       // the run that is ready; nil: none
	fault    *detectors.Error
	starting bool
	changed  chan struct{} // closed and replaced with every change of the fields above
}

// run starts the process, and restarts it whenever it ends.
func (c *process) run() {
	defer c.set(nil, fault(ReasonStart, "the program is stopping"), false)
	waits := backoff.Backoff{First: waitFirst, Last: waitLast, Jitter: 0.2}
	for {
		served, err := c.once()
		if c.ctx.Err() != nil {
			return
		}
		wait := time.Duration(0)
		if served >= steady {
			waits.Reset()
		} else {
			wait = waits.Next()
		}
		c.pool.log().Warn("detector process ended", "detector", c.job.Config.Name, "reason", string(err.Reason), "error", err.Error(), "again_in", wait)
		c.set(nil, err, false)
		if !pause(c.ctx, wait) {
			return
		}
		c.set(nil, err, true)
	}
}

// once runs the process until it ends. It returns for how long it was ready, and why it
// ended.
func (c *process) once() (served time.Duration, why *detectors.Error) {
	nice, tuning := c.pool.tuned()
	socket := filepath.Join(c.dir, strconv.FormatUint(c.pool.socket.Add(1), 10)+".sock")
	r, err := launch(c.job, socket, nice, tuning, c.says)
	if err != nil {
		return 0, fault(ReasonStart, "start its process: %w: check the program, or correct command", err)
	}
	defer r.close()
	c.starts.Add(1)
	if r.ready(c.ctx, c.pool.opts.StartTimeout) {
		c.pool.log().Info("detector process runs", "detector", c.job.Config.Name, "pid", r.pid)
		c.set(r, nil, false)
		began := time.Now()
		c.watch(r)
		served = time.Since(began)
	}
	r.end()
	<-r.ended
	return served, r.fault
}

// watch returns when the process has ended or must end. It kills a process of our own
// program that does not respond, which would otherwise go unnoticed while there are no
// frames.
func (c *process) watch(r *run) {
	var due <-chan time.Time
	if c.job.Command == nil {
		t := time.NewTicker(c.pool.opts.Health)
		defer t.Stop()
		due = t.C
	}
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-r.ended:
			return
		case <-due:
			ctx, cancel := context.WithTimeout(c.ctx, c.pool.opts.Health)
			_ = order(ctx, r, "", orderPing) // an error is a response too, and the end of the process is detected anyway
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				r.kill(fault(ReasonStuck, "its process did not respond for %v, was killed and is restarted", c.pool.opts.Health))
			}
			cancel()
		}
	}
}

func (c *process) says(line string) {
	c.pool.log().Warn("detector process", "detector", c.job.Config.Name, "says", line)
}

func (c *process) set(r *run, f *detectors.Error, starting bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.fault, c.starting = r, f, starting
	close(c.changed)
	c.changed = make(chan struct{})
}

// current returns the run that is ready, or why there is none.
func (c *process) current() (*run, *detectors.Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.now != nil:
		return c.now, nil
	case c.fault != nil:
		return nil, c.fault
	}
	return nil, fault(ReasonStart, "its process is starting")
}

// await waits for a start in progress, or until the pool is stopped. It returns the
// run, or why there is none.
func (c *process) await() (*run, *detectors.Error) {
	for {
		c.mu.Lock()
		starting, changed := c.starting, c.changed
		c.mu.Unlock()
		if !starting {
			return c.current()
		}
		select {
		case <-changed:
		case <-c.pool.waits.Done():
			return nil, fault(ReasonStart, "%w", errStopping)
		}
	}
}

// pause waits and reports whether the context is still valid.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

var errStopping = errors.New("the program is stopping")
