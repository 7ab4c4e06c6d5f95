package e2e

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// record starts to record everything written to the terminal.
func (x *terminal) record() (file string) {
	x.t.Helper()
	file = filepath.Join(x.dir, "written")
	x.tmux("pipe-pane", "-t", "t", "cat >>"+file)
	return file
}

// look returns the screen of the terminal, with and without colours.
func (x *terminal) look(out *sieve, where string) {
	x.t.Helper()
	out.take(where, x.screen(), "rvo-tui")
	out.take(where+", in colour", x.tmux("capture-pane", "-e", "-p", "-t", "t"), "\x1b[")
}

// boxes waits until a number of panes is on the screen, and returns it.
func (x *terminal) boxes(n int) string {
	x.t.Helper()
	screen := ""
	wait(x.t, patience, fmt.Sprintf("%d frames on the screen", n), func() bool {
		screen = x.screen()
		return strings.Count(screen, "╭") == n
	})
	return screen
}

// alone matches the title of a pane that fills the screen.
var alone = regexp.MustCompile(`(?m)^╭─ ([A-Z][a-z]+)`)

// tour opens every pane of a dashboard in full screen, and the details of some rows.
func (x *terminal) tour(out *sieve, whose string) {
	x.t.Helper()
	x.look(out, whose)
	x.keys("z")
	title := alone.FindStringSubmatch(x.boxes(1))
	for seen := map[string]bool{}; ; {
		if title == nil {
			x.t.Fatalf("a pane without a title")
		}
		if seen[title[1]] {
			if len(seen) != 9 {
				x.t.Errorf("%d panes: %v", len(seen), seen)
			}
			break
		}
		seen[title[1]] = true
		where := whose + ", " + title[1]
		x.look(out, where)
		rows := 0
		if title[1] == "Events" || title[1] == "Log" {
			rows = 4
		}
		for range rows {
			x.keys("Enter")
			x.boxes(2)
			x.look(out, where+", a row")
			x.keys("Escape")
			x.boxes(1)
			x.keys("k")
		}
		x.keys("Tab")
		wait(x.t, patience, "the next pane", func() bool {
			next := alone.FindStringSubmatch(x.screen())
			moved := next != nil && next[1] != title[1]
			if moved {
				title = next
			}
			return moved
		})
	}
	x.keys("?")
	x.sees("disable the selected detector")
	x.look(out, whose+", help")
	x.keys("Escape")
	wait(x.t, patience, "the end of the help", func() bool { return !strings.Contains(x.screen(), "disable the selected detector") })
	x.boxes(1)
	x.keys("z")
	wait(x.t, patience, "all panes", func() bool { return strings.Count(x.screen(), "╭") > 5 })
}

// shell runs the program in the terminal, with a hidden environment. It is the child of a script,
// because tmux and the shell would notice at once if their own child were stopped.
func (x *terminal) shell(env []string, args ...string) {
	x.t.Helper()
	script := "echo $$ >pid\nRVO_CONFIG=; XDG_STATE_HOME=$PWD/state; export RVO_CONFIG XDG_STATE_HOME\n"
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		script += name + "=" + quote(value) + "; export " + name + "\n"
	}
	script += quote(binary)
	for _, a := range args {
		script += " " + quote(a)
	}
	write(x.t, filepath.Join(x.dir, "begin"), script+"\necho en\"\"ded $?\n")
	x.text("sh begin")
	x.keys("Enter")
}

// canaryConnect opens the dashboard of the daemon with the read-only token and with a wrong one.
func canaryConnect(d *daemon, out *sieve, addr, cert string) {
	d.t.Helper()
	x := newTerminal(d.t, 200, 50)
	x.shell([]string{"RVO_TOKEN=" + secretReading}, "connect", addr, "--tls-ca", cert)
	x.sees("(read-only)")
	x.sees("door")
	written := x.record()
	x.tour(out, "connect")
	x.keys("q")
	x.sees("ended 0")
	out.take("what connect wrote", read(d.t, written), "door")
	x.shell([]string{"RVO_TOKEN=" + mark + "-nobodys-token"}, "connect", addr, "--tls-ca", cert)
	x.sees("ended 1")
	out.take("connect with a wrong token", x.screen(), "token")
}

