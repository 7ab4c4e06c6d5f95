package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/runtime"
	"rvo-tui/ui/tty"
)

// reloader reloads the configuration while the program runs: its cameras, detectors,
// rules and outputs. It is safe for concurrent use.
type reloader struct {
	loader config.Loader
	flags  cli.Flags
	rt     *runtime.Runtime
	events events
	counts *runtime.Reloads
	told   *service
	log    *slog.Logger

	mu  sync.Mutex    // held during a reload: one at a time
	cfg config.Config // the current one; its file is reloaded, even if another one would be found by now
}

// reload applies the current text of the configuration. An invalid or missing file
// changes nothing and is reported as a *config.Error.
func (r *reloader) reload(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.told.reloading()()
	result, err := r.replace(ctx)
	why := ""
	if err != nil {
		why = r.loader.Secrets.Redact(err.Error())
	}
	r.counts.Note(time.Now(), result, why)
	return err
}

// reloadAndLog reloads and logs an error. It also returns it, for the dashboard.
func (r *reloader) reloadAndLog(ctx context.Context) error {
	err := r.reload(ctx)
	if err != nil {
		r.log.Error("the configuration was not fully reloaded; the rest stays as it was", "error", err)
	}
	return err
}

// replace does the work of reload, and returns the result for the metrics.
func (r *reloader) replace(ctx context.Context) (result string, err error) {
	next, err := r.loader.Load(r.source())
	if err != nil {
		return runtime.ReloadInvalid, err
	}
	err = r.rt.Do(ctx, runtime.Command{Do: runtime.Reload, Setup: &runtime.Setup{
		Cameras: next.Camera, Detectors: next.Detector, Zones: next.Zone, Lines: next.Line, Rules: next.Rule,
	}})
	if late := config.StartOnly(r.cfg, next); len(late) > 0 {
		r.log.Warn("these sections have changed and take effect at the next start", "sections", strings.Join(late, " "))
	}
	err = errors.Join(err, r.events.replace(ctx, next))
	r.cfg.File, r.cfg.Camera, r.cfg.Detector = next.File, next.Camera, next.Detector
	if err != nil {
		return runtime.ReloadPartial, err
	}
	r.log.Info("configuration reloaded", "config", next.File, "cameras", len(next.Camera), "detectors", len(next.Detector), "rules", len(next.Rule))
	return runtime.ReloadOK, nil
}

// source returns the flags that select the current file. A missing file is an
// error and is not replaced by another one. The built-in configuration is replaced by
// a file that appears.
func (r *reloader) source() cli.Flags {
	flags := r.flags
	if r.cfg.File != config.BuiltIn {
		flags.Config = r.cfg.File
	}
	return flags
}

// watch reloads the configuration when its file changes, until the context ends.
func (r *reloader) watch(ctx context.Context) {
	w := config.Watcher{
		Read: func() ([]byte, error) {
			r.mu.Lock()
			flags := r.source()
			r.mu.Unlock()
			_, text, err := r.loader.Find(flags.Config)
			return text, err
		},
		Changed: func(ctx context.Context) { _ = r.reloadAndLog(ctx) }, Sum: r.cfg.Sum,
	}
	w.Run(ctx)
}

// onHangup reopens files for log rotation and reloads the configuration at every
// signal, until the context ends, or hungUp says that the terminal sent it: then it
// returns true.
func (r *reloader) onHangup(ctx context.Context, hangup <-chan os.Signal, hungUp func() bool, reopen []func()) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-hangup:
			if hungUp() {
				return true
			}
			for _, f := range reopen {
				f()
			}
			_ = r.reloadAndLog(ctx)
		}
	}
}

// terminalHangup returns a function that reports whether SIGHUP comes from a closed
// terminal, and not from a request to reload. Call it before the signal is caught. A program
// without a terminal, as under a service manager, or started with nohup never hangs up.
func terminalHangup() (hungUp func() bool, stop func()) {
	never := func() bool { return false }
	if signal.Ignored(syscall.SIGHUP) {
		return never, func() {}
	}
	terminal, err := tty.Controlling()
	if err != nil {
		return never, func() {}
	}
	return func() bool { return tty.HungUp(terminal) }, func() { _ = terminal.Close() }
}
