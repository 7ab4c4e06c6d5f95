package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"rvo-tui/capture"
	"rvo-tui/capture/device"
	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
	"rvo-tui/runtime"
	"rvo-tui/ui"
	"rvo-tui/ui/state"
)

// dashboard is the terminal dashboard of a run. Nil: there is none.
type dashboard struct {
	opts   ui.Options
	stderr *os.File // as it was before the log replaced it
}

// onTerminal reports whether a dashboard can and should be shown.
func onTerminal(flags cli.Flags) bool { return !flags.NoUI && ui.IsTerminal() }

// newDashboard returns the dashboard, or nil without a terminal or with --no-ui. It
// opens with the camera menu when asked to, or when there is no camera.
func newDashboard(cfg ui.Config, cameras int, flags cli.Flags, kinds detectors.Kinds) *dashboard {
	if !onTerminal(flags) {
		return nil
	}
	cfg.ASCII = cfg.ASCII || flags.ASCII
	return &dashboard{
		opts: ui.Options{Config: cfg, Kinds: kinds, Devices: cameraChoices, Pick: flags.Pick || cameras == 0, State: state.Path(os.Getenv)},
	}
}

// run shows the dashboard until the user quits, the terminal hangs up or the
// context ends. Then it calls stop.
func (d *dashboard) run(ctx context.Context, stop context.CancelFunc, backend ui.Local) error {
	defer stop()
	ctx, cancel := signal.NotifyContext(ctx, syscall.SIGHUP)
	defer cancel()
	guard, err := newGuard(d.stderr)
	if err != nil {
		d.opts.Log.Warn("the terminal will not be restored after a crash", "error", err)
	}
	err = ui.Run(ctx, backend, d.opts)
	guard.close()
	if errors.Is(err, ui.ErrStuck) {
		d.opts.Log.Warn("the terminal accepted no output at the end") // printing an error there would block
		return nil
	}
	if ctx.Err() == nil && records(backend.Snapshot()) { // the user quit
		fmt.Println("Recording has stopped with the dashboard. To record without it, run rvo-tui as a service (docs/operations.md) or with nohup rvo-tui --no-ui.")
	}
	return err
}

// records reports whether frames are kept for clips.
func records(s *runtime.Snapshot) bool { return s != nil && s.Clips != nil && len(s.Clips.Rings) > 0 }

// cameraChoices lists the capture devices of this machine.
func cameraChoices() []capture.Choice {
	var list []capture.Choice
	for _, d := range device.List() {
		label := d.Name
		switch {
		case d.Err != nil:
			label = fmt.Sprintf("cannot be queried: %v", d.Err)
		case len(d.Modes) > 0:
			label += fmt.Sprintf(", up to %dx%d", d.Modes[0].Width, d.Modes[0].Height)
		}
		list = append(list, capture.Choice{Source: "device:" + strconv.Itoa(d.Number), Label: label})
	}
	return list
}

// logsTo reports whether the log may go to standard error, which must not be the terminal that
// shows the dashboard.
func (d *dashboard) logsTo(stderr *os.File) bool {
	if d == nil {
		return true
	}
	info, err := stderr.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice == 0
}
