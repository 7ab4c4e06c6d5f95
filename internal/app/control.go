package app

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"

	"rvo-tui/detectors"
	"rvo-tui/internal/config"
	"rvo-tui/internal/logging"
	"rvo-tui/runtime"
	"rvo-tui/runtime/control"
)

// newControl returns the control server, or nil when it is off.
func newControl(cfg config.Config, again *reloader, ring *logging.Ring, recent *runtime.Recent, log *slog.Logger) *control.Server {
	if cfg.Control.Socket == "" && cfg.Control.Listen == "" {
		return nil
	}
	loader := again.loader
	return control.NewServer(control.ServerOptions{
		Config: cfg.Control, Runtime: again.rt, Ring: ring, Recent: recent, ClipsDir: cfg.Clips.Dir,
		Kinds: loader.Kinds, Configured: again.endpoints, Codec: newCodec(loader.Kinds),
		Reload: func(ctx context.Context) error {
			if err := again.reload(ctx); err != nil {
				return errors.New(loader.Secrets.Redact(err.Error()))
			}
			return nil
		},
		Version: ownVersion(), ConfigFile: cfg.File, Log: log,
	})
}

// newCodec returns how detectors and cameras are encoded. Decoding opens no file
// that they name: whether the client may name it is decided afterwards.
func newCodec(kinds detectors.Kinds) control.Codec {
	blind := kinds.Unchecked(func(detectors.Kind) bool { return true })
	return control.Codec{
		Detector:     func(text string) (detectors.Config, error) { return config.ParseDetector(blind, text) },
		Camera:       config.ParseCamera,
		DetectorText: config.DetectorText,
		CameraText:   config.CameraText,
	}
}

// endpoints returns the model services of the current configuration.
func (r *reloader) endpoints() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, d := range r.cfg.Detector {
		if endpoint := d.Text("endpoint"); endpoint != "" {
			list = append(list, endpoint)
		}
	}
	return list
}

// ownVersion returns the version or revision of this program.
func ownVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return revision(info)
	}
	return "devel"
}
