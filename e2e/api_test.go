package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const apiConfig = `
[runtime]
nice = 0

[clips]
dir = "clips"
before = "300ms"
after = "300ms"

[control]
listen = "127.0.0.1:0"

[[camera]]
name = "door"
source = "synthetic:street"

[[camera]]
name = "gate"
source = "rtsp://127.0.0.1:1/none"

[[detector]]
name = "motion"
kind = "motion"

[[rule]]
event = "seen"
when = "motion >= 0"
cooldown = "1h"
active = ["mon-sun 00:00-24:00"]

[metrics]
listen = ""
`

var (
	shown = regexp.MustCompile("`(api [^`]+)`")
	apiAt = regexp.MustCompile(`the API is served" address=(127\.0\.0\.1:\d+)`)
)

// Each command of docs/api.md does what it is shown for, and so do the example clients.
func TestDocumentedCommands(t *testing.T) {
	tool(t, "curl", "curl")
	page := read(t, filepath.Join("..", "docs", "api.md"))
	dir := t.TempDir()
	d := startDaemon(t, runtimeDir(t), dir, apiConfig)
	var clips struct {
		Clips []struct {
			EventID string `json:"event_id"`
		}
	}
	wait(t, patience, "a clip and an alert", func() bool {
		out, _, _ := d.curl(dir, "api /clips && api /alerts | grep -q gate", "")
		err := json.NewDecoder(strings.NewReader(out)).Decode(&clips)
		return err == nil && len(clips.Clips) > 0
	})
	for language, file := range map[string]string{"python": "events.py", "ts": "events.ts", "go": "main.go"} {
		t.Run(language, func(t *testing.T) { d.client(t, language, read(t, filepath.Join("..", "examples", "clients", file))) })
	}
	commands, stop := shown.FindAllStringSubmatch(page, -1), ""
	if len(commands) < 30 {
		t.Fatalf("docs/api.md shows only %d commands", len(commands))
	}
	for _, c := range commands {
		if strings.HasPrefix(c[1], "api /stop") {
			stop = c[1]
			continue
		}
		if out, problem, ok := d.curl(dir, c[1], clips.Clips[0].EventID); !ok {
			t.Errorf("%s: %s%s", c[1], tail(out), problem)
		}
	}
	if _, problem, ok := d.curl(dir, stop, ""); !ok {
		t.Errorf("%s: %s", stop, problem)
	}
	if status := d.status(patience); status != 0 {
		t.Errorf("it ended with status %d", status)
	}
}

// curl runs a command of docs/api.md. Streams end after a while.
func (d *daemon) curl(dir, command, event string) (out, problem string, ok bool) {
	d.t.Helper()
	script := `api() {
		curl -sS --fail-with-body --max-time 20 --unix-socket "` + d.socket() + `" "http://rvo/api$@" && return
		status=$?
		case "$*" in *' -N'*) [ $status = 28 ] && return ;; esac
		return $status
	}
	EVENT=` + event + `
	` + strings.Replace(command, " -N", " --max-time 2 -N", 1)
	cmd := exec.CommandContext(d.t.Context(), "sh", "-c", script)
	var stdout, stderr strings.Builder
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	err := cmd.Run()
	return stdout.String(), stderr.String(), err == nil
}

// client runs an example client and waits for an event.
func (d *daemon) client(t *testing.T, language, text string) {
	at := apiAt.FindStringSubmatch(d.stderr.String())
	if at == nil {
		t.Fatal("there is no address")
	}
	text = strings.Replace(text, "127.0.0.1:7443", at[1], 1)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	var command []string
	compile := func(args ...string) {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	file := filepath.Join(t.TempDir(), "client")
	switch language {
	case "python":
		command = []string{tool(t, "python3", "python3"), "-c", text}
	case "ts":
		const tsc = "../sdk/typescript/node_modules/typescript/bin/tsc"
		if _, err := os.Stat(tsc); err != nil {
			t.Skip("TypeScript is missing: run sdk/build.sh node")
		}
		command = []string{tool(t, "node", "nodejs"), file + ".mjs"}
		write(t, file+".mts", text)
		compile(command[0], tsc, "--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom,dom.iterable,dom.asynciterable", file+".mts")
	case "go":
		command = []string{file, d.socket()}
		write(t, file+".go", text)
		compile("go", "build", "-o", file, file+".go")
	}
	var out output
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cancel(); _ = cmd.Wait() }()
	wait(t, patience, "an event", func() bool {
		d.curl("", "api /cameras/door/rules/seen/disable -X POST; api /cameras/door/rules/seen/enable -X POST", "")
		return strings.Contains(out.String(), "door seen confirmed")
	})
}
