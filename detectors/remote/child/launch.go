package child

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
)

// Argument is the first argument of this program when it is to be a child process.
// SocketVar is the environment variable with the path of the socket on which the
// program of a command must serve.
const (
	Argument  = "detector-process"
	SocketVar = "RVO_SOCKET"
)

// Timeouts of starting and ending.
const (
	probeEvery = 10 * time.Millisecond
	endGrace   = time.Second
	pipeGrace  = time.Second // how long to wait for the last output of an ended process
	sendGrace  = 5 * time.Second
)

// hello is the configuration of a child of our own program, sent as JSON on its
// standard input. The input then stays open until the child must end.
type hello struct {
	Config detectors.Config
	Socket string
	Tuning Tuning
}

// run is one run of a child process.
type run struct {
	socket string
	model  string // model to load; empty: none
	pid    int
	ended  chan struct{}    // closed when the process has ended and was waited for
	fault  *detectors.Error // why it ended; read it only after ended is closed

	input   *os.File // closed when this process ends, which the child detects
	printed *os.File // its output; closed by relay
	output  sync.WaitGroup

	mu     sync.Mutex // guards the fields below
	cause  *detectors.Error
	quote  string // line in which it reported a fatal error
	reaped bool
}

// launch starts a process and sends it its configuration.
func launch(j job, socket string, nice int, tuning Tuning, says func(line string)) (*run, error) {
	inR, inW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, inR.Close(), inW.Close())
	}
	args := append([]string{Argument, strconv.Itoa(j.Config.MaxMemory)}, j.Command...)
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = environment(os.Environ(), socket)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = inR, outW, outW
	cmd.SysProcAttr = attributes()
	r := &run{socket: socket, model: j.Config.Text("model"), ended: make(chan struct{}), input: inW, printed: outR}
	r.output.Go(func() { relay(outR, r.note, says) })
	started := make(chan error)
	go r.tend(cmd, j.Command != nil, nice, j.Config.MaxCPUs, started)
	err = <-started
	inR.Close()
	outW.Close()
	if err != nil {
		inW.Close()
		r.output.Wait()
		return nil, err
	}
	if j.Command == nil {
		if err := r.send(hello{j.Config, socket, tuning}); err != nil {
			r.kill(fault(ReasonStart, "send its process the configuration: %w", err))
		}
	}
	return r, nil
}

// tend starts the process and waits for its end. Its goroutine is locked to its thread,
// because the death signal depends on the thread that started the process, and the
// process inherits the thread's priority and processors. The thread ends with the
// goroutine. Waiting for ended waits for the goroutine. A guarded process may start
// others, which the death signal does not reach.
func (r *run) tend(cmd *exec.Cmd, guarded bool, nice, cpus int, started chan<- error) {
	capture.LowPriority(nice)
	confine(cpus)
	err := cmd.Start()
	if err == nil {
		r.pid = cmd.Process.Pid
		sacrifice(r.pid)
	}
	started <- err
	if err != nil {
		return
	}
	relieve := func() {}
	if guarded {
		relieve = guard(r.pid)
	}
	awaitExit(r.pid)
	r.mu.Lock()
	// Kill its own children too. Its ID is not reused until it is waited for.
	_ = syscall.Kill(-r.pid, syscall.SIGKILL)
	relieve()
	err = cmd.Wait()
	r.reaped = true
	r.mu.Unlock()
	r.conclude(err)
}

// guard starts a helper process that outlives this one: when this process has ended for
// any reason, it kills the remaining processes of a group. The group must exist until
// relieve, which ends the guard, has returned. Without a shell there is no guard.
func guard(group int) (relieve func()) {
	inR, inW, err := os.Pipe()
	if err != nil {
		return func() {}
	}
	defer inR.Close()
	cmd := exec.Command("/bin/sh", "-c", `read -r _; kill -KILL "-$1"`, Argument, strconv.Itoa(group))
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	cmd.Stdin = inR
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if cmd.Start() != nil {
		inW.Close()
		return func() {}
	}
	return func() {
		// A killed process returns an error.
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		inW.Close()
	}
}

