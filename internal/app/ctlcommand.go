package app

import (
	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/runtime"
)

// command returns the command that a verb of ctl stands for.
func command(l config.Loader, flags cli.Flags) (runtime.Command, error) {
	// Of what is installed on the other machine this one knows nothing.
	elsewhere := l.Kinds.Unchecked(func(k detectors.Kind) bool { return !k.Remote })
	return flags.Ctl.Command(flags.Verb, cli.Env{
		Detector: func(kind string, words []string) (detectors.Config, error) {
			return l.DetectorOf(elsewhere, kind, words)
		},
		Source: l.CameraOf,
	})
}
