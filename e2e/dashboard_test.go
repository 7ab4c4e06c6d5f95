package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Its detectors and clips get their share of a busy machine.
const dashboardConfig = `
[runtime]
nice = 0

[log]
file = "log"

[clips]
before = "2s"
after = "2s"

[[camera]]
name = "street"
source = "synthetic:street"

[[detector]]
name = "motion"
kind = "motion"

[[detector]]
name = "slow"
kind = "load"
busy = "300ms"
max_fps = 10

[[rule]]
event = "motion"
when = "motion > 0.01"
for = "1s"

[[rule]]
event = "never"
when = "slow > 5"

[metrics]
listen = ""
`

// terminal is a tmux server of the test with a shell.
type terminal struct {
	t      testing.TB
	dir    string
	socket string
}

func newTerminal(t testing.TB, width, height int) *terminal {
	t.Helper()
	tool(t, "tmux", "tmux")
	x := &terminal{t: t, dir: t.TempDir()}
	x.socket = filepath.Join(x.dir, "tmux")
	t.Cleanup(func() {
		if t.Failed() {
			screen, _ := exec.Command("tmux", "-S", x.socket, "capture-pane", "-p", "-t", "t").Output() // it may have ended
			t.Logf("the screen:\n%s", screen)
		}
		_ = exec.Command("tmux", "-S", x.socket, "kill-server").Run() // the same
	})
	x.tmux("-f", "/dev/null", "new-session", "-d", "-s", "t", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height), "-c", x.dir, "sh")
	return x
}

func (x *terminal) tmux(args ...string) string {
	x.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", x.socket}, args...)...).CombinedOutput()
	if err != nil {
		x.t.Fatalf("tmux %v: %v: %s", args, err, out)
	}
	return string(out)
}

// keys presses keys, by their tmux names.
func (x *terminal) keys(names ...string) {
	x.t.Helper()
	x.tmux(append([]string{"send-keys", "-t", "t"}, names...)...)
}

// text types text literally.
func (x *terminal) text(s string) {
	x.t.Helper()
	x.tmux("send-keys", "-t", "t", "-l", s)
}

func (x *terminal) screen() string { return x.tmux("capture-pane", "-p", "-t", "t") }

// sees waits until the screen shows a text.
func (x *terminal) sees(text string) {
	x.t.Helper()
	wait(x.t, patience, fmt.Sprintf("%q on the screen", text), func() bool { return strings.Contains(x.screen(), text) })
}

// dashboard starts the program in the terminal's shell, which prints its status and the
// terminal's modes before and after.
func (x *terminal) dashboard() {
	x.t.Helper()
	write(x.t, filepath.Join(x.dir, "rvo.toml"), dashboardConfig)
	x.text(fmt.Sprintf("stty -g >before; echo $$ >pid; RVO_CONFIG= %s; echo ended $?; stty -g >after; echo sa\"\"id", binary))
	x.keys("Enter")
	x.sees("Detectors")
	x.sees("running")
}

// quit ends the dashboard by its key, even while clips are being saved.
func (x *terminal) quit() {
	x.t.Helper()
	x.keys("q")
	asked := false
	wait(x.t, patience, "the end or a question", func() bool {
		asked = strings.Contains(x.screen(), "Clips are being written")
		return asked || strings.Contains(x.screen(), "ended")
	})
	if asked {
		x.keys("y")
	}
	x.restored()
}

func (x *terminal) restored() {
	x.t.Helper()
	x.sees("ended 0")
	x.sees("said")
	x.inOrder()
}

// inOrder checks that the terminal is as before.
func (x *terminal) inOrder() {
	x.t.Helper()
	before, after := read(x.t, filepath.Join(x.dir, "before")), read(x.t, filepath.Join(x.dir, "after"))
	if before != after {
		x.t.Errorf("the terminal's modes were %q and are %q", before, after)
	}
	if got := strings.TrimSpace(x.tmux("display-message", "-p", "-t", "t", "#{alternate_on} #{cursor_flag} #{mouse_any_flag}")); got != "0 1 0" {
		x.t.Errorf("alternate screen, cursor and mouse are %q, want \"0 1 0\"", got)
	}
}

func TestDashboardDoesWhatItsKeysSay(t *testing.T) {
	x := newTerminal(t, 120, 40)
	x.dashboard()
	x.keys("j", "Space")
	x.sees("slow is disabled")
	x.sees("slow     disabled")
	x.text(":")
	x.text("attach dummy name=seen")
	x.keys("Enter")
	x.sees("done: attach dummy name=seen")
	x.sees("seen     running")
	x.keys("x", "y")
	x.sees("seen is detached")
	x.keys("Tab", "Tab", "G")
	x.sees("detector disabled") // why the rule on "slow" does not fire
	x.keys("c")
	x.sees("a clip of street is being saved")
	wait(t, 2*patience, "a clip", func() bool { return len(x.clips()) > 0 }) // at the end, there is little time to save one
	x.tmux("resize-window", "-t", "t", "-x", "80", "-y", "24")
	x.sees("cameras preview rules events latency queues log")
	x.tmux("resize-window", "-t", "t", "-x", "60", "-y", "8")
	x.sees("rvo-tui needs 40x10")
	x.tmux("resize-window", "-t", "t", "-x", "200", "-y", "50")
	x.sees("Queues and drops")
	x.keys("s")
	x.sees("screen saved to")
	if saved, _ := filepath.Glob(filepath.Join(x.dir, "rvo-tui-*.txt")); len(saved) != 1 || !strings.Contains(read(t, saved[0]), "Queues and drops") {
		t.Errorf("the screen was saved in %q", saved)
	}
	x.quit()
	x.sees("Recording has stopped with the dashboard")
	x.whole()
}

