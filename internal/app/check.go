package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rvo-tui/capture"
	"rvo-tui/capture/libav"
	"rvo-tui/internal/asuser"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/internal/fileio"
	"rvo-tui/internal/fileio/pem"
	"rvo-tui/rules"
)

// webPort is an environment variable of RealTime-Video-Orchestrator, and webPortUnread names its
// replacement.
const (
	webPort       = "RVO_WEB_PORT"
	webPortUnread = "RVO_WEB_PORT has no effect here: set listen of [control], as in \"127.0.0.1:8080\", to serve the HTTP API"
)

// check reads the selected configuration, opens its files and networks, and writes a summary to
// out. A *config.Error has every problem. If the flags name a model, it checks only that.
func check(ctx context.Context, l config.Loader, kinds *kinds, flags cli.Flags, out io.Writer) error {
	switch c := flags.Check; {
	case c.Model == "" && (c.On != "" || c.Draw != "" || c.Set != nil):
		return &cli.UsageError{Err: errors.New("--on, --draw and --set need --model")}
	case c.Model != "" && c.File != "":
		return &cli.UsageError{Err: errors.New("--model: only the model is checked; leave the configuration out")}
	case c.Model != "" && c.As != "":
		return &cli.UsageError{Err: errors.New("--as: cannot be combined with --model")}
	case c.Draw != "" && c.On == "":
		return &cli.UsageError{Err: errors.New("--draw: give the image to draw in with --on")}
	}
	if flags.Check.File != "" {
		flags.Config = flags.Check.File
	}
	cfg, err := l.Load(flags)
	if err == nil {
		kinds.tune(cfg.Runtime)
	}
	if flags.Check.Model != "" {
		return checkModel(ctx, kinds, flags.Check, out)
	}
	if err != nil {
		return err
	}
	if err := mounted(cfg); err != nil {
		return err
	}
	if err := checkFiles(l, cfg, flags.Check.As, out); err != nil {
		return err
	}
	if err := checkNetworks(ctx, kinds, cfg, out); err != nil {
		return err
	}
	for _, w := range cfg.Warnings {
		fmt.Fprintln(out, w)
	}
	for _, c := range cfg.Camera {
		if warning := undecoded(c, libav.Version() != ""); warning != "" {
			fmt.Fprintf(out, "%s: warning: camera %q: %s\n", cfg.File, c.Name, warning)
		}
	}
	if slices.ContainsFunc(cfg.Rule, func(r rules.Config) bool { return r.Clip && r.Enabled }) {
		if err := cfg.Clips.Room(); err != nil {
			fmt.Fprintf(out, "%s: warning: clips: %v\n", cfg.File, err)
		}
	}
	if _, set := l.Getenv(webPort); set {
		fmt.Fprintf(out, "warning: %s\n", webPortUnread)
	}
	_, err = fmt.Fprintf(out, "%s: ok (%s, %s, %s)\n", cfg.File,
		count(len(cfg.Camera), "camera"), count(len(cfg.Detector), "detector"), count(len(cfg.Rule), "rule"))
	return err
}

// checkFiles opens the files that the configuration names, as the given user (empty: the current
// one), and prints which user that is. A *config.Error has the files that cannot be opened.
func checkFiles(l config.Loader, cfg config.Config, as string, out io.Writer) error {
	who, err := asuser.Find(as)
	if err != nil {
		return &cli.UsageError{Err: fmt.Errorf("--as: %w", err)}
	}
	credentials, _ := l.Getenv("CREDENTIALS_DIRECTORY")
	bad := &config.Error{File: cfg.File}
	opened := 0
	for _, f := range cfg.Files() {
		user := who
		if credentials != "" && strings.HasPrefix(f.Path, filepath.Clean(credentials)+"/") {
			user = asuser.Current() // systemd passes credentials to the user of the service
		}
		err := asuser.Do(user, func() error { return openFile(f.Path) })
		switch {
		case err == nil:
			opened++
		case errors.Is(err, fs.ErrNotExist) && !strings.Contains(f.Path, "/"):
			// The name of something that comes with the system.
		default:
			bad.Problems = append(bad.Problems, config.Problem{
				File: cfg.File, Where: f.Where, Key: f.Key, Text: fmt.Sprintf("user %q cannot read it: %s", user.Username, l.Secrets.Redact(err.Error())),
			})
		}
	}
	if cert := cfg.Control.TLSCert; cert != "" && len(bad.Problems) == 0 {
		if _, err := pem.KeyPair(cert, cfg.Control.TLSKey); err != nil {
			bad.Problems = append(bad.Problems, config.Problem{File: cfg.File, Where: "control", Key: "tls_cert", Text: err.Error()})
		}
	}
	switch {
	case len(bad.Problems) > 0:
		return bad
	case opened == 0:
		return nil
	}
	fmt.Fprintf(out, "opened %s as user %q", count(opened, "file"), who.Username)
	if as == "" && who.Uid == "0" {
		fmt.Fprint(out, "; if the service runs as another user, add --as USER")
	}
	_, err = fmt.Fprintln(out)
	return err
}

// openFile opens a file for reading.
func openFile(path string) error {
	f, err := fileio.Open(path, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// undecoded describes what a build without FFmpeg cannot do with a camera; "" if nothing.
func undecoded(c capture.Config, ffmpeg bool) string {
	addr, err := capture.ParseAddress(c.Source)
	if ffmpeg || err != nil {
		return ""
	}
	switch addr.Kind {
	case capture.KindFile, capture.KindStream:
		return "this build has no FFmpeg and cannot open it"
	case capture.KindRTSP:
		return "this build has no FFmpeg and decodes only Motion JPEG: if the camera sends H.264 or H.265 there are no frames, so no detector runs, no event fires and no clip is saved; set the camera to MJPEG, or use the build with FFmpeg"
	}
	return ""
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
