// Package e2e tests the built program from outside: real processes, files,
// sockets and video, and nothing of the module imported.
package e2e

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the program under test; TestMain builds it.
var binary string

// patience is how long a test waits for what must come. It bounds nothing that
// the program promises: a machine may be busy with much else.
const patience = time.Minute

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(built(m.Run))
}

func built(run func() int) int {
	dir, err := os.MkdirTemp("", "rvo-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "rvo-tui")
	// No program of a test is found by that of another one, or by one in use here.
	os.Setenv("RUNTIME_DIRECTORY", "")
	os.Setenv("XDG_RUNTIME_DIR", dir)
	os.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state")) // not the history of who runs the tests
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "..").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	// Where these tests run under nohup, programs would inherit that.
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	// Where make build has not brought the library, what needs it is skipped.
	if library, err := filepath.Abs("../bin/" + onnxRuntime); err == nil {
		_ = os.Symlink(library, filepath.Join(dir, onnxRuntime))
	}
	defer func() { stopChromium() }()
	return run()
}

// onnxRuntime is the library that the program looks for beside itself.
const onnxRuntime = "libonnxruntime.so"

// needONNX skips the test where there is no ONNX Runtime.
func needONNX(t testing.TB) {
	t.Helper()
	out, err := exec.Command(binary, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(out, []byte("without ONNX Runtime")) {
		t.Skip("the program finds no ONNX Runtime: run make build")
	}
}

// needOpenCV skips the test where the program has been built without it.
func needOpenCV(t testing.TB) {
	t.Helper()
	out, err := exec.Command(binary, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(out, []byte("without OpenCV")) {
		t.Skip("the program is built without OpenCV")
	}
}

// tool returns the path of a program, or skips the test.
func tool(t testing.TB, name, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is missing: apt install %s", name, pkg)
	}
	return path
}

// output collects what a process writes.
type output struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// lines returns the whole lines written so far.
func (o *output) lines() []string {
	text := o.String()
	end := strings.LastIndexByte(text, '\n')
	if end < 0 {
		return nil
	}
	return strings.Split(text[:end], "\n")
}

// setup is how a program is started. Its directory is a new one of the test
// unless it is named, and has config as ./rvo.toml.
type setup struct {
	bin    string // default: binary
	dir    string
	config string
	args   []string // metrics are off unless these turn them on
	env    []string // besides the test's own
	stdin  io.Reader
	stdout *os.File // default: collected
}

// program is a running process under test. It ends with the test at the latest.
type program struct {
	t      testing.TB
	cmd    *exec.Cmd
	dir    string
	stdout *output
	stderr *output
	done   chan struct{} // closed when it has ended
}

func start(t testing.TB, s setup) *program {
	t.Helper()
	if s.bin == "" {
		s.bin = binary
	}
	if s.dir == "" {
		s.dir = t.TempDir()
	}
	if s.config != "" {
		write(t, filepath.Join(s.dir, "rvo.toml"), s.config)
	}
	p := &program{t: t, dir: s.dir, stdout: new(output), stderr: new(output), done: make(chan struct{})}
	p.cmd = exec.Command(s.bin, s.args...)
	p.cmd.Dir, p.cmd.Stdin = s.dir, s.stdin
	p.cmd.Env = append(os.Environ(), "RVO_CONFIG=", "XDG_RUNTIME_DIR="+runtimeDir(t))
	p.cmd.Env = append(p.cmd.Env, s.env...)
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if s.stdout != nil {
		p.cmd.Stdout = s.stdout
	}
	// A child that outlives it must not hold the test.
	p.cmd.WaitDelay = 5 * time.Second
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // its status is asked for by those who want it
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it may have ended
		<-p.done
		if t.Failed() {
			t.Logf("%v\nstandard output:\n%s\nstandard error:\n%s", p.cmd.Args[1:], tail(p.stdout.String()), tail(p.stderr.String()))
		}
	})
	return p
}

// runtimeDir makes a directory for sockets, whose path is short as theirs must be.
func runtimeDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rvo-run-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func tail(text string) string {
	const most = 6000
	if len(text) > most {
		return "…" + text[len(text)-most:]
	}
	return text
}

// run starts a program that ends by itself and returns it ended.
func run(t testing.TB, s setup, within time.Duration) *program {
	t.Helper()
	p := start(t, s)
	p.status(within)
	return p
}

// signal sends it a signal.
func (p *program) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("send %v: %v", s, err)
	}
}

// status waits for its end, and returns its exit status; -1: killed.
func (p *program) status(within time.Duration) int {
	p.t.Helper()
	if within > 0 {
		select {
		case <-p.done:
		case <-time.After(within):
		}
	}
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	default:
		p.t.Fatalf("still running after %v", within)
		return -1
	}
}

// stop asks it to end, and fails the test when it does not within 20 s, or not
// with status 0. On a machine that has nothing else to do that takes 5 s at most,
// and where it waits for a library that hangs, 30 s.
func (p *program) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if status := p.status(20 * time.Second); status != 0 {
		p.t.Fatalf("status %d after SIGTERM", status)
	}
}

// logs waits until standard error contains the text.
func (p *program) logs(text string, within time.Duration) {
	p.t.Helper()
	p.until(within, fmt.Sprintf("a log of %q", text), func() bool { return strings.Contains(p.stderr.String(), text) })
}

// until waits for a condition, and fails the test when the time is over or the
// program ends before it holds.
func (p *program) until(within time.Duration, what string, ok func() bool) {
	p.t.Helper()
	wait(p.t, within, what, func() bool {
		if ok() {
			return true
		}
		select {
		case <-p.done:
			if !ok() {
				p.t.Fatalf("it ended with status %d before %s", p.cmd.ProcessState.ExitCode(), what)
			}
			return true
		default:
			return false
		}
	})
}

// wait looks again and again until a condition holds.
func wait(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	over := time.After(within)
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for !ok() {
		select {
		case <-over:
			if !ok() { // nobody may have looked for long
				t.Fatalf("not within %v: %s", within, what)
			}
			return
		case <-look.C:
		}
	}
}

// halted reports whether every thread of a process is stopped.
func halted(t testing.TB, pid int) bool {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		t.Fatalf("process %d has no threads (%v)", pid, err)
	}
	for _, file := range threads {
		if text := read(t, file); text != "" && !strings.Contains(text, ") T ") {
			return false
		}
	}
	return true
}

// ended reports whether a process runs no more, be it that nobody has waited for
// it yet.
func ended(t testing.TB, pid int) bool {
	t.Helper()
	status := read(t, fmt.Sprintf("/proc/%d/status", pid))
	return status == "" || strings.Contains(status, "State:\tZ") || strings.Contains(status, "State:\tX")
}

// quietPort returns a port of the loopback at which nobody listens, and which the
// system gives to nobody who asks for any: it stays free while the program that
// has it is started anew.
func quietPort(t testing.TB) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(10_000 + rand.IntN(20_000))
		if ln, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			ln.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// read returns a file's text, empty where there is none.
func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}
