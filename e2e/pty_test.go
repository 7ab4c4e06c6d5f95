package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pty is a program on a pseudo-terminal, which is its controlling terminal.
type pty struct {
	t    testing.TB
	dir  string
	main *os.File
	cmd  *exec.Cmd
	out  *output
	done chan struct{}
}

// onPty starts a program in a directory with dashboardConfig, on a terminal of a given size.
func onPty(t testing.TB, width, height int, env []string, args ...string) *pty {
	t.Helper()
	x := &pty{t: t, dir: t.TempDir(), out: new(output), done: make(chan struct{})}
	// Without clips, quitting asks nothing.
	write(t, filepath.Join(x.dir, "rvo.toml"), strings.ReplaceAll(dashboardConfig, "[[rule]]\n", "[[rule]]\nclip = false\n"))
	var side *os.File
	x.main, side = newPty(t, width, height)
	x.cmd = exec.Command(args[0], args[1:]...)
	x.cmd.Dir, x.cmd.Stdin, x.cmd.Stdout, x.cmd.Stderr = x.dir, side, side, side
	x.cmd.Env = append(os.Environ(), "RVO_CONFIG=rvo.toml", "XDG_RUNTIME_DIR="+runtimeDir(t), "TERM=xterm-256color", "LC_ALL=C.UTF-8", "PS1=$ ")
	x.cmd.Env = append(x.cmd.Env, env...)
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	side.Close()
	reads := make(chan struct{})
	go func() {
		defer close(reads)
		var buf [4096]byte
		for {
			n, err := x.main.Read(buf[:])
			_, _ = x.out.Write(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	go func() {
		defer close(x.done)
		_ = x.cmd.Wait() // status returns the exit status
	}()
	t.Cleanup(func() {
		_ = unix.Kill(-x.cmd.Process.Pid, unix.SIGKILL) // it may have ended
		<-x.done
		x.main.Close()
		<-reads
		if t.Failed() {
			out := x.out.String()
			t.Logf("the terminal got %q\nthe log is\n%s", out[max(len(out)-500, 0):], tail(x.log()))
		}
	})
	return x
}

func newPty(t testing.TB, width, height int) (main, side *os.File) {
	t.Helper()
	main, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no pseudo-terminals:", err)
	}
	fd := int(main.Fd())
	if err := unix.SetNonblock(fd, true); err != nil { // Fd made it blocking, so Close would wait for Read
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetUint32(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(height), Col: uint16(width)}); err != nil {
		t.Fatal(err)
	}
	side, err = os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return main, side
}

func (x *pty) log() string { return read(x.t, filepath.Join(x.dir, "log")) }

func (x *pty) send(text string) {
	x.t.Helper()
	if _, err := x.main.WriteString(text); err != nil {
		x.t.Fatal(err)
	}
}

// shows waits until something was sent to the terminal after a number of bytes.
func (x *pty) shows(text string, after int) {
	x.t.Helper()
	wait(x.t, patience, fmt.Sprintf("%q on the terminal", text), func() bool { return strings.Contains(x.out.String()[after:], text) })
}

func (x *pty) ends() int {
	x.t.Helper()
	select {
	case <-x.done:
	case <-time.After(patience):
		x.t.Fatal("it does not end")
	}
	return x.cmd.ProcessState.ExitCode()
}

// terminalSizes are the smallest terminal, the usual one and a large one.
var terminalSizes = [][2]int{{40, 10}, {80, 24}, {200, 60}}

// Sequences that arrive in two pieces or byte by byte do nothing, at any size and also when
// connected: the dashboard neither reloads nor opens anything. Keys that arrive byte by byte
// work, a question can be read and answered, and q quits.
func TestTornSequencesAreNoKeys(t *testing.T) {
	d := startDaemon(t, runtimeDir(t), t.TempDir(), daemonConfig)
	for _, size := range terminalSizes {
		for _, args := range [][]string{{binary, "--metrics-listen", ""}, {binary, "connect", d.socket()}} {
			t.Run(fmt.Sprintf("%dx%d %s", size[0], size[1], args[1]), func(t *testing.T) {
				t.Parallel()
				x := onPty(t, size[0], size[1], nil, args...)
				x.shows("etectors", 0)
				for _, seq := range []string{
					"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", "\x1b]11;rgb:1e1e/1e1e/1e1e\a", "\x1b[<65;20;5M", "\x1b[?62;22c", "\x1b[?2026;2$y", "\x1bP>|xterm(390)\x1b\\",
				} {
					for cut := 1; cut <= 2; cut++ {
						x.slowly(seq[:cut], seq[cut:])
					}
					x.slowly(strings.Split(seq, "")...)
				}
				at := len(x.out.String())
				x.slowly("\x1b", "[", "B", "x") // down, and detach
				x.shows("etach", at)
				at = len(x.out.String())
				x.slowly("n", "\x1b", "[", "1", "5", "~", "?")
				x.shows("Actions", at)
				quit := func() bool {
					x.slowly("\x1b") // closes the help
					x.send("q")
					select {
					case <-x.done:
						return true
					case <-time.After(10 * time.Second):
						return false
					}
				}
				for range 5 { // a program that is slow to read takes the two for one key
					if quit() {
						break
					}
				}
				if status := x.ends(); status != 0 {
					t.Errorf("exit status %d", status)
				}
				if log := x.log(); strings.Contains(log, "reloaded") || strings.Contains(log, "detached") {
					t.Error("it was taken for keys")
				}
			})
		}
	}
	t.Cleanup(func() { // after the parallel ones
		if log := d.stderr.String(); strings.Contains(log, "API command") {
			t.Error("it was taken for keys:", tail(log))
		}
	})
}

// slowly sends parts as over a slow line. The first delay is longer than programs wait for the
// rest of a sequence.
func (x *pty) slowly(parts ...string) {
	x.t.Helper()
	for i, part := range parts {
		x.send(part)
		if i == 0 {
			time.Sleep(120 * time.Millisecond)
		}
		time.Sleep(40 * time.Millisecond)
	}
}

func TestDashboardIsSuspendedAndComesBack(t *testing.T) {
	d := startDaemon(t, runtimeDir(t), t.TempDir(), daemonConfig)
	for _, command := range []string{binary + " --metrics-listen ''", binary + " connect " + d.socket()} {
		t.Run(strings.Fields(command)[1], func(t *testing.T) {
			x := onPty(t, 120, 40, nil, "bash", "--norc", "-i")
			x.send(command + "\n")
			x.suspends()
		})
	}
}

// suspends stops the dashboard and resumes it, by key and by signal.
func (x *pty) suspends() {
	t := x.t
	t.Helper()
	x.shows("Detectors", 0)
	const leaves, enters = "\x1b[?1049l", "\x1b[?1049h"
	for _, how := range []string{"key", "signal"} {
		at := len(x.out.String())
		if how == "key" {
			x.send("\x1a")
		} else if err := exec.Command("pkill", "-TSTP", "-P", fmt.Sprint(x.cmd.Process.Pid)).Run(); err != nil {
			t.Fatal(err)
		}
		x.shows(leaves, at)
		x.shows("Stopped", at)
		x.send("stty -a | tr ' ' '\\n' | grep -x -e -echo -e -icanon | wc -l; echo mode\"s\"\n")
		x.shows("modes\r\n", at)
		if out := x.out.String()[at:]; !strings.Contains(out, "\r0\r\n") {
			t.Errorf("%s: the shell's terminal has changed: %q", how, tail(out))
		}
		at = len(x.out.String())
		x.send("fg\n")
		x.shows(enters, at)
		x.shows("Detectors", at)
	}
	at := len(x.out.String())
	x.send("q")
	wait(t, patience, "the shell", func() bool { // the dashboard drops keys typed before
		_, shell, left := strings.Cut(x.out.String()[at:], leaves)
		return left && strings.Contains(shell, "$ ")
	})
	x.send("exit\n")
	x.ends()
}

// A program without a dashboard ends with its terminal unless it was started with nohup; SIGHUP
// from another process reloads.
func TestHangupWithoutADashboard(t *testing.T) {
	for _, nohup := range []bool{false, true} {
		t.Run(fmt.Sprintf("nohup %v", nohup), func(t *testing.T) {
			t.Parallel()
			line := "exec "
			if nohup {
				line = "trap '' HUP; exec "
			}
			x := onPty(t, 120, 40, nil, "sh", "-c", line+binary+" --no-ui --metrics-listen ''")
			wait(t, patience, "start", func() bool { return strings.Contains(x.log(), "msg=started") })
			if err := x.cmd.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			wait(t, patience, "reload", func() bool { return strings.Contains(x.log(), "configuration reloaded") })
			x.main.Close()
			if !nohup {
				x.ends()
				return
			}
			if err := x.cmd.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			wait(t, patience, "another reload", func() bool { return strings.Count(x.log(), "configuration reloaded") > 1 })
			if err := x.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			x.ends()
		})
	}
}

func TestTerminalsThatCanLess(t *testing.T) {
	for _, tt := range []struct {
		name          string
		width, height int
		env           []string
		ascii         bool
	}{
		{"no size", 0, 0, nil, false},
		{"C", 80, 24, []string{"LC_ALL=C"}, true},
		{"Latin", 80, 24, []string{"LC_ALL=en_US.ISO-8859-15"}, true},
		{"console", 80, 24, []string{"TERM=linux"}, true},
		{"vt100", 80, 24, []string{"TERM=vt100"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x := onPty(t, tt.width, tt.height, tt.env, binary, "--metrics-listen", "")
			x.shows("etectors", 0)
			x.send("q")
			x.ends()
			ascii := !strings.ContainsFunc(x.out.String(), func(r rune) bool { return r > '~' })
			if ascii != tt.ascii {
				t.Errorf("ASCII alone: %v", ascii)
			}
		})
	}
	t.Run("dumb", func(t *testing.T) {
		x := onPty(t, 80, 24, []string{"TERM=dumb"}, binary, "--metrics-listen", "")
		x.shows("--no-ui", 0)
		if status := x.ends(); status != 1 {
			t.Errorf("exit status %d", status)
		}
	})
}
