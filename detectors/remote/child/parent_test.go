package child

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"rvo-tui/detectors"
)

// parent opens a detector below the directory in its second argument, says so, and waits. With
// further arguments, the detector runs that command.
func parent() {
	p := NewPool(Options{Dir: os.Args[2], Log: slog.New(slog.DiscardHandler)})
	p.Tune(testNice, Tuning{OpenCVThreads: 1})
	cfg := detectors.Config{Name: "a", Kind: "actor", Isolation: detectors.ProcessIsolation}
	kind := Wrap(testKinds(), p)["actor"]
	if command := os.Args[3:]; len(command) > 0 {
		cfg, kind = detectors.Config{Name: "a", Kind: "command", Options: commandOptions{Command: command}}, Kind(p)
	}
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
		for pid := range strings.FieldsSeq(string(text)) {
			fmt.Println(pid)
		}
	}
	fmt.Println()
	select {}
}

// orphans starts a parent, kills it, and waits until everything that it had started has ended: a
// process, or a program with its children and its guard.
func orphans(t *testing.T, base string, command ...string) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", append([]string{asParent, base}, command...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	for in := bufio.NewScanner(out); in.Scan() && in.Text() != ""; {
		pid, err := strconv.Atoi(in.Text())
		if err != nil || gone(pid) {
			t.Errorf("the parent says %q, want the number of a process", in.Text())
		}
		pids = append(pids, pid)
		pids = append(pids, offspring(t, pid)...)
	}
	if want := 1 + 2*min(len(command), 1); len(pids) != want {
		t.Errorf("the parent has the processes %v, want %d", pids, want)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	for _, pid := range pids {
		// The reaper of orphans may be slow: what counts is that they do not run.
		eventually(t, "each child is dead", func() bool {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			return err != nil || strings.Contains(string(status), "State:\tZ") || strings.Contains(string(status), "State:\tX")
		})
	}
}

// offspring returns the children of a process with one thread.
func offspring(t *testing.T, pid int) (all []int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		t.Fatal(err)
	}
	for field := range strings.FieldsSeq(string(text)) {
		child, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, child)
	}
	return all
}

// Children that a program starts get no signal when the parent is killed.
func TestNothingOfACommandOutlivesAKilledParent(t *testing.T) {
	program := build(t)
	base, err := os.MkdirTemp("", "c")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	orphans(t, base, "/bin/sh", "-c", `"$1" serve </dev/null & wait; exit 1`, "sh", program)
}

func TestNothingOutlivesAKilledParent(t *testing.T) {
	base, err := os.MkdirTemp("", "c")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	orphans(t, base)
	if t.Failed() {
		return
	}

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
