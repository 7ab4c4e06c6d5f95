package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"rvo-tui/capture"
)

// Once runs a program once, with some input, as a child process: without a shell,
// without environment variables that may be secrets, and with limits.
type Once struct {
	Command   []string // program and arguments
	MaxMemory int      // limit of the address space in MiB
	Nice      int
	// Says is called with each line of its output, cleaned and limited in rate.
	Says func(line string)
}

// Run runs the program and returns when it and everything that it started has ended.
// When ctx ends, they are killed. An error gives the exit status and the last line of
// output.
func (o Once) Run(ctx context.Context, input []byte) error {
	outR, outW, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start program: %w", err)
	}
	args := append([]string{Argument, strconv.Itoa(o.MaxMemory)}, o.Command...)
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = scrub(os.Environ())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), outW, outW
	cmd.WaitDelay = pipeGrace // for copying its input
	cmd.SysProcAttr = attributes()

	last := ""
	var output sync.WaitGroup
	output.Go(func() {
		relay(outR, func(line string) { last = line }, func(line string) {
			if o.Says != nil {
				o.Says(line)
			}
		})
	})
	started, exited, gone, ended := make(chan error), make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() { // stays on its thread, as in tend; ended is waited for
		capture.LowPriority(o.Nice)
		err := cmd.Start()
		if err == nil {
			sacrifice(cmd.Process.Pid)
		}
		started <- err
		if err != nil {
			return
		}
		relieve := guard(cmd.Process.Pid)
		awaitExit(cmd.Process.Pid)
		close(exited)
		<-gone
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // and the processes that it started
		relieve()
		ended <- cmd.Wait()
	}()
	err = <-started
	outW.Close()
	if err != nil {
		output.Wait()
		return fmt.Errorf("start program: %w", err)
	}
	select {
	case <-exited:
	case <-ctx.Done():
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // not waited for yet, so its ID is not reused
		<-exited
	}
	close(gone)
	err = <-ended
	_ = outR.SetReadDeadline(time.Now().Add(pipeGrace)) // a process that it started may hold the pipe open
	output.Wait()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("the program was killed: %w", context.Cause(ctx))
	case err == nil || errors.Is(err, exec.ErrWaitDelay):
		return nil // it need not read its input
	case strings.HasPrefix(last, saidByUs):
		return errors.New(strings.TrimPrefix(last, saidByUs))
	case last != "":
		return fmt.Errorf("the program ended with %w: %s", err, last)
	}
	return fmt.Errorf("the program ended with %w", err)
}
