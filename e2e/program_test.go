// Package e2e tests the built program from outside, with real processes, files, sockets and
// video. It imports nothing of the module.
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

// patience bounds the wait for something that must happen. It is no limit of the program: the
// machine may be busy.
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
	// No test program is found by that of another test, or by one in use here.
	os.Setenv("RUNTIME_DIRECTORY", "")
	os.Setenv("XDG_RUNTIME_DIR", dir)
	os.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state")) // not the user's own history
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "..").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	// Under nohup, programs would inherit the ignored signal.
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	// If make build has not fetched the library, tests that need it are skipped.
	if library, err := filepath.Abs("../bin/" + onnxRuntime); err == nil {
		_ = os.Symlink(library, filepath.Join(dir, onnxRuntime))
	}
	defer func() { stopChromium() }()
	return run()
}

// onnxRuntime is the library that the program looks for in its own directory.
const onnxRuntime = "libonnxruntime.so"

// needONNX skips the test without ONNX Runtime.
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

// needOpenCV skips the test if the program was built without OpenCV.
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

// lines returns the complete lines written so far.
func (o *output) lines() []string {
	text := o.String()
	end := strings.LastIndexByte(text, '\n')
	if end < 0 {
		return nil
	}
	return strings.Split(text[:end], "\n")
}

// setup describes how to start a program. Its directory is a new one unless given, and contains
// config as ./rvo.toml.
type setup struct {
	bin    string // default: binary
	dir    string
	config string
	args   []string // metrics are off unless these turn them on
	env    []string // besides the test's own
	stdin  io.Reader
	stdout *os.File // default: collected
}

// program is a running process under test. It ends at the latest with the test.
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
	// A child that outlives it must not block the test.
	p.cmd.WaitDelay = 5 * time.Second
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // status returns the exit status
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

// runtimeDir makes a directory for sockets, whose paths must be short.
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

// run starts a program that ends by itself, and returns it after its end.
func run(t testing.TB, s setup, within time.Duration) *program {
	t.Helper()
	p := start(t, s)
	p.status(within)
	return p
}

// signal sends a signal.
func (p *program) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("send %v: %v", s, err)
	}
}

// status waits for the end and returns the exit status; -1: killed.
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

// stop stops the program, and fails the test if it does not end within 20 s with status 0. On an
// idle machine it takes at most 5 s, or 30 s if a library hangs.
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

// until waits for a condition, and fails the test if it does not hold in time or the program ends
// first.
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

// wait retries until a condition holds.
func wait(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	over := time.After(within)
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for !ok() {
		select {
		case <-over:
			if !ok() { // the last check may be long ago
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

// ended reports whether a process has ended, even if it is still a zombie.
func ended(t testing.TB, pid int) bool {
	t.Helper()
	status := read(t, fmt.Sprintf("/proc/%d/status", pid))
	return status == "" || strings.Contains(status, "State:\tZ") || strings.Contains(status, "State:\tX")
}

// quietPort returns a loopback port without a listener that the system assigns to nobody, so it
// stays free while the program that uses it restarts.
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

// read returns the text of a file; empty if it does not exist.
func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}
