package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/internal/fileio"
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

	mu    sync.Mutex    // held during a reload: one at a time
	cfg   config.Config // the current one; a reload reads its file even if Find would find another by now
	edits []fileEdit    // that can be reverted, oldest first; at most maxEdits
}

// errOnce is the error for a configuration from a pipe, as in "--config <(command)".
var errOnce = errors.New("the configuration came from a pipe, which cannot be read again; to change it, start rvo-tui again, with a file if it is to be reloaded or written")

// reload applies the current text of the configuration. An invalid or missing file
// changes nothing and is reported as a *config.Error.
func (r *reloader) reload(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.apply(ctx)
}

// apply does the work of reload. The caller holds mu.
func (r *reloader) apply(ctx context.Context) error {
	defer r.told.reloading()()
	if r.cfg.Once {
		return errOnce
	}
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

// replace loads and applies the configuration, and returns the result for the metrics.
func (r *reloader) replace(ctx context.Context) (result string, err error) {
	next, err := r.loader.Load(r.source())
	if err != nil {
		return runtime.ReloadInvalid, err
	}
	setup := setupOf(next)
	err = r.rt.Do(ctx, runtime.Command{Do: runtime.Reload, Setup: &setup})
	if late := config.StartOnly(r.cfg, next); len(late) > 0 {
		r.log.Warn("these sections have changed and take effect at the next start", "sections", strings.Join(late, " "))
	}
	err = errors.Join(err, r.events.replace(ctx, next))
	r.took(next)
	if err = errors.Join(err, r.quarantine(next)); err != nil {
		return runtime.ReloadPartial, err
	}
	r.log.Info("configuration reloaded", "config", next.File, "cameras", len(next.Camera), "detectors", len(next.Detector), "rules", len(next.Rule))
	return runtime.ReloadOK, nil
}

// quarantine reports what a configuration leaves out: in the log, in snapshots and their alerts,
// and as an error with one line each.
func (r *reloader) quarantine(c config.Config) error {
	var list []runtime.Quarantined
	var all []error
	for _, q := range c.Quarantined {
		what := strings.ReplaceAll(q.Where, `"`, "")
		for _, p := range q.Problems {
			r.log.Error("invalid configuration: left out", "table", what, "problem", p.String())
		}
		list = append(list, runtime.Quarantined{What: what, Why: q.Problems[0].String()})
		all = append(all, fmt.Errorf("%s is left out: %s", what, q.Problems[0]))
	}
	r.counts.Quarantine(list)
	return errors.Join(all...)
}

// setupOf returns the part of a configuration that a running program can apply.
func setupOf(c config.Config) runtime.Setup {
	return runtime.Setup{Cameras: c.Camera, Detectors: c.Detector, Zones: c.Zone, Lines: c.Line, Rules: c.Rule}
}

// took stores what has been applied. Sections that take effect only at the start stay.
func (r *reloader) took(next config.Config) {
	r.cfg.File, r.cfg.Once, r.cfg.Sum = next.File, next.Once, next.Sum
	r.cfg.Camera, r.cfg.Detector, r.cfg.Zone, r.cfg.Line, r.cfg.Rule = next.Camera, next.Detector, next.Zone, next.Line, next.Rule
	r.cfg.Notify, r.cfg.MQTT = next.Notify, next.MQTT
}

// source returns the flags that select the current file. If it is missing, loading fails rather
// than choosing another one. The built-in configuration is replaced by a file that appears.
func (r *reloader) source() cli.Flags {
	flags := r.flags
	if r.cfg.File != config.BuiltIn {
		flags.Config = r.cfg.File
	}
	return flags
}

// watch reports in snapshots whether the configuration file has changed since it was read, and
// reloads it if reload is set, until the context ends. A pipe cannot be watched.
func (r *reloader) watch(ctx context.Context, reload bool) {
	r.mu.Lock()
	once := r.cfg.Once
	r.mu.Unlock()
	switch {
	case once && reload:
		r.log.Warn("the configuration is not watched", "error", errOnce)
		return
	case once:
		return
	}
	w := config.Watcher{
		Read: func() ([]byte, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			_, text, err := r.loader.Find(r.source().Config)
			r.counts.Changed(err != nil || sha256.Sum256(text) != r.cfg.Sum)
			return text, err
		},
		Changed: func(ctx context.Context) {
			// After an invalid text, the known one is read again, which ends the alert.
			if reload && (!(file{r}).known() || r.counts.View().Last == runtime.ReloadInvalid) {
				_ = r.reloadAndLog(ctx)
			}
		},
		Sum: r.cfg.Sum,
	}
	w.Run(ctx)
}

// onHangup reopens files for log rotation and reloads the configuration at every signal. It returns
// false when the context ends, and true when hungUp reports that the terminal has hung up.
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

// terminalHangup returns a function that reports whether SIGHUP came from a closed terminal rather
// than from a request to reload. Call it before catching the signal. It always reports false
// without a terminal, as under a service manager, and with nohup.
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

// file is the configuration file of a running program. It implements api.File.
type file struct{ *reloader }

var errChanged = errors.New("the file has changed since it was read; reload it first")

// Diff implements api.File.
func (f file) Diff(ctx context.Context) (runtime.FileDiff, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.revision(ctx)
	return r.Diff, err
}

// revision compares the running configuration with the file. The caller holds mu.
func (f file) revision(ctx context.Context) (config.Revision, error) {
	running, err := f.rt.Running(ctx)
	if err != nil {
		return config.Revision{}, fmt.Errorf("compare with the configuration: %w", err)
	}
	text, err := f.text()
	if err != nil {
		return config.Revision{}, fmt.Errorf("compare with %s: %w", f.cfg.File, err)
	}
	r := f.loader.Diff(f.cfg, text, f.source(), running)
	f.refuse(&r)
	return r, nil
}

// text returns the text of the file. It fails with errChanged if the file was changed.
func (f file) text() ([]byte, error) {
	switch {
	case f.cfg.Once:
		return nil, errOnce
	case f.flags.Find != "":
		return nil, errors.New("there is no file with --find; write one with rvo-tui init")
	}
	_, text, err := f.loader.Find(f.source().Config)
	if err == nil && sha256.Sum256(text) != f.cfg.Sum {
		err = errChanged
	}
	return text, err
}

// refuse sets Diff.Refused if the file cannot be written.
func (f file) refuse(r *config.Revision) {
	if r.Diff.Refused != "" || len(r.Diff.Changes) == 0 {
		return
	}
	if err := fileio.CanReplace(f.cfg.File); err != nil {
		r.Diff.Refused = fmt.Sprintf("%s cannot be written: %v; add the TOML by hand", f.cfg.File, err)
	}
}

// Write implements api.File.
func (f file) Write(ctx context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.revision(ctx)
	switch {
	case err != nil:
		return err
	case len(r.Diff.Changes) == 0:
		return fmt.Errorf("write %s: it already describes the running configuration", f.cfg.File)
	case id != r.Diff.ID:
		return fmt.Errorf("write %s: the difference has changed since it was shown; look at it again", f.cfg.File)
	}
	if err := f.replaceFile(r); err != nil {
		return err
	}
	next := r.Next
	setup := setupOf(next)
	setup.Runs = true
	if err := f.rt.Do(ctx, runtime.Command{Do: runtime.Reload, Setup: &setup}); err != nil {
		return fmt.Errorf("%s is written; reload it: %w", f.cfg.File, err)
	}
	f.took(next)
	return nil
}

// Edit implements api.File.
func (f file) Edit(ctx context.Context, edits []runtime.FileEdit, write bool) (runtime.FileDiff, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, err := f.text()
	if err != nil {
		return runtime.FileDiff{}, fmt.Errorf("edit %s: %w", f.cfg.File, err)
	}
	r, err := f.loader.Edit(f.cfg.File, text, f.source(), edits)
	if err != nil {
		return runtime.FileDiff{}, fmt.Errorf("edit %s: %w", f.cfg.File, err)
	}
	f.refuse(&r)
	if !write || len(r.Diff.Changes) == 0 {
		return r.Diff, nil
	}
	if err := f.replaceFile(r); err != nil {
		return runtime.FileDiff{}, err
	}
	if len(f.edits) == maxEdits {
		f.edits = slices.Delete(f.edits, 0, 1)
	}
	f.edits = append(f.edits, fileEdit{r.Diff.ID, text, r.Text})
	return r.Diff, f.apply(ctx)
}

// fileEdit is a change of the file by Edit.
type fileEdit struct {
	id            string // of its FileDiff
	before, after []byte
}

// maxEdits is how many edits can be reverted.
const maxEdits = 16

// Revert implements api.File.
func (f file) Revert(ctx context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.edits, func(e fileEdit) bool { return e.id == id })
	if i < 0 {
		return fmt.Errorf("revert %s: only the last %d edits of this run can be reverted; change it by hand", f.cfg.File, maxEdits)
	}
	text, err := f.text()
	if err != nil {
		return fmt.Errorf("revert %s: %w", f.cfg.File, err)
	}
	r, err := f.loader.Revert(f.cfg.File, text, f.edits[i].before, f.edits[i].after, f.source())
	if err != nil {
		return fmt.Errorf("revert %s: %w", f.cfg.File, err)
	}
	if err := f.replaceFile(r); err != nil {
		return err
	}
	f.edits = slices.Delete(f.edits, i, i+1)
	return f.apply(ctx)
}

// replaceFile writes a revision. The caller holds mu.
func (f file) replaceFile(r config.Revision) error {
	if r.Diff.Refused != "" {
		return fmt.Errorf("write %s: %s", f.cfg.File, r.Diff.Refused)
	}
	err := config.Replace(f.cfg.File, r.Text, func() error {
		_, err := f.text()
		return err
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", f.cfg.File, err)
	}
	f.log.Info("configuration written", "config", f.cfg.File)
	return nil
}

// known reports whether the file is unchanged since it was last read or written.
func (f file) known() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := f.text()
	return err == nil
}
