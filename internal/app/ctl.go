package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"
	"time"

	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/internal/logging"
	"rvo-tui/runtime"
	"rvo-tui/runtime/api/client"
)

// ctlTimeout limits the wait for an answer.
const ctlTimeout = 30 * time.Second

// ctl queries or changes a running program, and writes its answer to out.
func ctl(ctx context.Context, loader config.Loader, flags cli.Flags, out io.Writer) error {
	err := ctlVerb(ctx, loader, flags, out)
	if usage := new(cli.UsageError); errors.As(err, &usage) {
		err = usage.Of("ctl " + flags.Verb)
	}
	if ctlShows(flags.Verb) && errors.Is(err, syscall.EPIPE) {
		return nil // the reader, such as head, has closed the pipe
	}
	if !flags.Ctl.JSON || ctlShows(flags.Verb) && err == nil {
		return err
	}
	answer := map[string]any{"ok": true}
	if err != nil {
		var usage *cli.UsageError
		text := err.Error()
		if errors.As(err, &usage) {
			text = usage.Err.Error()
		}
		answer = map[string]any{"error": text}
	}
	if e := printJSON(out, answer); e != nil && err == nil {
		return e
	}
	if err != nil {
		return &printedError{err}
	}
	return nil
}

// printedError is an error that was already printed on standard output.
type printedError struct{ error }

func (e *printedError) Unwrap() error { return e.error }

// ctlShows reports whether a verb only prints something.
func ctlShows(verb string) bool {
	switch verb {
	case "status", "alerts", "outbox", "watch", "events", "log", "clips", "diff", "write":
		return true
	}
	return false
}

func ctlVerb(ctx context.Context, loader config.Loader, flags cli.Flags, out io.Writer) error {
	f := flags.Ctl
	var cmd runtime.Command
	if !ctlShows(flags.Verb) && flags.Verb != "stop" {
		var err error
		if cmd, err = command(loader, flags); err != nil {
			return &cli.UsageError{Err: err}
		}
	}
	switch {
	case f.Watch.Rate != 0 && !(f.Watch.Rate >= 0.1 && f.Watch.Rate <= 60):
		return &cli.UsageError{Err: fmt.Errorf("--rate: %v is out of range: 0.1 to 60 per second", f.Watch.Rate)}
	case f.Clips.Limit < 0 || f.Clips.Limit > 1000:
		return &cli.UsageError{Err: fmt.Errorf("--limit: %d is out of range: 1 to 1000", f.Clips.Limit)}
	}
	there, err := dial(loader, f.LinkFlags, f.Addr)
	if err != nil {
		return err
	}
	defer there.Close()
	if ctlEndless(flags) {
		var stop context.CancelCauseFunc
		ctx, stop = context.WithCancelCause(ctx)
		defer stop(nil)
		return ctlShow(ctx, stop, there, flags, out)
	}
	late := fmt.Errorf("%s: no answer from rvo-tui at %s within %v; check whether it is stopped or its machine is overloaded", flags.Verb, there.Addr(), ctlTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, ctlTimeout, late)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if ctlShows(flags.Verb) {
		return ctlShow(ctx, stop, there, flags, out)
	}
	if flags.Verb == "stop" {
		err = there.Stop(ctx)
	} else {
		err = there.Do(ctx, cmd)
	}
	switch cause := context.Cause(ctx); {
	case err == nil || cause == nil:
		return err
	case errors.Is(cause, context.Canceled):
		return fmt.Errorf("%s: interrupted; check with ctl status whether it was done", flags.Verb)
	default:
		return cause
	}
}

// ctlEndless reports whether a verb runs until it is interrupted.
func ctlEndless(flags cli.Flags) bool {
	return flags.Verb == "watch" || flags.Verb == "events" && flags.Ctl.Events.Follow || flags.Verb == "log" && flags.Ctl.Log.Follow
}

// errAlerts makes ctl alerts fail while an alert is not acknowledged. It is not printed, because
// the alerts were.
var errAlerts = errors.New("there are alerts")