// conclude records why the process ended.
func (r *run) conclude(err error) {
	// Its last lines may still be in the pipe, and its own children may hold the pipe
	// open.
	_ = r.printed.SetReadDeadline(time.Now().Add(pipeGrace))
	r.output.Wait()
	r.mu.Lock()
	if r.fault = r.cause; r.fault == nil && strings.HasPrefix(r.quote, notStarted) {
		r.fault = fault(ReasonStart, "%s", strings.TrimPrefix(r.quote, saidByUs))
	}
	if r.fault == nil {
		why := "its process ended: exit status 0"
		if err != nil {
			why = "its process ended: " + err.Error()
		}
		if r.quote != "" {
			why += ": " + r.quote
		}
		why += ": it is restarted automatically; its output is in the log"
		if r.model != "" {
			why += fmt.Sprintf("; if this repeats, copy or export its model %q again", text.Clean(r.model))
		}
		r.fault = fault(ReasonCrashed, "%s", why)
	}
	r.mu.Unlock()
	close(r.ended)
}

// note records a line in which a process reports a fatal error.
func (r *run) note(line string) {
	for _, sign := range []string{"panic: ", "fatal error: ", "SIG", "terminate called", saidByUs} {
		if strings.HasPrefix(line, sign) {
			r.mu.Lock()
			if r.quote == "" {
				r.quote = line
			}
			r.mu.Unlock()
			return
		}
	}
}

func (r *run) send(h hello) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if err := r.input.SetWriteDeadline(time.Now().Add(sendGrace)); err != nil {
		return err
	}
	_, err = r.input.Write(append(text, '\n'))
	return err
}

// ready waits until the process listens. It returns false if the process has ended,
// took too long and is being killed, or the context has ended.
func (r *run) ready(ctx context.Context, timeout time.Duration) bool {
	probe := time.NewTicker(probeEvery)
	defer probe.Stop()
	late := time.NewTimer(timeout)
	defer late.Stop()
	for {
		if c, err := net.Dial("unix", r.socket); err == nil {
			c.Close()
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-r.ended:
			return false
		case <-late.C:
			r.kill(fault(ReasonStart, "its process did not listen on its socket within %v: it is restarted automatically", timeout))
			return false
		case <-probe.C:
		}
	}
}

// kill kills the process for the given reason.
func (r *run) kill(why *detectors.Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reaped {
		return
	}
	if r.cause == nil {
		r.cause = why
	}
	_ = syscall.Kill(-r.pid, syscall.SIGKILL)
}

// end asks the process to end, and kills it after a grace period. It returns when the
// process has ended.
func (r *run) end() {
	r.input.Close()
	r.mu.Lock()
	if !r.reaped {
		_ = syscall.Kill(-r.pid, syscall.SIGTERM)
	}
	r.mu.Unlock()
	grace := time.NewTimer(endGrace)
	defer grace.Stop()
	select {
	case <-r.ended:
		return
	case <-grace.C:
	}
	r.kill(fault(ReasonStart, "%w", errStopping))
	<-r.ended
}

// close frees the resources of an ended run.
func (r *run) close() {
	r.input.Close()
	_ = os.Remove(r.socket) // already removed if the process ended cleanly
}

// passed are the prefixes of environment variables that children inherit: those needed
// to find libraries and devices. Others may be secrets.
var passed = []string{
	"PATH=", "HOME=", "USER=", "LOGNAME=", "LANG=", "LC_", "TZ=", "TMPDIR=", "LD_LIBRARY_PATH=", "GOTRACEBACK=", "GOCOVERDIR=",
	"PYTHON", "VIRTUAL_ENV=", "CONDA_PREFIX=", "CUDA_", "NVIDIA_", "HIP_", "ROCR_", "OMP_", "OPENBLAS_", "MKL_", "OPENCV_",
}

func environment(from []string, socket string) []string {
	return append(scrub(from), SocketVar+"="+socket)
}

// scrub returns the environment variables that children inherit.
func scrub(from []string) []string {
	return slices.DeleteFunc(slices.Clone(from), func(v string) bool {
		return !slices.ContainsFunc(passed, func(p string) bool { return strings.HasPrefix(v, p) })
	})
}
