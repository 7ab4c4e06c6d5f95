package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Its clips get their share of a busy machine.
const daemonConfig = `
[runtime]
nice = 0

[[camera]]
name = "street"
source = "synthetic:street"

[[detector]]
name = "motion"
kind = "motion"

[[rule]]
event = "moved"
when = "motion > 0.001"

[metrics]
listen = ""
`

// daemon is a program without a dashboard, and its clients, which use the socket in their own
// directory.
type daemon struct {
	*program
	run string // XDG_RUNTIME_DIR
}

func startDaemon(t testing.TB, run, dir, config string, args ...string) *daemon {
	t.Helper()
	d := &daemon{run: run}
	d.program = start(t, setup{dir: dir, config: config, args: append([]string{"--no-ui"}, args...), env: []string{"XDG_RUNTIME_DIR=" + run}})
	d.logs("the API is served", patience)
	d.logs("camera live", patience)
	return d
}

// socket returns the path of its socket.
func (d *daemon) socket() string { return filepath.Join(d.run, "rvo-tui", "control.sock") }

// ctl runs a command of ctl and returns its output and exit status.
func (d *daemon) ctl(args ...string) (out, problem string, status int) {
	d.t.Helper()
	return d.as(nil, args...)
}

func (d *daemon) as(env []string, args ...string) (out, problem string, status int) {
	d.t.Helper()
	p := run(d.t, setup{args: append([]string{"ctl"}, args...), env: append([]string{"XDG_RUNTIME_DIR=" + d.run}, env...)}, patience)
	return p.stdout.String(), p.stderr.String(), p.status(0)
}

// state is the part of a snapshot that tests use.
type state struct {
	Cameras []struct {
		Name, State string
		Frames      uint64
		Superseded  uint64
		Detectors   []struct {
			Name, State string
			Spec        struct{ Name string }
			MaxFPS      float64 `json:"max_fps"`
		}
		Rules []struct {
			Event  string
			Status struct{ State string }
		}
	}
}

func (d *daemon) state() state {
	d.t.Helper()
	out, problem, status := d.ctl("status", "--json")
	var s state
	if err := json.Unmarshal([]byte(out), &s); err != nil || status != 0 {
		d.t.Fatalf("status %d, %v: %s%s", status, err, out, problem)
	}
	return s
}

