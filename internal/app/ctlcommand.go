package app

import (
	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/runtime"
)

// command returns the command that a verb of ctl stands for.
func command(l config.Loader, flags cli.Flags) (runtime.Command, error) {
	return flags.Ctl.Command(flags.Verb, cli.Env{
		Detector: func(kind string, words []string) (detectors.Config, error) {
			text, err := l.KeyText(detectors.Config{}, append([]string{"kind=" + kind}, words...), "name="+kind)
			if err != nil {
				return detectors.Config{}, err
			}
			return config.ParseDetector(elsewhere(l.Kinds), text)
		},
		Source: func(words []string) (capture.Config, error) {
			text, err := l.KeyText(capture.Config{}, words)
			if err != nil {
				return capture.Config{}, err
			}
			return config.ParseCamera(text)
		},
	})
}

// elsewhere returns the kinds as far as they can be judged on another machine: of
// what is installed there this one knows nothing.
func elsewhere(kinds detectors.Kinds) detectors.Kinds {
	other := make(detectors.Kinds, len(kinds))
	for name, kind := range kinds {
		if !kind.Remote {
			kind.Check = nil
		}
		other[name] = kind
	}
	return other
}
