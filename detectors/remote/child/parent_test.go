package child

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rvo-tui/detectors"
)

// parent opens a detector below the directory of its second argument, says so,
// and waits for what comes.
func parent() {
	p := NewPool(Options{Dir: os.Args[2], Log: slog.New(slog.DiscardHandler)})
	cfg := detectors.Config{Name: "a", Kind: "actor", Isolation: detectors.ProcessIsolation}
	kind := Wrap(testKinds(), p)["actor"]
	if _, err := kind.New(cfg.Fill(kind)); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	children, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, file := range children {
		text, _ := os.ReadFile(file)
		if pid := strings.TrimSpace(string(text)); pid != "" {
			fmt.Println(pid)
		}
	}
	select {}
}

func TestNothingOutlivesAKilledParent(t *testing.T) {
	base, err := os.MkdirTemp("", "c")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	cmd := exec.Command("/proc/self/exe", asParent, base)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	var pid int
	_, err = fmt.Sscan(line, &pid)
	if err != nil || gone(pid) {
		t.Errorf("the parent says %q, want the number of a process", line)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if t.Failed() {
		return
	}
	// Who inherits orphans may be slow to wait for them: what counts is that it
	// does not run.
	eventually(t, "the child is dead", func() bool {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		return err != nil || strings.Contains(string(status), "State:\tZ") || strings.Contains(string(status), "State:\tX")
	})

	left := directories(t, base)
	if len(left) != 1 {
		t.Fatalf("a killed parent leaves %v, want one directory", left)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(left[0], old, old); err != nil {
		t.Fatal(err)
	}
	first, err := makeDirectory(base)
	if err != nil {
		t.Fatal(err)
	}
	if got := directories(t, base); len(got) != 1 || got[0] != first.path {
		t.Errorf("there are %v, want only %s", got, first.path)
	}
	if err := os.Chtimes(first.path, old, old); err != nil {
		t.Fatal(err)
	}
	second, err := makeDirectory(base)
	if err != nil {
		t.Fatal(err)
	}
	if got := directories(t, base); len(got) != 2 {
		t.Errorf("a directory in use was removed: there are %v", got)
	}
	if s, err := os.Stat(second.path); err != nil || s.Mode().Perm() != 0o700 {
		t.Errorf("the directory has mode %v (%v), want 0700", s.Mode(), err)
	}
	for _, d := range []*directory{first, second} {
		if err := d.remove(); err != nil {
			t.Error(err)
		}
	}
	if got := directories(t, base); len(got) != 0 {
		t.Errorf("left are %v", got)
	}
}

func directories(t *testing.T, base string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(base, dirPattern))
	if err != nil {
		t.Fatal(err)
	}
	return found
}
