package child

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
)

// build builds the program of testdata/service.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "service")
	if out, err := exec.Command("go", "build", "-o", program, "./testdata/service").CombinedOutput(); err != nil {
		t.Fatalf("build the service: %v\n%s", err, out)
	}
	return program
}

func TestCommands(t *testing.T) {
	program := build(t)
	dir := t.TempDir()
	file := func(name string, mode os.FileMode, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Setenv("DOOR_PASSWORD", "hunter2")
	signal.Ignore(syscall.SIGPIPE)
	defer signal.Reset(syscall.SIGPIPE)

	t.Run("serve", func(t *testing.T) {
		p, log := pool(t, Options{})
		cfg := detectors.Config{Kind: "command", Options: commandOptions{Command: []string{program, "serve"}, Sending: remote.Sending{MaxWidth: 32}}}
		d, again := open(t, p, cfg), open(t, p, cfg)
		for _, d := range []detectors.Detector{d, again} {
			out, err := look(t, d, "yard", 0, patience)
			if err != nil || len(out) != 1 || out[0].Signal != "a" || out[0].Value != 32 {
				t.Errorf("it answers %v, %v; want 32", out, err)
			}
		}
		eventually(t, "the service told what it sees of us", func() bool { return strings.Contains(log.String(), "says=secret") })
		text := log.String()
		if strings.Contains(text, "hunter2") {
			t.Errorf("the service got a secret:\n%s", text)
		}
		_, mask, _ := strings.Cut(text, "SigIgn: ")
		ignored, err := strconv.ParseUint(mask[:min(16, len(mask))], 16, 64)
		if err != nil || ignored&(1<<(syscall.SIGPIPE-1)) != 0 {
			t.Errorf("the service ignores the signals %x (%v), SIGPIPE among them", ignored, err)
		}
		if n := strings.Count(text, "detector process runs"); n != 1 {
			t.Errorf("%d processes were started, want 1", n)
		}
	})
	for _, tt := range []struct {
		name    string
		command []string
		opens   bool
		reasons []detectors.Reason
		text    string
	}{
		{"nan", []string{program, "nan"}, true, []detectors.Reason{remote.ReasonNaN}, "NaN"},
		{"garbage", []string{program, "noise"}, true, []detectors.Reason{remote.ReasonGarbage}, "not from a model service"},
		{"deaf", []string{program, "deaf"}, false, []detectors.Reason{ReasonStart}, "did not listen on its socket within 2s"},
		{"ends", []string{"/bin/false"}, false, []detectors.Reason{ReasonCrashed}, "exit status 1"},
		{"absent", []string{"/no/such/program"}, false, []detectors.Reason{ReasonStart}, "start program \"/no/such/program\": no such file or directory: correct command"},
		{"no permission", []string{file("plain", 0o644, "#!/bin/sh\n")}, false, []detectors.Reason{ReasonStart}, "permission denied: make it executable"},
		{"a directory", []string{t.TempDir()}, false, []detectors.Reason{ReasonStart}, "is a directory: correct command"},
		{"not on the path", []string{"no-such-program"}, false, []detectors.Reason{ReasonStart}, "start program \"no-such-program\": executable file not found in $PATH: correct command"},
		{"no program", []string{file("text", 0o755, "hello")}, false, []detectors.Reason{ReasonStart}, "exec format error: begin the script with #!"},
		{"no interpreter", []string{file("script", 0o755, "#!/no/such/interpreter\n")}, false, []detectors.Reason{ReasonStart}, "interpreter"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := Options{StartTimeout: patience}
			if tt.name == "deaf" {
				opts.StartTimeout = 2 * time.Second
			}
			p, _ := pool(t, opts)
			cfg := detectors.Config{Kind: "command", Options: commandOptions{Command: tt.command}}
			d, err := try(t, p, cfg)
			if tt.opens {
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { d.Close() })
				_, err = look(t, d, "yard", 0, patience)
			}
			if !slices.Contains(tt.reasons, detectors.ReasonOf(err)) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("%s: %v; want %v: %s", detectors.ReasonOf(err), err, tt.reasons, tt.text)
			}
		})
	}
}

// Stopping the program does not wait for a slow process.
func TestStopEndsWaits(t *testing.T) {
	p, log := pool(t, Options{})
	kinds := detectors.Kinds{"command": Kind(p)}
	cfg := fill(t, kinds, detectors.Config{Name: "a", Kind: "command", Options: commandOptions{Command: []string{"/bin/sleep", "1000"}}})
	opened := make(chan error, 1)
	go func() {
		_, err := kinds["command"].New(cfg)
		opened <- err
	}()
	eventually(t, "its process is being started", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.processes) == 1
	})
	p.Stop()
	select {
	case err := <-opened:
		if !errors.Is(err, errStopping) {
			t.Errorf("it opens with %v, want %v\n%s", err, errStopping, log)
		}
	case <-time.After(patience):
		t.Fatal("the program does not get on")
	}
	if _, err := kinds["command"].New(cfg); !errors.Is(err, errStopping) {
		t.Errorf("it opens with %v, want %v", err, errStopping)
	}
}

func TestCommandIsChecked(t *testing.T) {
	kinds := detectors.Kinds{"command": Kind(new(Pool))}
	for _, tt := range []struct {
		cfg  detectors.Config
		want string
	}{
		{detectors.Config{Options: commandOptions{Command: []string{"a"}}}, ""},
		{detectors.Config{}, "command: is missing"},
		{detectors.Config{Options: commandOptions{Command: []string{""}}}, "command: cannot be started"},
		{detectors.Config{Options: commandOptions{Command: []string{"a", "\x00"}}}, "command: cannot be started"},
		{detectors.Config{Isolation: detectors.NoIsolation, Options: commandOptions{Command: []string{"a"}}}, "isolation: "},
		{detectors.Config{Execution: detectors.Inline, Options: commandOptions{Command: []string{"a"}}}, "execution: "},
		{detectors.Config{Options: commandOptions{Command: []string{"a"}, Sending: remote.Sending{Format: "gif"}}}, "format: "},
		{detectors.Config{Options: commandOptions{Command: []string{"a"}, Sending: remote.Sending{MaxWidth: 1}}}, "max_width: "},
		{detectors.Config{Options: commandOptions{Command: []string{"a"}, Sending: remote.Sending{Signals: []string{"1"}}}}, "signals: "},
	} {
		var got []string
		tt.cfg.Name, tt.cfg.Kind = "a", "command"
		tt.cfg.Validate(kinds, func(key, problem string) { got = append(got, key+": "+problem) })
		if (tt.want == "") != (len(got) == 0) || len(got) > 0 && !strings.HasPrefix(got[0], tt.want) {
			t.Errorf("%+v: problems %q, want %q", tt.cfg, got, tt.want)
		}
	}
}
