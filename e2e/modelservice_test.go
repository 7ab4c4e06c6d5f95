package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// python is the distribution's, which has the distribution's modules.
const python = "/usr/bin/python3"

func needGRPC(t testing.TB) {
	t.Helper()
	if exec.Command(python, "-c", "import grpc, cv2, google.protobuf").Run() != nil {
		t.Skip("Python's modules are missing: apt install python3-grpcio python3-opencv python3-protobuf")
	}
}

// goService builds the Go example service, or skips the test.
func goService(t testing.TB) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "faces")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", program, "../examples/services/faces").CombinedOutput(); err != nil {
		t.Skipf("build the example of a service: %v\n%s", err, out)
	}
	return program
}

// modelService is a model service in a process of its own, behind a garbler.
type modelService struct {
	t       testing.TB
	command []string // the last argument is the address
	cmd     *exec.Cmd
	front   *garbler
}

func startService(t testing.TB, command ...string) *modelService {
	t.Helper()
	s := &modelService{t: t, command: append(command, "127.0.0.1:0"), front: newGarbler(t)}
	t.Cleanup(s.kill)
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	return s
}

var listening = regexp.MustCompile(`^listening on (127\.0\.0\.1:\d+)\n$`)

// start starts the service and waits until it listens.
func (s *modelService) start() error {
	s.cmd = exec.Command(s.command[0], s.command[1:]...)
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	at := listening.FindStringSubmatch(line)
	if at == nil {
		s.t.Fatalf("%v prints %q (%v) instead of its address", s.command, line, err)
	}
	s.front.target.Store(&at[1])
	return nil
}

func (s *modelService) kill() {
	if s.cmd != nil && s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill() // it may have ended
		_ = s.cmd.Wait()         // it was killed
	}
}

func (s *modelService) signal(n syscall.Signal) error { return s.cmd.Process.Signal(n) }

// garbler forwards to a TCP server and can corrupt every byte that the server sends.
type garbler struct {
	target  atomic.Pointer[string]
	garbles atomic.Bool
	ln      net.Listener
	wg      sync.WaitGroup

	mu     sync.Mutex // guards the fields below
	conns  map[net.Conn]bool
	closed bool
}

func newGarbler(t testing.TB) *garbler {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &garbler{ln: ln, conns: make(map[net.Conn]bool)}
	g.wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			g.wg.Go(func() { g.serve(c) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		g.mu.Lock()
		g.closed = true
		for c := range g.conns {
			c.Close()
		}
		g.mu.Unlock()
		g.wg.Wait()
	})
	return g
}

func (g *garbler) url() string { return "http://" + g.ln.Addr().String() }

// keep registers a connection to be closed at the end, and returns a function that closes it
// earlier.
func (g *garbler) keep(c net.Conn) (done func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		c.Close()
	}
	g.conns[c] = true
	return func() {
		c.Close()
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.conns, c)
	}
}

func (g *garbler) serve(c net.Conn) {
	defer g.keep(c)()
	server, err := net.Dial("tcp", *g.target.Load())
	if err != nil {
		return // looks like no listener, apart from the reason
	}
	defer g.keep(server)()
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		_, _ = io.Copy(server, c) // either end may go
		server.Close()
	})
	buf := make([]byte, 32<<10)
	for {
		n, err := server.Read(buf)
		if g.garbles.Load() {
			for i := range buf[:n] {
				buf[i] ^= 0x5a
			}
		}
		if _, w := c.Write(buf[:n]); err != nil || w != nil {
			c.Close()
			return
		}
	}
}

// children returns the child processes of a program, by the words of their command lines.
func (p *program) children() map[int]string {
	p.t.Helper()
	files, err := filepath.Glob("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/task/*/children")
	if err != nil {
		p.t.Fatal(err)
	}
	all := make(map[int]string)
	for _, file := range files {
		for _, pid := range strings.Fields(read(p.t, file)) {
			if line := read(p.t, "/proc/"+pid+"/cmdline"); line != "" {
				all[number(p.t, pid)] = strings.ReplaceAll(strings.TrimRight(line, "\x00"), "\x00", " ")
			}
		}
	}
	return all
}

// child returns the one process whose command line contains a text. It may just be being
// replaced.
func (p *program) child(text string) (pid int) {
	p.t.Helper()
	p.until(patience, fmt.Sprintf("one child like %q", text), func() bool {
		n := 0
		for id, line := range p.children() {
			if strings.Contains(line, text) {
				pid, n = id, n+1
			}
		}
		return n == 1
	})
	return pid
}
