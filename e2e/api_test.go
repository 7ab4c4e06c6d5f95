package e2e

import (
	"context"
	"encoding/json"
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

[metrics]
listen = ""
`

var (
	shown = regexp.MustCompile("`(api [^`]+)`")
	block = regexp.MustCompile("(?s)```python\n(.*?)```")
	apiAt = regexp.MustCompile(`the API is served" address=(127\.0\.0\.1:\d+)`)
)

// Each command of docs/api.md does what it is shown for, and so does its client in
// Python.
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
	t.Run("Python", func(t *testing.T) { d.python(t, page) })
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

// python runs the client in Python, and has an event come.
func (d *daemon) python(t *testing.T, page string) {
	tool(t, "python3", "python3")
	at := apiAt.FindStringSubmatch(d.stderr.String())
	text := block.FindStringSubmatch(page)
	if at == nil || text == nil {
		t.Fatal("there is no address, or no client")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "python3", "-c", strings.Replace(text[1], "127.0.0.1:7443", at[1], 1))
	var out output
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
