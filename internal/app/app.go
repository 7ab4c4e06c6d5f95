// Package app is the program: its commands, and the parts that each of them puts
// together.
package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"rvo-tui/capture/opencv"
	detectcv "rvo-tui/detectors/opencv"
	"rvo-tui/detectors/remote/child"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
)

// Exit statuses.
const (
	exitOK      = 0
	exitFailure = 1 // at run time
	exitUsage   = 2 // a bad configuration or command line
)

// Main runs the program with the given arguments and returns its exit status.
// BuiltIn is the configuration that holds where there is no file. Problems go to
// standard error.
func Main(args []string, stdout *os.File, builtIn []byte) int {
	if len(args) > 0 && args[0] == child.Argument {
		return child.Main(args[1:], localKinds, detectcv.Threads)
	}
	if len(args) > 0 && args[0] == guardArgument {
		return guardMain(args[1:])
	}
	flags, err := cli.Parse(args, stdout)
	switch {
	case errors.Is(err, cli.ErrHelp):
		return exitOK
	case err != nil:
		fmt.Fprintln(os.Stderr, "rvo-tui:", err)
		return exitUsage
	case flags.Version:
		fmt.Fprintln(stdout, Version(opencv.Version()))
		return exitOK
	case flags.ListCameras:
		return status(listCameras(stdout, opencv.Devices()))
	}
	if flags.Command == "bench" {
		ctx, stop := onSignal()
		defer stop()
		return status(runBench(ctx, flags.Bench, flags.Verb, stdout))
	}
	secrets := new(config.Secrets)
	kinds, children, closeKinds := newKinds()
	defer closeKinds()
	loader := config.Loader{Default: builtIn, Kinds: kinds, Secrets: secrets, CameraMenu: flags.Command == "run" && onTerminal(flags)}
	if flags.Command == "check" {
		return status(check(loader, flags, stdout))
	}
	if flags.Command == "clips" && flags.ClipsDir != nil {
		// What is in a directory does not hang on a configuration that may lack
		// its secrets here.
		return status(listClips(stdout, *flags.ClipsDir, flags.Clips.JSON))
	}
	if flags.Command == "ctl" || flags.Command == "connect" {
		ctx, stop := onSignal()
		defer stop()
		return status(toOther(ctx, loader, flags, stdout))
	}
	cfg, err := loader.Load(flags)
	if err != nil {
		return status(err)
	}
	if flags.Command == "clips" {
		return status(listClips(stdout, cfg.Clips.Dir, flags.Clips.JSON))
	}
	if onTerminal(flags) && offered(loader, cfg, flags, stdout) {
		flags.Command = "connect"
		ctx, stop := onSignal()
		defer stop()
		return status(toOther(ctx, loader, flags, stdout))
	}
	children.Tune(cfg.Runtime.Nice, cfg.Runtime.OpenCVThreads)
	ctx, stop := onSignal()
	defer stop()
	return status(run(ctx, loader, cfg, flags, children.Stop, stdout))
}

// status prints an error and returns the exit status that it stands for.
func status(err error) int {
	var bad *config.Error
	var usage *cli.UsageError
	var told *toldError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &told):
		if errors.As(err, &usage) {
			return exitUsage
		}
		return exitFailure
	case errors.As(err, &bad):
		fmt.Fprintln(os.Stderr, err)
		return exitUsage
	case errors.As(err, &usage):
		fmt.Fprintln(os.Stderr, "rvo-tui:", err)
		return exitUsage
	}
	fmt.Fprintln(os.Stderr, "rvo-tui:", err)
	return exitFailure
}

// onSignal returns a context that ends with the first SIGINT or SIGTERM. The
// second one ends the process at once.
func onSignal() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	// A reader of the events that has gone degrades its sink, not the process.
	signal.Ignore(syscall.SIGPIPE)
	done := make(chan struct{})
	finished := make(chan struct{})
	go func() {
		defer close(finished)
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
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		<-finished
		cancel()
	}
}