// canaryDashboard opens the dashboard of its own program, and types secrets into it.
func canaryDashboard(t testing.TB, out *sieve, w canaryWorld) {
	t.Helper()
	x := newTerminal(t, 200, 50)
	config := w.config + "[control]\nsocket = \"\"\n"
	write(t, filepath.Join(x.dir, "rvo.toml"), config)
	x.shell(w.env, "--log-file", "log", "--log-level", "debug", "--event-log", "events", "--metrics-listen", "")
	x.sees("far")
	x.keys("!")
	x.sees("nobody is known by")
	x.look(out, "the dashboard, alerts")
	x.keys("Escape")
	wait(x.t, patience, "all panes", func() bool { return strings.Count(x.screen(), "╭") > 5 })
	for _, text := range w.names {
		wait(t, patience, text+" in the log", func() bool {
			return strings.Contains(read(t, filepath.Join(x.dir, "log")), text)
		})
	}
	wait(t, patience, "an event", func() bool { return read(t, filepath.Join(x.dir, "events")) != "" })
	written := x.record()
	x.tour(out, "the dashboard")

	x.text(":")
	x.text("add_camera yard rtsp://joe:" + secretAdded + "@" + w.far + "/x")
	x.keys("Enter")
	x.sees("done: add_camera yard")
	x.look(out, "a command that was given")
	x.text(":")
	x.text("disable motion --camera all")
	x.keys("Enter")
	x.sees("done: disable motion --camera all")
	x.text(":")
	x.keys("Up")
	x.sees(":disable motion --camera all")
	x.keys("Up") // there is none before
	x.look(out, "the line before")
	out.take("the history of commands", read(t, filepath.Join(x.dir, "state/rvo-tui/dashboard.json")), "disable motion")
	x.keys("Escape")
	wait(t, patience, "the end of the palette", func() bool { return !strings.Contains(x.screen(), ":disable motion --camera all") })

	x.keys("A")
	x.sees("Add a camera")
	x.keys("BTab")
	x.text("rtsp://joe:" + secretAdded + "@" + w.far + "/y")
	x.sees("rtsp://joe:" + strings.Repeat("*", len(secretAdded)) + "@" + w.far + "/y")
	x.look(out, "an address that is typed")
	x.keys("Enter")
	x.sees("connection refused")
	x.look(out, "an address that was tried")
	x.keys("Escape")
	wait(t, patience, "the end of the form", func() bool { return !strings.Contains(x.screen(), "Add a camera") })
	x.tour(out, "the dashboard thereafter")
	x.keys("s")
	x.sees("screen saved to")
	x.keys("q")
	wait(t, patience, "the end", func() bool {
		if strings.Contains(x.screen(), "Clips are being written") {
			x.keys("y")
		}
		return strings.Contains(x.screen(), "ended 0")
	})
	out.take("the terminal after the dashboard", x.screen(), "ended 0")
	out.take("what the dashboard wrote", read(t, written), "door")
	out.take("the log file", read(t, filepath.Join(x.dir, "log")), "camera")
	if found := out.files(x.dir, "rvo.toml", "begin"); found[".txt"] == 0 || found[".json"] == 0 {
		t.Errorf("files checked: %v", found)
	}
}