// whole checks, at the end of the program, that no clip is incomplete. The program has 3.5 s to
// finish clips, and says so if a busy machine makes that too little.
func (x *terminal) whole() {
	x.t.Helper()
	log := read(x.t, filepath.Join(x.dir, "log"))
	if left := leftovers(x.t, x.dir); len(left) > 1 || len(left) == 1 && !strings.Contains(log, "the next start finishes the part on disk") {
		x.t.Errorf("clips were left unfinished: %q; the log is\n%s", left, tail(log))
	}
}

// clips returns the saved clips.
func (x *terminal) clips() []string {
	x.t.Helper()
	all, err := filepath.Glob(filepath.Join(x.dir, "evidence", "street", "*", "*", "meta.json"))
	if err != nil {
		x.t.Fatal(err)
	}
	return all
}

func TestDashboardEndsWithSIGTERM(t *testing.T) {
	x := newTerminal(t, 80, 24)
	x.dashboard()
	x.signal(syscall.SIGTERM)
	x.restored()
}

// A program that ends before it can do anything leaves the terminal in order.
func TestDashboardThatCrashes(t *testing.T) {
	for name, c := range map[string]struct {
		signal syscall.Signal
		says   string
	}{
		"fault": {syscall.SIGABRT, "rvo-tui: crashed"},
		"kill":  {syscall.SIGKILL, "rvo-tui: killed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newTerminal(t, 120, 40)
			x.dashboard()
			x.signal(c.signal)
			x.sees(c.says)
			x.text("stty -g >after; echo do\"\"ne")
			x.keys("Enter")
			x.sees("done")
			x.inOrder()
		})
	}
}

// The terminal is closed while the program runs, as when an SSH session breaks.
func TestDashboardEndsWithItsTerminal(t *testing.T) {
	x := newTerminal(t, 120, 40)
	x.dashboard()
	pid := x.pid()
	x.keys("c")
	x.sees("being saved")
	x.tmux("kill-session", "-t", "t")
	wait(t, patience, "the end of the program", func() bool { return ended(t, pid) })
	x.whole()
	log := read(t, filepath.Join(x.dir, "log"))
	if len(x.clips()) == 0 && !givenUp.MatchString(log) && !strings.Contains(log, "the next start finishes the part on disk") {
		t.Errorf("the clip that was asked for is not there; the log is\n%s", tail(log))
	}
}

func (x *terminal) signal(s syscall.Signal) {
	x.t.Helper()
	if err := syscall.Kill(x.pid(), s); err != nil {
		x.t.Fatal(err)
	}
}

// pid returns the PID of the program, the only child of the shell.
func (x *terminal) pid() int {
	x.t.Helper()
	shell := strings.TrimSpace(read(x.t, filepath.Join(x.dir, "pid")))
	children, err := os.ReadFile(filepath.Join("/proc", shell, "task", shell, "children"))
	if err != nil {
		x.t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(children)))
	if err != nil {
		x.t.Fatalf("the shell's children are %q", children)
	}
	return pid
}

// clicks clicks on a text once the screen shows it.
func (x *terminal) clicks(text string) {
	x.t.Helper()
	wait(x.t, patience, fmt.Sprintf("%q on the screen", text), func() bool {
		for y, l := range strings.Split(x.screen(), "\n") {
			if before, _, found := strings.Cut(l, text); found {
				at := len([]rune(before)) + 1
				x.text(fmt.Sprintf("\x1b[<0;%d;%dM\x1b[<0;%d;%dm", at, y+1, at, y+1))
				return true
			}
		}
		return false
	})
}

// The first line, the last line, columns, the help and a form can be clicked.
func TestDashboardByMouse(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			x := newTerminal(t, size[0], size[1])
			write(t, filepath.Join(x.dir, "rvo.toml"), troubledConfig())
			x.text("RVO_CONFIG= LC_ALL=C.UTF-8 " + binary + "; echo ended $?")
			x.keys("Enter")
			if size[0] < 100 {
				x.clicks("▲ cam04: ") // so that there is room for the cause
			} else {
				x.clicks("camera cam04 gives no")
			}
			x.sees("lasted")
			x.clicks("! alerts") // back
			x.keys("0")          // for which the last line has no room at 80x24
			x.sees("cameras, by trouble")
			x.clicks("latency")
			x.sees("cameras, by latency")
			x.keys("0")
			x.sees("on/off") // the footer of the panes, where "? help" is elsewhere
			x.clicks("? help")
			x.clicks("attach a detector")
			x.sees("or a first letter")
			x.clicks("enter choose")
			x.sees("(1/")
			x.clicks("esc cancel")
			x.clicks("q quit")
			asked := false
			wait(t, patience, "the end, or a question", func() bool {
				s := x.screen()
				if strings.Contains(s, "Quit anyway?") && !asked {
					asked = true
					x.clicks("y yes")
				}
				return strings.Contains(s, "ended 0")
			})
		})
	}
}
