// Package app implements the commands of the program and wires its parts together.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"rvo-tui/capture/device"
	"rvo-tui/detectors/onnx"
	detectcv "rvo-tui/detectors/opencv"
	"rvo-tui/detectors/remote/child"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/complete"
	"rvo-tui/internal/config"
	"rvo-tui/internal/migrate"
	"rvo-tui/internal/text"
	"rvo-tui/runtime/api/client"
)

// Exit statuses.
const (
	exitOK      = 0
	exitFailure = 1 // at run time
	exitUsage   = 2 // a bad configuration or command line
	exitAlerts  = 3 // ctl alerts printed some that are not acknowledged
)

// Main runs the program with the given arguments and returns its exit status. BuiltIn is the
// configuration used if there is no file. Errors go to standard error.
func Main(args []string, stdout *os.File, builtIn []byte) int {
	if len(args) > 0 && args[0] == child.Argument {
		return childMain(args[1:])
	}
	if len(args) > 0 && args[0] == guardArgument {
		return guardMain(args[1:])
	}
	if len(args) > 0 && args[0] == cli.CompleteArgument {
		kinds := newKinds()
		defer kinds.close()
		loader := config.Loader{Default: builtIn, Kinds: kinds.all, Secrets: new(config.Secrets), Getenv: os.LookupEnv}
		local := func(addr string) (*client.Client, error) { return dial(loader, cli.LinkFlags{}, addr) }
		return status(complete.Words(loader, local, args[1:], stdout))
	}
	flags, err := cli.Parse(args, stdout)
	switch {
	case errors.Is(err, cli.ErrHelp):
		return exitOK
	case err != nil:
		complain("rvo-tui: " + err.Error())
		return exitUsage
	case flags.Version:
		_, err := fmt.Fprintln(stdout, Version(detectcv.Version(), onnx.NewRuntime()))
		return status(err)
	case flags.PrintConfig:
		_, err := stdout.Write(builtIn)
		return status(err)
	case flags.ListCameras:
		return status(listCameras(stdout, device.List()))
	}
	kinds := newKinds()
	defer kinds.close()
	loader := config.Loader{Default: builtIn, Kinds: kinds.all, Secrets: new(config.Secrets), Getenv: os.LookupEnv}
	return status(do(loader, kinds, flags, stdout))
}

// do runs a command.
func do(loader config.Loader, kinds *kinds, flags cli.Flags, stdout *os.File) error {
	switch flags.Command {
	case "init":
		file := cmp.Or(flags.Init.File, config.LocalFile)
		err := initialise(loader, file, flags, os.Stdin, visible{stdout})
		if err != nil || flags.Init.NoStart {
			return err
		}
		flags = cli.Flags{Command: "run", Config: file}
	case "bench":
		return interruptible(func(ctx context.Context) error { return runBench(ctx, kinds, flags.Bench, flags.Verb, stdout) })
	case "check":
		return interruptible(func(ctx context.Context) error { return check(ctx, loader, kinds, flags, visible{stdout}) })
	case "completion":
		_, err := io.WriteString(stdout, cli.Script(flags.Completion.Shell))
		return err
	case "man":
		return cli.Manual(stdout)
	case "migrate":
		return migrate.File(loader, flags.Migrate.File, flags.Migrate.Output, visible{stdout})
	case "connect", "ctl":
		return toOther(loader, flags, stdout)
	case "clips":
		if flags.ClipsDir != nil { // needs no configuration, whose secrets may be missing here
			return evidence(stdout, *flags.ClipsDir, flags)
		}
	}
	loader.CameraMenu = flags.Command == "run" && onTerminal(flags)
	loader.Quarantine = flags.Command == "run" && !flags.Strict
	cfg, err := loader.Load(flags)
	switch {
	case err != nil:
		return err
	case flags.Command == "clips":
		return evidence(stdout, cfg.Clips.Dir, flags)
	case onTerminal(flags) && offered(loader, cfg, flags, stdout):
		flags.Command = "connect"
		return toOther(loader, flags, stdout)
	}
	kinds.tune(cfg.Runtime)
	return interruptible(func(ctx context.Context) error { return run(ctx, loader, cfg, flags, kinds, stdout) })
}

// status prints an error and returns its exit status.
func status(err error) int {
	var bad *config.Error
	var usage *cli.UsageError
	var printed *printedError
	var file *fs.PathError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, syscall.EPIPE) && errors.As(err, &file) && file.Path == os.Stdout.Name():
		return exitFailure // the reader, such as head, has closed the pipe, and wants no more
	case errors.Is(err, errAlerts):
		return exitAlerts
	case errors.As(err, &printed):
		if errors.As(err, &usage) {
			return exitUsage
		}
		return exitFailure
	case errors.Is(err, context.Canceled):
		complain("rvo-tui: interrupted")
		return exitFailure
	case errors.As(err, &bad):
		complain(err.Error())
		return exitUsage
	case errors.As(err, &usage):
		complain("rvo-tui: " + err.Error())
		return exitUsage
	}
	complain("rvo-tui: " + err.Error())
	return exitFailure
}

// visible is a writer that removes characters that could control a terminal, since names from
// models and configurations are not trusted.
type visible struct{ io.Writer }

func (v visible) Write(p []byte) (int, error) {
	if _, err := io.WriteString(v.Writer, text.Visible(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// complain prints an error, which may quote external text.
func complain(problem string) { fmt.Fprintln(os.Stderr, text.Visible(problem)) }

// interruptible calls do with a context that the first SIGINT or SIGTERM cancels.
// The second one ends the process at once.
func interruptible(do func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	// If the reader of events closes its pipe, only that sink fails, not the process.
	signal.Ignore(syscall.SIGPIPE)
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			case <-signals:
				if n > 0 {
					os.Exit(exitFailure)
				}
				cancel()
			}
		}
	})
	defer cancel()
	defer wg.Wait()
	defer close(done)
	defer signal.Stop(signals)
	return do(ctx)
}
