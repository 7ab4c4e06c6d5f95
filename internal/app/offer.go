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
	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/internal/text"
	"rvo-tui/runtime/control"
)

// offerTime bounds the look for a program that runs here already. It is over at
// once where there is none; a busy machine takes a while to answer.
const offerTime = 3 * time.Second

// neighbour is another rvo-tui on this machine that makes a run of this one
// doubtful.
type neighbour struct {
	about  control.About
	camera string // that it holds and we would open; empty: we would run on no configuration at all
	clash  bool   // whether camera is one of ours
}

// findNeighbour asks on this machine's socket whether a program runs that holds
// one of the cameras of a configuration, or that is most likely the one which is
// meant when there is no configuration. Nil: there is none.
func findNeighbour(ctx context.Context, l config.Loader, cfg config.Config, flags cli.Flags) *neighbour {
	client, err := control.Dial("", control.DialOptions{Codec: newCodec(l.Kinds)})
	if err != nil {
		return nil // who looks on purpose is told by connect
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, offerTime)
	defer cancel()
	about, err := client.About(ctx)
	if err != nil || about.PID == os.Getpid() {
		return nil
	}
	return clash(about, l, cfg, flags)
}

// offered offers to connect to a program that runs here already, where there is
// one, and reports whether that is wanted. There must be a terminal.
func offered(l config.Loader, cfg config.Config, flags cli.Flags, out io.Writer) bool {
	n := findNeighbour(context.Background(), l, cfg, flags)
	return n != nil && n.ask(os.Stdin, out)
}

// warnOfNeighbour logs that a program runs here already, where there is one.
func warnOfNeighbour(ctx context.Context, l config.Loader, cfg config.Config, flags cli.Flags, log *slog.Logger) {
	if n := findNeighbour(ctx, l, cfg, flags); n != nil {
		n.warn(log)
	}
}

// clash compares what another program does with what this one would do.
func clash(about control.About, l config.Loader, cfg config.Config, flags cli.Flags) *neighbour {
	for _, theirs := range about.Cameras {
		for _, ours := range cfg.Camera {
			if sameCamera(ours.Source, theirs.Source, l.Secrets) {
				return &neighbour{about: about, camera: theirs.Name, clash: true}
			}
		}
	}
	if cfg.File != config.BuiltIn || flags.CameraDevice != nil || flags.CameraURI != "" || flags.Pick {
		return nil
	}
	n := &neighbour{about: about}
	if len(about.Cameras) > 0 {
		n.camera = about.Cameras[0].Name
	}
	return n
}

// sameCamera reports whether a source of ours and one of another program, which
// is redacted, are one camera that two programs had better not both open. Files
// and scenes are there for everybody.
func sameCamera(ours, theirs string, secrets *config.Secrets) bool {
	addr, err := capture.ParseAddress(ours)
	if err != nil {
		return false
	}
	switch addr.Kind {
	case capture.KindDevice:
		other, err := capture.ParseAddress(theirs)
		return err == nil && other.Kind == capture.KindDevice && other.Device == addr.Device
	case capture.KindRTSP, capture.KindHTTP:
		return secrets.Redact(text.Redact(ours)) == theirs
	}
	return false
}

// String says who it is.
func (n *neighbour) String() string {
	text := fmt.Sprintf("rvo-tui (pid %d, up %s) is running here", n.about.PID, rough(time.Since(n.about.Started)))
	switch others := len(n.about.Cameras) - 1; {
	case n.camera == "":
		return text + " without a camera"
	case others == 1:
		text += fmt.Sprintf(" with camera %s and another one", detectors.Clean(n.camera))
	case others > 1:
		text += fmt.Sprintf(" with camera %s and %d others", detectors.Clean(n.camera), others)
	default:
		text += " with camera " + detectors.Clean(n.camera)
	}
	return text
}

// ask offers to connect to it, and reports whether that is wanted.
func (n *neighbour) ask(in io.Reader, out io.Writer) bool {
	fmt.Fprintf(out, "%s. Connect to it? [Y/n] ", n)
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil {
		fmt.Fprintln(out)
		return false
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "", "y", "yes":
		return true
	}
	return false
}

// warn logs it where nobody can be asked.
func (n *neighbour) warn(log *slog.Logger) {
	advice := "end one of them, or connect to it: rvo-tui connect"
	if n.clash {
		log.Warn("another rvo-tui is running here and has one of these cameras open", "pid", n.about.PID, "camera", n.camera, "advice", advice)
		return
	}
	log.Warn("another rvo-tui is running here, and this one runs on the configuration that is built in",
		"pid", n.about.PID, "advice", "name a configuration with --config, or connect to it: rvo-tui connect")
}

// rough writes how long something has lasted in its largest unit.
func rough(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(int(d.Seconds()), 0))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
