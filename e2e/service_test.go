package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// systemd is systemd's end of a notify socket.
type systemd struct {
	path string
	mu   sync.Mutex // guards heard
	told []string   // first line of each message
	text []string   // complete messages
}

// notifySocket listens on a socket like that of a service.
func notifySocket(t *testing.T) *systemd {
	t.Helper()
	s := &systemd{path: filepath.Join(runtimeDir(t), "notify")}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: s.path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 4096)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			first, _, _ := strings.Cut(string(buf[:n]), "\n")
			s.mu.Lock()
			s.told, s.text = append(s.told, first), append(s.text, string(buf[:n]))
			s.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-done
	})
	return s
}

// heard returns the messages so far, by their first lines, and in full.
func (s *systemd) heard() (told, text []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.told), slices.Clone(s.text)
}

// count returns the number of messages that began with a line.
func (s *systemd) count(line string) (n int) {
	told, _ := s.heard()
	for _, l := range told {
		if strings.HasPrefix(l, line) {
			n++
		}
	}
	return n
}

// catchUp waits until all messages sent so far have been received.
func (s *systemd) catchUp(t *testing.T) {
	t.Helper()
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("SAID")); err != nil {
		t.Fatal(err)
	}
	wait(t, patience, "what has been said", func() bool { return s.count("SAID") > 0 })
}

// The whole life of a service, as systemd sees it.
func TestService(t *testing.T) {
	t.Parallel()
	s := notifySocket(t)
	// A detector in a child process, which must know nothing about systemd.
	config := strings.Replace(street, `kind = "motion"`, "kind = \"motion\"\nisolation = \"process\"", 1)
	p := start(t, setup{
		config: config, args: []string{"--no-ui", "--metrics-listen", ""},
		env: []string{"NOTIFY_SOCKET=" + s.path, "WATCHDOG_USEC=600000"},
	})
	p.until(patience, "an event", func() bool { return len(p.stdout.lines()) > 0 })
	p.until(patience, "three pings of the watchdog", func() bool { return s.count("WATCHDOG=1") >= 3 })
	p.until(patience, "a state with a live camera", func() bool {
		told, _ := s.heard()
		return slices.ContainsFunc(told, func(l string) bool { return strings.HasPrefix(l, "STATUS=1 of 1 camera live, ") })
	})
	if told, _ := s.heard(); told[0] != "READY=1" || s.count("READY=1") != 1 {
		t.Errorf("got %q, want READY=1 first and once", told)
	}
	started := children(t, p.cmd.Process.Pid)
	if len(started) == 0 {
		t.Error("it has no child process")
	}
	for _, child := range started {
		env := read(t, fmt.Sprintf("/proc/%d/environ", child))
		if strings.Contains(env, "NOTIFY_SOCKET") || strings.Contains(env, "WATCHDOG") {
			t.Errorf("the environment of process %d has systemd's variables", child)
		}
	}

	p.signal(syscall.SIGHUP)
	p.until(patience, "the end of a reload", func() bool { return s.count("READY=1") == 2 })
	told, text := s.heard()
	at := slices.Index(told, "RELOADING=1")
	if at < 0 || !strings.Contains(text[at], "\nMONOTONIC_USEC=") || slices.Index(told[at:], "READY=1") < 1 {
		t.Errorf("after the reload it got %q", told)
	}

	// A stopped process does not feed the watchdog.
	p.signal(syscall.SIGSTOP)
	wait(t, patience, "the stop", func() bool { return halted(t, p.cmd.Process.Pid) })
	s.catchUp(t)
	before := s.count("WATCHDOG=1")
	over := time.After(time.Second)
	<-over
	if after := s.count("WATCHDOG=1"); after > before {
		t.Errorf("%d pings while it was stopped", after-before)
	}
	p.signal(syscall.SIGCONT)
	p.until(patience, "pings again", func() bool { return s.count("WATCHDOG=1") > before })

	p.stop()
	wait(t, patience, "STOPPING=1", func() bool { return s.count("STOPPING=1") == 1 })
}

// children returns the child processes of a process.
func children(t testing.TB, parent int) (pids []int) {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range tasks {
		for _, pid := range strings.Fields(read(t, name)) {
			pids = append(pids, number(t, pid))
		}
	}
	return pids
}

// Without a watchdog, none is fed, and a run that ends by itself reports it. An address that
// begins with @ is an abstract socket.
func TestServiceWithoutWatchdog(t *testing.T) {
	t.Parallel()
	name := "@rvo-e2e-" + filepath.Base(t.TempDir()) + fmt.Sprint(os.Getpid())
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	p := run(t, setup{
		config: street, args: []string{"--no-ui", "--duration", "5s", "--metrics-listen", ""},
		env: []string{"NOTIFY_SOCKET=" + name},
	}, patience)
	if status := p.status(0); status != 0 {
		t.Errorf("status %d", status)
	}
	var heard []string
	buf := make([]byte, 4096)
	for !slices.Contains(heard, "STOPPING=1") {
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatalf("heard %q, then %v", heard, err)
		}
		first, _, _ := strings.Cut(string(buf[:n]), "\n")
		heard = append(heard, first)
	}
	if heard[0] != "READY=1" || slices.Contains(heard, "WATCHDOG=1") {
		t.Errorf("heard %q", heard)
	}
}

// systemd accepts the example unit.
func TestUnit(t *testing.T) {
	t.Parallel()
	analyze := tool(t, "systemd-analyze", "systemd")
	unit := strings.ReplaceAll(read(t, "../examples/rvo-tui.service"), "/usr/local/bin/rvo-tui", binary)
	for _, line := range []string{"Type=notify", "WatchdogSec=10", "ExecReload=/bin/kill -HUP $MAINPID", "SystemCallFilter=@system-service"} {
		if !strings.Contains(unit, "\n"+line+"\n") {
			t.Errorf("the unit lacks %q", line)
		}
	}
	file := filepath.Join(t.TempDir(), "rvo-tui.service")
	write(t, file, unit)
	out, err := exec.Command(analyze, "verify", "--man=no", file).CombinedOutput()
	if err != nil || strings.Contains(string(out), "rvo-tui.service") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	// The exposure level of the service: 0 is not at all, 10 is completely.
	out, err = exec.Command(analyze, "security", "--offline=yes", "--threshold=30", "--no-pager", file).CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze security says more than 3.0: %v\n%s", err, tail(string(out)))
	}
}
