package app

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/internal/text"
	"rvo-tui/runtime/api"
	"rvo-tui/runtime/api/client"
)

// offerTime limits the search for a running program. Without one the search ends at
// once; a busy machine may answer late.
const offerTime = 3 * time.Second

// instance is another rvo-tui on this machine that probably conflicts with this run.
type instance struct {
	about  api.About
	camera string // that both would open; empty: this run has no configuration, so the user may have meant the other one
}

// findInstance queries the instance at this machine's socket. It returns nil if none conflicts.
func findInstance(ctx context.Context, l config.Loader, cfg config.Config, flags cli.Flags) *instance {
	there, err := client.Dial("", client.DialOptions{})
	if err != nil {
		return nil // connect reports this error
	}
	defer there.Close()
	ctx, cancel := context.WithTimeout(ctx, offerTime)
	defer cancel()
	about, err := there.About(ctx)
	if err != nil || about.PID == os.Getpid() {
		return nil
	}
	return conflict(about, l, cfg, flags)
}

// conflict returns the other instance if it conflicts with this run, else nil.
func conflict(about api.About, l config.Loader, cfg config.Config, flags cli.Flags) *instance {
	for _, theirs := range about.Cameras {
		for _, ours := range cfg.Camera {
			if sameCamera(ours.Source, theirs.Source, l.Secrets) {
				return &instance{about, theirs.Name}
			}
		}
	}
	if cfg.File != config.BuiltIn || flags.CameraDevice != nil || flags.CameraURI != "" || flags.Pick {
		return nil
	}
	return &instance{about: about}
}

// sameCamera reports whether our source and the redacted one of another instance are the same
// camera, which only one of them should open. Files and scenes can be shared.
func sameCamera(ours, theirs string, secrets *config.Secrets) bool {
	addr, err := capture.ParseAddress(ours)
	if err != nil {
		return false
	}
	switch addr.Kind {
	case capture.KindDevice:
		other, err := capture.ParseAddress(theirs)
		return err == nil && other.Kind == capture.KindDevice && other.Device == addr.Device
	case capture.KindRTSP, capture.KindHTTP, capture.KindStream:
		return secrets.Redact(text.Redact(ours)) == theirs
	}
	return false
}

// offered asks the user, on a terminal, whether to connect to a conflicting instance. It returns
// whether the user agreed.
func offered(l config.Loader, cfg config.Config, flags cli.Flags, out io.Writer) bool {
	n := findInstance(context.Background(), l, cfg, flags)
	return n != nil && n.ask(os.Stdin, out)
}

func (n *instance) ask(in io.Reader, out io.Writer) bool {
	with := "no camera"
	for i, c := range n.about.Cameras {
		if i == 0 {
			with = text.Clean(c.Name)
		} else {
			with += ", " + text.Clean(c.Name)
		}
	}
	fmt.Fprintf(out, "rvo-tui is running here (pid %d, up %s, cameras: %s). Connect to it? [Y/n] ",
		n.about.PID, time.Since(n.about.Started).Round(time.Second), with)
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil {
		fmt.Fprintln(out)
		return false
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "" || answer == "y" || answer == "yes"
}

// warnOfInstance logs that another instance conflicts, if the user cannot be asked.
func warnOfInstance(ctx context.Context, l config.Loader, cfg config.Config, flags cli.Flags, log *slog.Logger) {
	switch n := findInstance(ctx, l, cfg, flags); {
	case n == nil:
	case n.camera != "":
		log.Warn("another rvo-tui is running here and has one of these cameras open", "pid", n.about.PID, "camera", n.camera,
			"do", "stop one of them, or connect to it: rvo-tui connect")
	default:
		log.Warn("another rvo-tui is running here, while this one uses the built-in configuration", "pid", n.about.PID,
			"do", "name a configuration with --config, or connect to it: rvo-tui connect")
	}
}
