// Package child runs detectors in child processes, so that a crash, a hang or a lack of
// memory only affects the detector's own signals. A child is this program, for any
// local kind, or a configured program (kind "command"). Both serve rvo.detect.v1 on a
// private socket. Each configured detector has one process, which is restarted with a
// backoff when it ends.
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
	// Dir is the parent of the private directory with the sockets. Empty:
	// $XDG_RUNTIME_DIR, otherwise the directory for temporary files.
	Dir string
	// Log receives the output of processes and how they end. Nil: slog.Default() at
	// that time.
	Log *slog.Logger
	// StartTimeout is how long a process may take to respond after its start. 0: 30 s.
	StartTimeout time.Duration
	// Health is the interval and the timeout of health checks of processes of this
	// program. 0: 10 s.
	Health time.Duration
}

// Tuning has the library settings of processes of this program.
type Tuning struct {
	OpenCVThreads int    // per call; 0: no limit
	ONNXThreads   int    // per model; 0: no limit
	ONNXRuntime   string // path of the library; empty: search for it
}

// defaultNice is the nice value of processes until Tune is called.
const defaultNice = 19

// Pool runs the child processes of this program. The program owns it and closes it
// after the last detector. It is safe for concurrent use.
type Pool struct {
	opts     Options
	conns    *remote.Pool
	ctx      context.Context // of all processes
	cancel   context.CancelFunc
	waits    context.Context // of those who wait for a process to start
	hurry    context.CancelFunc
	running  sync.WaitGroup
	instance atomic.Uint64 // counts detectors
	socket   atomic.Uint64 // counts started processes

	mu        sync.Mutex // guards the fields below; at most held while the directory is made
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

// Tune sets the nice value and the library settings of processes started from now on.
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

// Stop ends all waits for processes that are starting or loading a model. From now on,
// opening such a detector fails at once. The program calls it when shutdown starts.
// Open detectors are not affected.
func (p *Pool) Stop() { p.hurry() }

// Close ends all processes, waits for them and removes their directory. Processes that
// do not end within a second are killed. The pool cannot be used afterwards.
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

// job describes what a process must do.
type job struct {
	Config  detectors.Config
	Kind    detectors.Kind `json:"-"`
	Command []string       `json:"-"` // nil: this program itself
}

// key identifies detectors that can share a process: they compute the same, at any rate
// and for any camera.
func (j job) key() (string, error) {
	c := j.Config
	c.Cameras, c.Needs, c.MaxFPS, c.Cost, c.TTL, c.Retry, c.Enabled = nil, nil, 0, "", 0, "", true
	c.CropsOf, c.MaxCrops = "", 0
	text, err := json.Marshal(c)
	return string(text), err
}

// acquire returns the process for a job, starting it if necessary. The caller must
// release it.
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

// release releases a process. The last user ends it, without waiting. A process that is
// still starting is kept for a while: a detector that failed because of that is soon
// opened again.
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

// end stops a process without users. The caller holds the mutex.
func (p *Pool) end(c *process) {
	if p.processes[c.key] == c {
		delete(p.processes, c.key)
	}
	c.stop()
}

// later runs do in a goroutine that Close waits for. It does nothing once the pool is
// closed.
func (p *Pool) later(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.running.Go(do)
	}
}
