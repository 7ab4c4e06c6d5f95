package app

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"

	"rvo-tui/capture"
	"rvo-tui/capture/synthetic"
	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/internal/logging"
	"rvo-tui/runtime"
	"rvo-tui/runtime/api"
	"rvo-tui/ui/web"
)

// serves reports whether the API is served anywhere.
func serves(cfg config.Config) bool {
	return cfg.Control.Socket != "" || cfg.Control.Listen != "" || cfg.Web.Listen != ""
}

// newAPI returns the API server. Outputs use it to execute commands even if it serves nothing.
func newAPI(cfg config.Config, again *reloader, drivers capture.Drivers, ring *logging.Ring, recent *runtime.Recent, stop func(), log *slog.Logger) *api.Server {
	loader := again.loader
	return api.NewServer(api.Options{
		Config: cfg.Control, Runtime: again.rt, Ring: ring, Recent: recent, ClipsDir: cfg.Clips.Dir,
		Kinds: loader.Kinds, Configured: again.configured,
		Codec: codec(loader.Kinds), File: file{again}, Open: drivers.Open,
		Sources: func() []capture.Choice { return append(cameraChoices(), synthetic.Choices()...) },
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

// codec returns the JSON codec of detectors and cameras. Decoding opens none of the files they
// name, because the API checks only afterwards whether the client may name files.
func codec(kinds detectors.Kinds) api.Codec {
	blind := kinds.Unchecked(func(detectors.Kind) bool { return true })
	return api.Codec{
		Detector: func(keys []byte) (detectors.Config, error) { return config.ParseDetector(blind, keys) },
		Camera:   config.ParseCamera,
	}
}

// commander returns a function that executes command lines, as they follow "ctl", for a remote
// user: ${NAME} is not expanded, and the API's policy applies.
func commander(server *api.Server, who string, kinds detectors.Kinds) func(context.Context, []string) error {
	blind := kinds.Unchecked(func(detectors.Kind) bool { return true })
	reader := config.Loader{Kinds: blind, Getenv: func(string) (string, bool) { return "", false }}
	env := cli.Env{
		Detector: func(kind string, words []string) (detectors.Config, error) {
			return reader.DetectorOf(blind, kind, words)
		},
		Source: reader.CameraOf,
	}
	return func(ctx context.Context, words []string) error {
		cmd, err := cli.ParseVerb(words, env)
		if err != nil {
			return err
		}
		return server.Do(ctx, who, cmd)
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
