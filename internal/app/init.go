package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rvo-tui/capture"
	"rvo-tui/capture/device"
	"rvo-tui/capture/libav"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/internal/fileio"
	"rvo-tui/internal/starter"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"
	"rvo-tui/ui"
	"rvo-tui/ui/draw"
)

// initialise writes a first configuration to a file. It asks for what the flags do not answer.
func initialise(loader config.Loader, file string, flags cli.Flags, in io.Reader, out io.Writer) error {
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("init: %s already exists; name another file, or remove it", file)
	}
	if err := unix.Access(filepath.Dir(file), unix.W_OK); err != nil { // before any question
		return fmt.Errorf("init: %s cannot be written: %w; %s", file, err, fileio.Advice(err))
	}
	if flags.Find != "" && !starter.Known(flags.Find) {
		return &cli.UsageError{Err: fmt.Errorf("--find: %q is not known; choose %s", flags.Find, starter.Names())}
	}
	a := starter.Answers{Source: flags.CameraURI, Find: flags.Find}
	if flags.CameraDevice != nil {
		a.Source = fmt.Sprintf("device:%d", *flags.CameraDevice)
	}
	if flags.Init.Tell != nil {
		a.Tell = *flags.Init.Tell
	}
	asker := starter.Asker{
		In: bufio.NewReader(in), Out: out, Terminal: ui.IsTerminal(), Force: flags.Init.NoStart,
		// Nothing else is to be interrupted: a signal ends the process while it reads an answer.
		Try: func(source string) error {
			return interruptible(func(ctx context.Context) error { return lookAt(ctx, loader, source, out) })
		},
		Check: func(text string) error {
			_, err := loader.Compose(file, []byte(text), cli.Flags{})
			return err
		},
	}
	for _, d := range device.List() {
		asker.Devices = append(asker.Devices, starter.Device{Source: fmt.Sprintf("device:%d", d.Number), Name: d.Name})
	}
	a, err := asker.Ask(a, flags.Init.Tell != nil)
	if errors.Is(err, context.Canceled) {
		return errors.New("init: interrupted; nothing was written")
	}
	if err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if text.Redact(a.Source) != a.Source || a.Tell != "" {
		mode = 0o600 // it holds a password, or an address that works like one
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("init: %w", err)
	}
	_, err = io.WriteString(f, starter.Text(a))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("init: write %s: %w", file, errors.Join(err, os.Remove(file))) // leave no partial file
	}
	fmt.Fprintf(out, "Written to %s. Next time, run: rvo-tui --config %s\n", text.Visible(file), text.Visible(file))
	if mode == 0o600 {
		fmt.Fprintln(out, "Only you can read it, since it may hold a password. You can write ${NAME} instead to take it from the environment.")
	}
	return nil
}

const (
	lookTime  = 20 * time.Second // maximum wait for the first frame
	lookEvery = 50 * time.Millisecond
	lookWidth = 64 // width of the drawn frame, in cells
)

// lookAt opens a camera, draws its first frame to out, and closes it.
func lookAt(ctx context.Context, loader config.Loader, source string, out io.Writer) error {
	cfg, err := loader.Compose("init", []byte(starter.Text(starter.Answers{Source: source, Find: "motion"})), cli.Flags{})
	if err != nil {
		return err
	}
	shown := text.Redact(source)
	ctx, cancel := context.WithTimeoutCause(ctx, lookTime, fmt.Errorf("%s: no frame within %v", shown, lookTime))
	defer cancel()
	quiet := slog.New(slog.DiscardHandler) // its status has the reason of a failure
	video := libav.New(libav.Options{Log: quiet, NoSound: true})
	rt := runtime.New(runtime.Options{
		Config: cfg.Runtime, Cameras: cfg.Camera, Drivers: newDrivers(video, false, quiet), Kinds: loader.Kinds, Log: quiet,
		JPEG: video.EncodeJPEG, Convert: video.Convert, Decoders: decoders(video), Redact: loader.Secrets.Redact,
	}, time.Now())
	done := make(chan error, 1)
	go func() { done <- rt.Run(ctx) }()
	defer func() { <-done }()
	defer cancel()

	fmt.Fprintf(out, "Opening %s …\n", shown)
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		snap := rt.Snapshot()
		if snap == nil || len(snap.Cameras) == 0 {
			continue
		}
		c := snap.Cameras[0]
		if f := rt.Frame(c.Name, 10); f != nil {
			picture(f)
			fmt.Fprintf(out, "It works: %dx%d %s\n", f.Width, f.Height, c.Codec)
			f.Release()
			return nil
		}
		if c.Failures > 0 && c.Reason != "" {
			reason, _, _ := strings.Cut(c.Reason, capture.NextAttempt) // there is none
			return errors.New(reason)
		}
	}
}

// picture draws a frame on standard output, if that is a terminal.
func picture(f *capture.Frame) {
	if !ui.IsTerminal() {
		return
	}
	height := max(f.Height*lookWidth/max(f.Width, 1), 2) &^ 1 // half blocks are square
	for _, line := range draw.NewCanvas(runtime.Scale(f, lookWidth, height), nil, draw.Hold).Lines(false, false) {
		fmt.Println(line)
	}
}