func TestCtlDoesEachCommand(t *testing.T) {
	d := startDaemon(t, runtimeDir(t), "", daemonConfig)
	for _, c := range []struct {
		line string
		want string                  // part of the output
		then func(s state) (ok bool) // how things stand afterwards
	}{
		{"attach dummy name=seen max_fps=7", "", func(s state) bool { return len(s.Cameras[0].Detectors) == 2 }},
		{"set_rate seen 3 --camera street", "", nil},
		{"disable seen", "", func(s state) bool { return s.Cameras[0].Detectors[1].State == "disabled" }},
		{"enable seen", "", func(s state) bool { return s.Cameras[0].Detectors[1].State != "disabled" }},
		{"detach seen", "", func(s state) bool { return len(s.Cameras[0].Detectors) == 1 }},
		{"add_camera yard synthetic:empty fps=5", "", func(s state) bool { return len(s.Cameras) == 2 && s.Cameras[1].Name == "yard" }},
		{"pause --camera yard", "", func(s state) bool { return s.Cameras[1].State == "paused" && s.Cameras[0].State == "live" }},
		{"resume --camera yard", "", func(s state) bool { return s.Cameras[1].State == "live" }},
		{"remove_camera yard", "", func(s state) bool { return len(s.Cameras) == 1 }},
		{"rule_off moved", "", func(s state) bool { return s.Cameras[0].Rules[0].Status.State == "disabled" }},
		{"rule_on moved", "", func(s state) bool { return s.Cameras[0].Rules[0].Status.State != "disabled" }},
		{"clip --camera street", "", nil},
		{"reload", "", nil},
		{"reload --json", `{"ok":true}`, nil},
		{"status", "CAMERA  DETECTOR", nil},
		{"log", "API command", nil},
		{"log --json", `"seq":1`, nil},
	} {
		out, problem, status := d.ctl(strings.Fields(c.line)...)
		if status != 0 || !strings.Contains(out, c.want) || problem != "" {
			t.Errorf("ctl %s: status %d, printed %q, %q", c.line, status, tail(out), problem)
			continue
		}
		if c.then != nil {
			wait(t, patience, "the effect of "+c.line, func() bool { return c.then(d.state()) })
		}
	}
	wait(t, patience, "an event", func() bool {
		out, _, _ := d.ctl("events", "--json")
		return strings.Contains(out, `"event_type":"moved"`)
	})
	wait(t, 2*patience, "a clip", func() bool {
		out, _, _ := d.ctl("clips")
		return strings.Contains(out, "clip.")
	})
	for _, c := range []struct {
		line   string
		status int
		want   string
	}{
		{"detach nobody", 1, "no such detector"},
		{"pause --camera nowhere", 1, `no such camera "nowhere"; existing cameras: street`},
		{"add_camera f /etc/passwd", 1, "files cannot be chosen over the API"},
		{"attach command name=c command=/bin/true", 1, "cannot be chosen over the API"},
		{"attach remote name=r endpoint=models.example:1", 1, "allow it with control.endpoints"},
		{"attach motion name=m max_fsp=1", 2, `did you mean "max_fps"?`},
		{"fly", 2, "unexpected argument fly"},
	} {
		for _, asJSON := range []bool{false, true} {
			args := strings.Fields(c.line)
			if asJSON && args[0] != "fly" {
				args = append(args, "--json")
			}
			out, problem, status := d.ctl(args...)
			if status != c.status || !strings.Contains(strings.ReplaceAll(out+problem, `\"`, `"`), c.want) {
				t.Errorf("ctl %v: status %d, printed %q, %q; want %d and %q", args, status, out, problem, c.status, c.want)
			}
		}
	}
	write(t, filepath.Join(d.dir, "rvo.toml"), "[[camera]]\nname = 1\n")
	if _, problem, status := d.ctl("reload"); status != 1 || !strings.Contains(problem, "name: must be a text") {
		t.Errorf("a configuration that is not valid: status %d, %q", status, problem)
	}
	d.stop()
	if _, problem, status := d.ctl("status", "--addr", d.socket()); status != 1 || !strings.Contains(problem, "no rvo-tui answers at "+d.socket()) {
		t.Errorf("no program: status %d, %q", status, problem)
	}
}

func TestCtlFollowsUntilItIsInterrupted(t *testing.T) {
	d := startDaemon(t, runtimeDir(t), "", daemonConfig)
	follow := func(args ...string) *program {
		return start(t, setup{args: append([]string{"ctl"}, args...), env: []string{"XDG_RUNTIME_DIR=" + d.run}})
	}
	log, states, events := follow("log", "--follow"), follow("watch", "--json", "--rate", "5"), follow("events", "-f", "--json")
	log.until(patience, "the log so far", func() bool { return strings.Contains(log.stdout.String(), "started") })
	d.ctl("pause", "--camera", "all")
	d.ctl("resume", "--camera", "all")
	log.until(patience, "what is logged now", func() bool { return strings.Contains(log.stdout.String(), "verb=resume") })
	states.until(patience, "snapshots", func() bool { return len(states.stdout.lines()) >= 5 })
	events.until(patience, "an event", func() bool { return len(events.stdout.lines()) > 0 })
	for _, line := range states.stdout.lines() {
		var s state
		if err := json.Unmarshal([]byte(line), &s); err != nil || len(s.Cameras) != 1 {
			t.Fatalf("%v: %s", err, line)
		}
	}
	log.signal(syscall.SIGINT)
	if status := log.status(patience); status != 0 {
		t.Errorf("status %d after SIGINT", status)
	}
	d.stop()
	for _, p := range []*program{states, events} {
		status := p.status(patience)
		if lines := p.stdout.lines(); status != 1 || !strings.HasPrefix(lines[len(lines)-1], `{"error":`) {
			t.Errorf("status %d after the end of the program, last line %s", status, lines[len(lines)-1])
		}
	}
}