// canaryProblems gives the program invalid input, and runs its commands.
func canaryProblems(t testing.TB, out *sieve, w canaryWorld) {
	t.Helper()
	try := func(config string, wanted int, holds string, args ...string) {
		t.Helper()
		p := run(t, setup{config: config, env: w.env, args: args}, patience)
		if status := p.status(0); status != wanted {
			t.Errorf("%v: status %d, %s%s", args, status, p.stdout, p.stderr)
		}
		out.take(fmt.Sprintf("what %v says of %q", args, strings.ReplaceAll(config, mark, "…")), p.stdout.String()+p.stderr.String(), holds)
	}
	try(w.config, 2, "nobody is known by", "check") // the service refuses the token of a detector
	try(w.config, 0, "--camera-uri", "--help")
	try(w.config, 0, "rvo-tui", "--version")
	const camera = "[[camera]]\nname = \"door\"\nsource = "
	for _, bad := range []string{
		camera + `"ftp://joe:` + secretWrong + `@h/x"`,
		camera + `"rtsp:/joe:` + secretWrong + `@h/x"`,
		camera + `"rtsp://joe:` + secretWrong + `@h:99999/x"`,
		camera + `"rtsp://joe:` + secretWrong + `%zz@h/x?token=` + secretQuery + `"`,
		camera + `"rtsp://joe:${FAR}@/x"`,
		camera + `"${SPARE}://joe:${FAR}@h/x"`,
		camera + `"device:${SPARE}"`,
		camera + `"synthetic:${SPARE}"`,
		camera + `"rtsp://joe:` + secretWrong + `${@h/x"`,
		camera + `"rtsp://joe:` + secretWrong + `@h/x`,         // not closed
		camera + `"rtsp://joe:` + secretWrong + `@h/x" "more"`, // no TOML
		camera + `["rtsp://joe:` + secretWrong + `@h/x"]`,
		camera + "\"synthetic:street\"\nfps = \"${SPARE}\"",
		camera + "\"synthetic:street\"\ntransport = \"${SPARE}\"",
		camera + "\"synthetic:street\"\nopen_timeout = \"${SPARE}\"",
		camera + "\"synthetic:street\"\n[[detector]]\nname = \"a\"\nkind = \"${SPARE}\"",
		camera + "\"synthetic:street\"\n[[detector]]\nname = \"a\"\nkind = \"remote\"\nendpoint = \"http://joe:" + secretWrong + "@h:1\"",
		camera + "\"synthetic:street\"\n[[detector]]\nname = \"a\"\nkind = \"remote\"\nendpoint = \"h:1\"\ntoken = \"" + secretPlain + " \\u0007\"",
		camera + "\"synthetic:street\"\n[[detector]]\nname = \"a\"\nkind = \"motion\"\ntoken = \"" + secretPlain + "\"",
		camera + "\"synthetic:street\"\n[[detector]]\nname = \"a\"\nkind = \"motion\"\nneeds = [\"${SPARE} >\"]",
		camera + "\"synthetic:street\"\n[[rule]]\nevent = \"a\"\nwhen = \"${SPARE} > 1\"",
		camera + "\"synthetic:street\"\n[control]\nlisten = \"127.0.0.1:1\"\ntoken = \"" + mark + "\"",
		camera + "\"synthetic:street\"\n[control]\ntoken = [\"" + secretControl + "\"]\nread_token = \"" + secretControl + "\"",
		camera + "\"synthetic:street\"\n[control]\nlisten = \"${SPARE}\"\nendpoints = [\"http://joe:" + secretWrong + "@h:1\"]",
		camera + "\"synthetic:street\"\n[log]\nlevel = \"${SPARE}\"\n[metrics]\nlisten = \"${SPARE}\"",
		camera + "\"synthetic:street\"\n[ui]\nkeys = [\"${SPARE}\"]\ntheme = \"${SPARE}\"\n[runtime]\npolicy = \"${SPARE}\"",
	} {
		try(bad+"\n", 2, "rvo.toml", "check")
		try(bad+"\n", 2, "rvo.toml", "--no-ui", "--strict", "--metrics-listen", "")
	}
	for _, args := range [][]string{
		{"--camera-uri", "ftp://joe:" + secretWrong + "@h/x", "--no-ui"},
		{"--camera-uri", "rtsp://joe:" + secretWrong + "@h:99999/x?token=" + secretQuery, "--no-ui"},
		{"--detector", "http://joe:" + secretWrong + "@h:1=Seen", "--no-ui"},
	} {
		try("", 2, args[0], args...)
	}
}
