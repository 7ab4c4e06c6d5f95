package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"rvo-tui/internal/text"
)

// guardArgument is the argument that starts this program as a guard.
const guardArgument = "guard-terminal"

// guardLimit is the maximum size of a printed crash message, in bytes.
const guardLimit = 64 << 10

// guard is a process that waits until this one ends. If this one did not announce its end, the
// guard restores the terminal and prints the crash message, which this process cannot do after a
// panic outside the dashboard, a fault in a C library or SIGKILL. A nil guard does nothing.
type guard struct {
	cmd    *exec.Cmd
	pipe   *os.File // the guard's standard input, which receives crash output
	stderr *os.File // receives crash output after close
}

// newGuard starts a guard for the terminal on standard output, which prints crashes to stderr.
// Call it before changing the terminal. It does not wait until the guard runs, because that takes
// as long as loading all libraries.
func newGuard(stderr *os.File) (g *guard, err error) {
	defer func() {
		if err != nil {
			g, err = nil, fmt.Errorf("guard terminal: %w", err)
		}
	}()
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	modes, err := unix.IoctlGetTermios(int(os.Stdout.Fd()), unix.TCGETS)
	if err != nil {
		return nil, err
	}
	asText, err := json.Marshal(modes)
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	cmd := exec.Command(self, guardArgument, string(asText))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = r, os.Stdout, stderr
	cmd.Env = []string{}
	if err := cmd.Start(); err != nil {
		w.Close()
		return nil, err
	}
	g = &guard{cmd, w, stderr}
	if err := debug.SetCrashOutput(w, debug.CrashOptions{}); err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

// close ends the guard once the terminal is restored.
func (g *guard) close() {
	if g == nil {
		return
	}
	// If this fails, the guard restores the terminal again, which is harmless.
	_ = debug.SetCrashOutput(g.stderr, debug.CrashOptions{})
	_, _ = g.pipe.Write([]byte{0})
	_ = g.pipe.Close()
	late := time.AfterFunc(time.Second, func() { _ = g.cmd.Process.Kill() })
	defer late.Stop()
	_ = g.cmd.Wait()
}

// guardMain is the main function of the guard. Its argument is the terminal's modes, as JSON. A
// single 0 byte on standard input announces that the other program ends properly.
func guardMain(args []string) int {
	// These may end the other process, but not the guard, which is in the background by then.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE, syscall.SIGTTOU)
	var modes unix.Termios
	if len(args) != 1 || json.Unmarshal([]byte(args[0]), &modes) != nil {
		return exitUsage
	}
	said, err := io.ReadAll(io.LimitReader(os.Stdin, guardLimit))
	if err != nil || len(said) == 1 && said[0] == 0 {
		return exitOK
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until the other process ends
	_, _ = os.Stdout.WriteString(terminalReset)
	if err := unix.IoctlSetTermios(int(os.Stdout.Fd()), unix.TCSETS, &modes); err != nil {
		fmt.Fprintln(os.Stderr, "rvo-tui: restore modes of the terminal:", err)
	}
	said = bytes.TrimSpace(bytes.TrimSuffix(said, []byte{0}))
	if len(said) == 0 {
		fmt.Fprintln(os.Stderr, "rvo-tui: killed; if you did not do that, check the system log for lack of memory")
		return exitOK
	}
	for line := range strings.Lines(string(said)) {
		fmt.Fprintln(os.Stderr, strings.TrimSuffix(text.Visible(text.RedactLine(line)), "\n"))
	}
	fmt.Fprintln(os.Stderr, "rvo-tui: crashed; please report the lines above")
	return exitOK
}

// terminalReset resets the terminal modes that a dashboard sets: synchronized output, reports of
// mouse, focus, paste and keys, colors, the hidden cursor, and the alternate screen.
const terminalReset = "\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?2027l\x1b[<u\x1b[>4;0m\x1b[0m\x1b[?25h\x1b[?1049l\r"