// connect opens the dashboard of a running program in the terminal.
func (x *terminal) connect(env string, args ...string) {
	x.t.Helper()
	x.text(fmt.Sprintf("stty -g >before; echo $$ >pid; RVO_CONFIG= %s %s connect %s; echo ended $?; stty -g >after; echo sa\"\"id", env, binary, strings.Join(args, " ")))
	x.keys("Enter")
}

// The reader of ctl's output may stop early, like head.
func TestCtlEndsWithItsReader(t *testing.T) {
	d := startDaemon(t, runtimeDir(t), "", daemonConfig)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	watch := exec.CommandContext(ctx, binary, "ctl", "watch", "--rate", "20", "--addr", d.socket())
	var problem strings.Builder
	watch.Stderr = &problem
	out, err := watch.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 64)); err != nil {
		t.Errorf("it prints nothing: %v", err)
	}
	out.Close()
	if err := watch.Wait(); err != nil || problem.Len() > 0 {
		t.Errorf("it ends with %v and says %q", err, problem.String())
	}
}

func TestConnectSurvivesARestart(t *testing.T) {
	run, dir := runtimeDir(t), t.TempDir()
	d := startDaemon(t, run, dir, daemonConfig)
	one, two := newTerminal(t, 120, 40), newTerminal(t, 110, 38)
	one.connect("XDG_RUNTIME_DIR=" + run)
	two.connect("XDG_RUNTIME_DIR=" + run)
	for _, x := range []*terminal{one, two} {
		x.sees("street")
		x.sees("motion   running")
	}
	one.keys("Space")
	one.sees("motion is disabled")
	one.sees("motion   disabled") // so that the key means "enable" now
	two.sees("motion   disabled")
	one.keys("Space")
	two.sees("motion   running")

	_ = d.cmd.Process.Kill()
	<-d.done
	longer := regexp.MustCompile(`connection lost ([2-9]|\d\d+) s`)
	wait(t, patience, "how long the link has been lost", func() bool { return longer.MatchString(one.screen()) })
	two.sees("no rvo-tui answers")
	one.sees("─ stale ─")
	one.keys("Space")
	one.sees("not connected: nothing can be changed")
	one.sees("street") // the last known state stays

	again := startDaemon(t, run, dir, daemonConfig+"\n[[rule]]\nevent = \"anew\"\nwhen = \"motion > 2\"\n")
	for _, x := range []*terminal{one, two} {
		wait(t, patience, "what the other program does, and nothing old", func() bool {
			screen := x.screen()
			return strings.Contains(screen, "anew") && strings.Contains(screen, "motion   running") && !strings.Contains(screen, "─ stale ─")
		})
	}
	if n := strings.Count(one.screen(), "started config"); n > 2 {
		t.Errorf("%d lines tell of the start of two programs", n)
	}
	one.keys("q") // does not ask, though clips are being written
	one.restored()
	two.keys("c")
	two.sees("being saved")
	two.signal(syscall.SIGTERM)
	two.restored()
	again.stop() // it has run on
}

func TestConnectWaitsForAProgram(t *testing.T) {
	run := runtimeDir(t)
	x := newTerminal(t, 120, 40)
	x.connect("", "--ascii", filepath.Join(run, "rvo-tui", "control.sock"))
	x.sees("connecting to " + run)
	x.sees("no rvo-tui answers")
	startDaemon(t, run, "", daemonConfig)
	x.sees("motion   running")
	x.keys("q")
	x.restored()
}

