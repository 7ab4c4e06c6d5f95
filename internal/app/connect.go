package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"rvo-tui/capture"
	"rvo-tui/capture/libav"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/runtime"
	"rvo-tui/runtime/api/client"
	"rvo-tui/ui"
	"rvo-tui/ui/remote"
	"rvo-tui/ui/state"
)

// firstAnswer limits the wait for a refusal before the dashboard opens.
const firstAnswer = 3 * time.Second

// toOther runs connect or ctl, which talk to a running program.
func toOther(loader config.Loader, flags cli.Flags, stdout *os.File) error {
	return interruptible(func(ctx context.Context) error {
		if flags.Command == "connect" {
			return connect(ctx, loader, flags)
		}
		return ctl(ctx, loader, flags, stdout)
	})
}

// connect shows the dashboard of a running program until the user quits, the
// terminal hangs up or the context ends.
func connect(ctx context.Context, loader config.Loader, flags cli.Flags) error {
	if !ui.IsTerminal() {
		return errors.New("connect: standard input and output are not a terminal; use rvo-tui ctl in scripts")
	}
	there, err := dial(loader, flags.Connect.LinkFlags, flags.Connect.Addr)
	if usage := new(cli.UsageError); errors.As(err, &usage) {
		return usage.Of("connect")
	}
	if err != nil {
		return err
	}
	defer there.Close()
	// Report permanent errors before taking over the screen. A program that does not answer
	// may do so later.
	ask, cancel := context.WithTimeout(ctx, firstAnswer)
	_, err = there.About(ask)
	cancel()
	if err != nil && !errors.Is(err, client.ErrUnreachable) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	cfg, err := loader.Screen(flags)
	if err != nil {
		return err
	}
	return showRemote(ctx, there, cfg, loader)
}

// showRemote runs the dashboard of another process.
func showRemote(ctx context.Context, there *client.Client, cfg ui.Config, loader config.Loader) error {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // log lines of libraries would corrupt the screen
	host, _ := os.Hostname()                       // only used to recognise this machine
	backend := remote.New(there, cfg.Rate, loader.Kinds, host)
	ctx, hungUp := signal.NotifyContext(ctx, syscall.SIGHUP)
	defer hungUp()
	side, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	wg.Go(func() { _ = backend.Run(side) }) // the dashboard shows its errors
	guard, _ := newGuard(os.Stderr)         // without it a crash does not restore the terminal
	defer guard.close()
	err := ui.Run(ctx, backend, ui.Options{
		Config: cfg, Link: backend.Link, State: state.Path(os.Getenv),
		Devices: func() []capture.Choice { return devicesOf(ctx, there) }, Try: there.Try,
		Film: films(libav.New(libav.Options{Log: slog.Default(), NoSound: true})), Diff: there.Diff, Write: there.Write, Edit: there.Edit, Revert: there.Revert,
		Reload: func(ctx context.Context) error { return backend.Do(ctx, runtime.Command{Do: runtime.Reload}) },
	})
	if errors.Is(err, ui.ErrStuck) {
		return nil // printing an error there would block
	}
	return err
}

// devicesOf returns the capture devices of another machine; none if it does not answer.
func devicesOf(ctx context.Context, there *client.Client) []capture.Choice {
	list, _ := there.Sources(ctx) // without it an address can be typed
	return slices.DeleteFunc(list, func(c capture.Choice) bool { return strings.HasPrefix(c.Source, "synthetic:") })
}

// dial returns a client of a running program.
func dial(l config.Loader, link cli.LinkFlags, addr string) (*client.Client, error) {
	token, err := l.Token(link)
	if err != nil {
		return nil, err
	}
	return client.Dial(addr, client.DialOptions{
		Token: token, CA: link.TLSCA, Insecure: link.NoTLS,
		Codec: client.Codec{Detector: config.DetectorKeys, Camera: config.CameraKeys},
	})
}
