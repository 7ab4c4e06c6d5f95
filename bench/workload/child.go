package workload

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"rvo-tui/bench/wait"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime"
)

// childScenarios measure the effect on others of a detector whose child process crashes.
func childScenarios() []Scenario {
	return []Scenario{{
		Name: "crashing_child", FPS: 30, Modes: []Mode{Worker}, Base: "inproc_low",
		Doc:   "a detector in a child process that crashes every two seconds, beside one that works",
		Build: buildCrashingChild, Expect: expectErrors,
	}}
}

// crashEvery is the time between crashes of the child process.
const crashEvery = 2 * time.Second

func buildCrashingChild(s Setup) (Load, error) {
	kind, err := s.programKind("load")
	if err != nil {
		return Load{}, err
	}
	cfg := detectors.DefaultConfig()
	cfg.Name, cfg.Kind, cfg.MaxFPS, cfg.Cost = "child", "load", 30, detectors.CostLow
	cfg.Options = detectors.LoadOptions{Busy: text.Duration(time.Millisecond)}
	cfg.Isolation = detectors.ProcessIsolation
	return Load{
		Cameras:   oneCamera(30),
		Detectors: []detectors.Config{dummy(), cfg},
		Rules:     []rules.Config{rule("dummy_event", "dummy >= 1"), rule("child_event", "child >= 1")},
		Kinds:     detectors.Kinds{"load": kind},
		Beside:    crashChildren,
	}, nil
}

// crashChildren sends SIGSEGV to all child processes repeatedly until the context ends. It fails if
// there was none to crash, since the run would then measure nothing.
func crashChildren(ctx context.Context, _ *runtime.Runtime) error {
	crashed := 0
	for wait.For(ctx, crashEvery) == nil {
		pids, err := children()
		if err != nil {
			return err
		}
		for _, pid := range pids {
			if err := syscall.Kill(pid, syscall.SIGSEGV); err == nil {
				crashed++ // otherwise it has just ended
			}
		}
		if crashed == 0 {
			return errors.New("crash a child process: there is none")
		}
	}
	return nil
}

// children returns the child processes of all threads of this process.
func children() ([]int, error) {
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil || len(lists) == 0 {
		return nil, errors.New("find child processes: this system does not list them; leave the scenario out")
	}
	var pids []int
	for _, name := range lists {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // the thread has just ended
		}
		for _, field := range strings.Fields(string(text)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				return nil, fmt.Errorf("find child processes: %w", err)
			}
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