// A stopped dashboard, as after Ctrl-Z or in a dead SSH session, costs the program nothing: no
// frames, no growing memory, no delay for others.
func TestStoppedDashboardCostsNothing(t *testing.T) {
	// Frames kept for clips would hide a growth of memory.
	d := startDaemon(t, runtimeDir(t), "", strings.Replace(daemonConfig, "[[rule]]", "[[rule]]\nclip = false", 1))
	x := newTerminal(t, 120, 40)
	x.shell([]string{"XDG_RUNTIME_DIR=" + d.run}, "connect")
	x.sees("motion   running")
	pid := x.pid()
	dashboard := func(s syscall.Signal) {
		t.Helper()
		if err := syscall.Kill(pid, s); err != nil {
			t.Fatal(err)
		}
	}
	dashboard(syscall.SIGSTOP)
	wait(t, patience, "that it is stopped", func() bool { return halted(t, pid) })
	resident, before := d.resident(), d.state().Cameras[0]

	watch := start(t, setup{args: []string{"ctl", "watch", "--json", "--rate", "10"}, env: []string{"XDG_RUNTIME_DIR=" + d.run}})
	watch.until(2*patience, "50 snapshots beside the stopped dashboard", func() bool { return len(watch.stdout.lines()) >= 50 })
	// The frame rates depend on the machine; that frames continue does not.
	watch.until(2*patience, "60 frames to be seen beside the stopped dashboard", func() bool {
		now := d.state().Cameras[0]
		return now.Frames-before.Frames >= 60+now.Superseded-before.Superseded
	})
	if grown := d.resident() - resident; grown > 64<<20 {
		t.Errorf("%d MB more are in use with a stopped dashboard", grown>>20)
	}
	if _, problem, status := d.ctl("disable", "motion"); status != 0 {
		t.Errorf("a command with a stopped dashboard: status %d, %s", status, problem)
	}
	if !halted(t, pid) || strings.Contains(x.screen(), "motion   disabled") {
		t.Error("the dashboard was not stopped")
	}
	dashboard(syscall.SIGCONT)
	x.sees("motion   disabled")
	x.keys("q")
	wait(t, patience, "the end of the dashboard", func() bool { return ended(t, pid) })
	d.stop()
}

// resident returns the resident memory of a process in bytes.
func (d *daemon) resident() int64 {
	d.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", d.cmd.Process.Pid))
	if err != nil {
		d.t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		d.t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// Whoever starts another program is offered the running one.
func TestOfferToConnect(t *testing.T) {
	d := startDaemon(t, runtimeDir(t), "", daemonConfig)
	x := newTerminal(t, 120, 40)
	begin := func() {
		x.text("clear; echo cle\"\"ared")
		x.keys("Enter")
		wait(t, patience, "an empty screen", func() bool {
			screen := x.screen()
			return strings.Contains(screen, "cleared") && !strings.Contains(screen, "Connect to it?")
		})
		x.text(fmt.Sprintf("RVO_CONFIG= XDG_RUNTIME_DIR=%s %s --metrics-listen= ; echo en\"\"ded", d.run, binary))
		x.keys("Enter")
		x.sees(fmt.Sprintf("rvo-tui is running here (pid %d, up", d.cmd.Process.Pid))
		x.sees("cameras: street). Connect to it? [Y/n]")
	}
	begin()
	x.keys("Enter")
	x.sees("at " + hostname(t))
	x.sees("motion   running")
	x.keys("q")
	x.sees("ended")
	begin()
	x.keys("A", "Enter")
	x.sees("the API is not served")
	x.keys("q")

	p := start(t, setup{args: []string{"--no-ui", "--metrics-listen="}, env: []string{"XDG_RUNTIME_DIR=" + d.run}})
	p.logs("another rvo-tui is running here", patience)
	d.stop()
}

func hostname(t testing.TB) string {
	t.Helper()
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	return name
}
