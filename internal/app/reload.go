package app

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/runtime"
)

// reloader reads the configuration of a run again and puts its cameras,
// detectors and rules in place while the run goes on. It is safe for concurrent
// use.
type reloader struct {
	loader config.Loader
	flags  cli.Flags
	rt     *runtime.Runtime
	counts *runtime.Reloads
	told   *service
	log    *slog.Logger

	mu  sync.Mutex    // held for a whole reload: one at a time
	cfg config.Config // in place; its file is read again, even where another one would be found by now
}

// reload puts in place what the configuration says now. One that is not valid,
// or has gone, changes nothing; its *config.Error says why.
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

// reloadAndLog reloads where nobody waits for the answer.
func (r *reloader) reloadAndLog(ctx context.Context) {
	if err := r.reload(ctx); err != nil {
		r.log.Error("the configuration as it was stays in place, where this does not say otherwise", "error", err)
	}
}

// replace does the work of reload, and says how it went for the metrics.
func (r *reloader) replace(ctx context.Context) (result string, err error) {
	next, err := r.loader.Load(r.source())
	if err != nil {
		return runtime.ReloadInvalid, err
	}
	err = r.rt.Do(ctx, runtime.Command{Do: runtime.Reload, Setup: &runtime.Setup{
		Cameras: next.Camera, Detectors: next.Detector, Rules: next.Rule,
	}})
	if late := config.StartOnly(r.cfg, next); len(late) > 0 {
		r.log.Warn("these sections have changed and count from the next start on", "sections", strings.Join(late, " "))
	}
	r.cfg.File, r.cfg.Detector = next.File, next.Detector
	if err != nil {
		return runtime.ReloadPartial, err
	}
	r.log.Info("configuration read again", "config", next.File, "cameras", len(next.Camera), "detectors", len(next.Detector), "rules", len(next.Rule))
	return runtime.ReloadOK, nil
}

// source returns the flags that name the file in place: one that has gone is
// missing, and does not make way for another. The configuration that is built in
// makes way for a file.
func (r *reloader) source() cli.Flags {
	flags := r.flags
	if r.cfg.File != config.BuiltIn {
		flags.Config = r.cfg.File
	}
	return flags
}

// watch reads the configuration again whenever its file has changed, until the
// context ends.
func (r *reloader) watch(ctx context.Context) {
	locked := func() cli.Flags {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.source()
	}
	w := config.Watcher{
		Path: func() string {
			if file := locked().Config; file != "" {
				return file
			}
			return config.LocalFile
		},
		Read: func() ([]byte, error) {
			_, text, err := r.loader.Find(locked().Config)
			return text, err
		},
		Changed: r.reloadAndLog, Log: r.log, Sum: r.cfg.Sum,
	}
	w.Run(ctx)
}

// onHangup reopens files with every signal, for log rotation, and reads the
// configuration again, until the context ends.
func (r *reloader) onHangup(ctx context.Context, hangup <-chan os.Signal, reopen []func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			for _, f := range reopen {
				f()
			}
			r.reloadAndLog(ctx)
		}
	}
}
