package config

import (
	"errors"
	"fmt"

	"rvo-tui/capture"
	"rvo-tui/capture/synthetic"
	"rvo-tui/detectors"
	"rvo-tui/internal/option"
	"rvo-tui/internal/text"
)

// DetectorOf parses words such as "max_fps=5" as a detector of a kind (see detectors.Kinds.Parse)
// and expands ${NAME}. The error has every problem.
func (l Loader) DetectorOf(kinds detectors.Kinds, kind string, words []string) (detectors.Config, error) {
	words, err := l.expandAll(words)
	if err != nil {
		return detectors.Config{}, err
	}
	cfg, err := kinds.Parse(kind, words)
	if err != nil {
		return cfg, err
	}
	var problems []error
	cfg.Validate(kinds, collect(&problems))
	return cfg, errors.Join(problems...)
}

// CameraOf is DetectorOf for the keys of a camera.
func (l Loader) CameraOf(words []string) (capture.Config, error) {
	cfg := capture.DefaultConfig()
	words, err := l.expandAll(words)
	if err != nil {
		return cfg, err
	}
	allowed := option.Keys(option.List(cfg))
	if _, err := option.Apply(words, func(key string) string { return text.Unknown("key", key, allowed) }, &cfg); err != nil {
		return cfg, err
	}
	var problems []error
	bad := collect(&problems)
	cfg.Validate(bad)
	synthetic.Validate(cfg, bad)
	return cfg, errors.Join(problems...)
}

// collect returns a function that adds problems with keys to a list.
func collect(problems *[]error) func(key, problem string) {
	return func(key, problem string) { *problems = append(*problems, fmt.Errorf("%s: %s", key, problem)) }
}

// expandAll expands ${NAME} in words.
func (l Loader) expandAll(words []string) ([]string, error) {
	out := make([]string, len(words))
	for i, w := range words {
		var err error
		if out[i], err = l.vault().expand(w); err != nil {
			return nil, err
		}
	}
	return out, nil
}
