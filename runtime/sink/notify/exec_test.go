package notify

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rvo-tui/internal/text"
	"rvo-tui/runtime/sink/outbox"
)

func execOf(t *testing.T, script string, change func(c *Config)) outbox.Output {
	t.Helper()
	return newSender(t, config("exec", func(c *Config) {
		c.Command = []string{"/bin/sh", "-c", script}
		if change != nil {
			change(c)
		}
	}))
}

func TestExec(t *testing.T) {
	t.Setenv("SOME_SECRET", "sesame")
	dir := t.TempDir()
	o := execOf(t, `cat > "$0/in"; env > "$0/env"; echo done`, func(c *Config) {
		c.Command = append(c.Command, dir)
		c.Attach = outbox.AttachThumb
	})
	must(t, send(t, o, withClip(t, delivery())))
	in, err := os.ReadFile(filepath.Join(dir, "in"))
	must(t, err)
	var b body
	must(t, json.Unmarshal(in, &b))
	if b.Type != "event.confirmed" || b.Data.Clip == nil || b.Data.Clip.Movie != "clip.mp4" {
		t.Errorf("it read %s", in)
	}
	env, err := os.ReadFile(filepath.Join(dir, "env"))
	must(t, err)
	if strings.Contains(string(env), "sesame") || !strings.Contains(string(env), "PATH=") {
		t.Errorf("its environment:\n%s", env)
	}
	if o.To != "exec sh" {
		t.Errorf("shown as %q", o.To)
	}
}

func TestExecFails(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"a status", "echo out of order; exit 3", "the program ended with exit status 3: out of order"},
		{"no words", "exit 1", "the program ended with exit status 1"},
		{"too much memory", `exec python3 -c "x = bytearray(2<<30)"`, "MemoryError"},
		{"not a shell", "", ""},
	}
	for _, tt := range tests[:3] {
		o := execOf(t, tt.script, nil)
		if err := send(t, o, delivery()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	o := newSender(t, config("exec", func(c *Config) { c.Command = []string{"/nonexistent; echo x"} }))
	if err := send(t, o, delivery()); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("no program: %v", err)
	}
}

// A program that hangs is killed with its children, and one that does not read its input or
// leaves children behind blocks nothing.
func TestExecIsBounded(t *testing.T) {
	dir := t.TempDir()
	mark := filepath.Join(dir, "mark")
	o := execOf(t, `(sleep 2; touch "$0") & sleep 60`, func(c *Config) {
		c.Command, c.Timeout = append(c.Command, mark), text.Duration(300*time.Millisecond)
	})
	began := time.Now()
	err := send(t, o, delivery())
	if err == nil || !strings.Contains(err.Error(), "no answer within 300ms") || time.Since(began) > 20*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
	must(t, send(t, execOf(t, "exec 0<&-; exit 0", nil), delivery()))
	must(t, send(t, execOf(t, "sleep 60 & exit 0", nil), delivery()))
	if _, err := os.Stat(mark); err == nil {
		t.Error("what it started outlived it")
	}
}
