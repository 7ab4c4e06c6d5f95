package app

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/config"
	"rvo-tui/internal/logging"
	"rvo-tui/runtime"
	"rvo-tui/runtime/api"
	"rvo-tui/ui/web"
)

// newAPI returns the server of the API, or nil when it is off.
func newAPI(cfg config.Config, again *reloader, ring *logging.Ring, recent *runtime.Recent, stop func(), log *slog.Logger) *api.Server {
	if cfg.Control.Socket == "" && cfg.Control.Listen == "" && cfg.Web.Listen == "" {
		return nil
	}
	loader := again.loader
	return api.NewServer(api.Options{
		Config: cfg.Control, Runtime: again.rt, Ring: ring, Recent: recent, ClipsDir: cfg.Clips.Dir,
		Kinds: loader.Kinds, Configured: again.configured,
		Codec: codec(loader.Kinds), File: file{again},
		Reload: func(ctx context.Context) error {
			if err := again.reload(ctx); err != nil {
				return errors.New(loader.Secrets.Redact(err.Error()))
			}
			return nil
		},
		Stop: stop, Version: ownVersion(), ConfigFile: cfg.File, Log: log,
		PageListen: cfg.Web.Listen, Page: web.Handler(),
	})
}

// codec returns how detectors and cameras are read. Decoding opens no file that they
// name: whether the client may name it is decided afterwards.
func codec(kinds detectors.Kinds) api.Codec {
	blind := kinds.Unchecked(func(detectors.Kind) bool { return true })
	return api.Codec{
		Detector: func(keys []byte) (detectors.Config, error) { return config.ParseDetector(blind, keys) },
		Camera:   config.ParseCamera,
	}
}

// configured returns the cameras and detectors of the current configuration.
func (r *reloader) configured() ([]capture.Config, []detectors.Config) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cfg.Camera, r.cfg.Detector
}

// ownVersion returns the version or revision of this program.
func ownVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return revision(info)
	}
	return "devel"
}