// ctlShow runs a verb that prints something. Stop ends the context.
func ctlShow(ctx context.Context, stop context.CancelCauseFunc, there *client.Client, flags cli.Flags, out io.Writer) error {
	f := flags.Ctl
	var err error
	switch flags.Verb {
	case "status":
		var snap *runtime.Snapshot
		if snap, err = there.State(ctx); err == nil {
			return printStatus(out, snap, f.JSON)
		}
	case "outbox":
		var snap *runtime.Snapshot
		if snap, err = there.State(ctx); err == nil {
			return printOutbox(out, snap.Outbox, f.JSON)
		}
	case "alerts":
		var list []runtime.Alert
		if list, err = there.Alerts(ctx); err != nil {
			break
		}
		if err := printAlerts(out, list, f.JSON); err != nil {
			return err
		}
		if slices.ContainsFunc(list, func(a runtime.Alert) bool { return !a.Acknowledged }) {
			return errAlerts
		}
		return nil
	case "watch":
		n := 0
		err = there.Follow(ctx, client.Stream{Rate: cmp.Or(f.Watch.Rate, 1), State: each(ctx, stop, func(s *runtime.Snapshot) error {
			if n++; n > 1 && !f.JSON {
				if _, err := fmt.Fprintln(out); err != nil {
					return err
				}
			}
			return printStatus(out, s, f.JSON)
		})})
	case "diff", "write":
		var d runtime.FileDiff
		if d, err = there.Diff(ctx); err != nil {
			break
		}
		if err := printDiff(out, d, f.JSON); err != nil {
			return err
		}
		if flags.Verb == "write" && len(d.Changes) > 0 {
			err = there.Write(ctx, d.ID)
		}
	case "events":
		show := func(e runtime.RecentEvent) error { return printEvent(out, e, f.JSON) }
		if f.Events.Follow {
			err = there.Follow(ctx, client.Stream{Event: each(ctx, stop, show)})
		} else {
			err = list(ctx, there.Events, show)
		}
	case "log":
		show := func(l logging.Line) error { return printLine(out, l, f.JSON) }
		if f.Log.Follow {
			err = there.Follow(ctx, client.Stream{Line: each(ctx, stop, show)})
		} else {
			err = list(ctx, there.Log, show)
		}
	case "clips":
		var entries []clips.Entry
		var dir string
		if entries, dir, err = there.Clips(ctx, f.Clips.Limit); err == nil {
			return printClips(out, dir, entries, f.JSON)
		}
	}
	switch cause := context.Cause(ctx); {
	case cause == nil || err == nil && !ctlEndless(flags):
		return err
	case errors.Is(cause, context.Canceled) && ctlEndless(flags):
		return nil // the user has seen enough
	case errors.Is(cause, context.Canceled):
		return fmt.Errorf("%s: interrupted before rvo-tui answered", flags.Verb) // not: there is nothing
	default:
		return cause
	}
}

// list calls show with every item in the program's memory until show fails.
func list[T any](ctx context.Context, kept func(context.Context, uint64) ([]T, error), show func(T) error) error {
	items, err := kept(ctx, 0)
	for i := 0; i < len(items) && err == nil; i++ {
		err = show(items[i])
	}
	return err
}

// each returns a function that calls show with every item of a stream and ends the context when
// show fails.
func each[T any](ctx context.Context, stop context.CancelCauseFunc, show func(T) error) func(T) {
	return func(v T) {
		if ctx.Err() != nil {
			return
		}
		if err := show(v); err != nil {
			stop(err)
		}
	}
}

// command returns the command of a verb.
func command(l config.Loader, flags cli.Flags) (runtime.Command, error) {
	// What is installed on the other machine is unknown here.
	elsewhere := l.Kinds.Unchecked(func(k detectors.Kind) bool { return !k.Remote })
	return flags.Ctl.Command(flags.Verb, cli.Env{
		Detector: func(kind string, words []string) (detectors.Config, error) {
			return l.DetectorOf(elsewhere, kind, words)
		},
		Source: l.CameraOf,
	})
}
