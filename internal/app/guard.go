package app

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"rvo-tui/internal/text"
)

// guardArgument is the first argument of this program when it is to guard the
// terminal of another one; the second is how the terminal was.
const guardArgument = "guard-terminal"

// guardLimit bounds what is shown of a crash.
const guardLimit = 64 << 10

// guard is a process that waits for the end of this one and, should that come
// without a word, puts the terminal in order and shows what the crash said: a
// panic outside the dashboard, a fault in a C library, or a SIGKILL ends a process
// before it can do so itself. Nil guards nothing.
type guard struct {
	cmd    *exec.Cmd
	pipe   *os.File // its standard input; takes what a crash prints
	stderr *os.File // takes that otherwise
}

// newGuard starts a guard for the terminal on standard output, as that is now.
// What a crash says goes to stderr. Call it before the terminal is changed.
func newGuard(stderr *os.File) (*guard, error) {
	state, err := terminalState(os.Stdout)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("guard terminal: %w", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("guard terminal: %w", err)
	}
	defer r.Close()
	cmd := exec.Command(self, guardArgument, state)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = r, os.Stdout, stderr
	cmd.Env = []string{}
	if err := cmd.Start(); err != nil {
		w.Close()
		return nil, fmt.Errorf("guard terminal: %w", err)
	}
	g := &guard{cmd, w, stderr}
	if err := debug.SetCrashOutput(w, debug.CrashOptions{}); err != nil {
		g.close()
		return nil, fmt.Errorf("guard terminal: %w", err)
	}
	return g, nil
}

// close ends the guard when the terminal is in order.
func (g *guard) close() {
	if g == nil {
		return
	}
	// What fails here leaves a guard that puts in order what is in order.
	_ = debug.SetCrashOutput(g.stderr, debug.CrashOptions{})
	_, _ = g.pipe.Write([]byte{0})
	_ = g.pipe.Close()
	late := time.AfterFunc(time.Second, func() { _ = g.cmd.Process.Kill() })
	defer late.Stop()
	_ = g.cmd.Wait()
}

// guardMain is the program of a guard.
func guardMain(args []string) int {
	// It outlives what ends the other one, and is in the background by then.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE, syscall.SIGTTOU)
	said, err := io.ReadAll(io.LimitReader(os.Stdin, guardLimit))
	if err != nil || len(args) != 1 || len(said) == 1 && said[0] == 0 {
		return exitOK
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until its end
	_, _ = os.Stdout.WriteString(terminalReset)
	if err := setTerminalState(os.Stdout, args[0]); err != nil {
		fmt.Fprintln(os.Stderr, "rvo-tui:", err)
	}
	said = bytes.TrimSpace(bytes.TrimSuffix(said, []byte{0}))
	if len(said) == 0 {
		fmt.Fprintln(os.Stderr, "rvo-tui: it was killed; if nobody did that, look for want of memory in the system's log")
		return exitOK
	}
	for line := range strings.Lines(string(said)) {
		fmt.Fprintln(os.Stderr, text.Visible(text.RedactLine(line)))
	}
	fmt.Fprintln(os.Stderr, "rvo-tui: it crashed; please report the lines above")
	return exitOK
}

// terminalReset undoes what a dashboard asks of a terminal: synchronised output,
// reports of mouse, focus, pastes and keys, colours, the hidden cursor, and the
// other screen.
const terminalReset = "\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?2027l\x1b[<u\x1b[>4;0m\x1b[0m\x1b[?25h\x1b[?1049l\r"
