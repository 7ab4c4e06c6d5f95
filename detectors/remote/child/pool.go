// Package child runs detectors in child processes, so that one that crashes, hangs
// or runs out of memory costs its own signals and nothing else. A child is this
// program, for any local kind, or the program that a configuration names (kind
// "command"); both serve rvo.detect.v1 on a private socket. Each configured
// detector has one process, which is restarted when it ends, with a backoff.
package child

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
)

// Options are the settings of a Pool.
type Options struct {
	// Dir is where the private directory with the sockets is made. Empty:
	// $XDG_RUNTIME_DIR, else the directory for temporary files.
	Dir string
	// Log gets the output of processes and how they end. Nil: slog.Default() at
	// the time of the line.
	Log *slog.Logger
	// StartTimeout is how long a process may take until it answers. 0: 30 s.
	StartTimeout time.Duration
	// Health is the interval of health checks of a process of this program, and
	// their timeout. 0: 10 s.
	Health time.Duration
}

// Tuning is the settings of the libraries in a process of this program.
type Tuning struct {
	OpenCVThreads int    // for one call; 0: as many as it likes
	ONNXThreads   int    // of one model; 0: as many as it likes
	ONNXRuntime   string // path of the library; empty: it is searched for
}

// defaultNice is the priority of processes until Tune is called.
const defaultNice = 19

// Pool runs the child processes of this program. The program owns it and closes
// it after the last detector. It is safe for concurrent use.
type Pool struct {
	opts     Options
	conns    *remote.Pool
	ctx      context.Context // of all processes
	cancel   context.CancelFunc
	waits    context.Context // of whoever waits for a process to start
	hurry    context.CancelFunc
	running  sync.WaitGroup
	instance atomic.Uint64 // counts detectors
	socket   atomic.Uint64 // counts started processes

	mu        sync.Mutex // guards what follows; held while the directory is made at the most
	processes map[string]*process
	dir       *directory
	nice      int
	tuning    Tuning
	closed    bool
}

// NewPool returns a pool without processes.
func NewPool(opts Options) *Pool {
	if opts.StartTimeout == 0 {
		opts.StartTimeout = 30 * time.Second
	}
	if opts.Health == 0 {
		opts.Health = 10 * time.Second
	}
	p := &Pool{opts: opts, conns: remote.NewPool(opts.Log), processes: make(map[string]*process), nice: defaultNice}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.waits, p.hurry = context.WithCancel(p.ctx)
	return p
}

// Tune sets the nice value and the library settings of processes that start from now
// on.
func (p *Pool) Tune(nice int, t Tuning) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nice, p.tuning = nice, t
}

func (p *Pool) tuned() (nice int, t Tuning) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.nice, p.tuning
}

func (p *Pool) log() *slog.Logger {
	if p.opts.Log == nil {
		return slog.Default()
	}
	return p.opts.Log
}

// Stop ends every wait for a process that is starting, or for a model that it
// loads: such a detector fails to open, at once and from now on. The program
// calls it when it begins to end; detectors that are open are left alone.
func (p *Pool) Stop() { p.hurry() }

// Close ends all processes, waits for them and removes their directory. What
// does not end by itself is killed after a second. The pool cannot be used
// afterwards.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cancel()
	p.running.Wait()
	err := p.conns.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dir != nil {
		err = errors.Join(err, p.dir.remove())
		p.dir = nil
	}
	return err
}

// job is what a process is to do.
type job struct {
	Config  detectors.Config
	Kind    detectors.Kind `json:"-"`
	Command []string       `json:"-"` // nil: this program itself
}

// key identifies detectors that can share a process: by what they compute, not when
// or for which camera.
func (j job) key() (string, error) {
	c := j.Config
	c.Cameras, c.Needs, c.MaxFPS, c.Cost, c.TTL, c.Retry, c.Enabled = nil, nil, 0, "", 0, "", true
	c.CropsOf, c.MaxCrops = "", 0
	text, err := json.Marshal(c)
	return string(text), err
}

// acquire returns the process for a job, starting it if there is none. The
// caller must release it.
func (p *Pool) acquire(j job) (*process, error) {
	key, err := j.key()
	if err != nil {
		return nil, fmt.Errorf("start process: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.waits.Err() != nil {
		return nil, fmt.Errorf("start process: %w", errStopping)
	}
	if p.dir == nil {
		if p.dir, err = makeDirectory(p.opts.Dir); err != nil {
			return nil, err
		}
	}
	c := p.processes[key]
	if c == nil {
		c = &process{pool: p, key: key, job: j, dir: p.dir.path, changed: make(chan struct{}), starting: true}
		c.ctx, c.stop = context.WithCancel(p.ctx)
		p.processes[key] = c
		p.running.Go(c.run)
	}
	c.users++
	return c, nil
}

// release releases a process. The last user ends it, without waiting. A process that
// is still starting is kept a while: a detector that failed because of that is opened
// again soon, and would only start it anew.
func (p *Pool) release(c *process) (last bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.users--; c.users > 0 {
		return false
	}
	if _, starting := c.current(); starting == nil || p.closed {
		p.end(c)
		return true
	}
	p.running.Go(func() {
		pause(c.ctx, linger)
		p.mu.Lock()
		defer p.mu.Unlock()
		if c.users == 0 {
			p.end(c)
		}
	})
	return true
}

// end stops a process that nobody uses. The caller holds the mutex.
func (p *Pool) end(c *process) {
	if p.processes[c.key] == c {
		delete(p.processes, c.key)
	}
	c.stop()
}

// later does something that Close waits for, or nothing once the pool is closed.
func (p *Pool) later(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.running.Go(do)
	}
}
