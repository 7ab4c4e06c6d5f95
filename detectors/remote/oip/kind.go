// Package oip runs models on servers of the Open Inference Protocol, version 2, over
// gRPC: Triton, KServe, MLServer, OpenVINO Model Server. It reads the model's inputs
// and outputs from the server. Package network does the rest, as for local models.
package oip

import (
	"fmt"
	"strings"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx/network"
	"rvo-tui/detectors/remote"
	"rvo-tui/internal/text"
)

// maxName is the maximum length of the name of a model, a version or a tensor, in
// bytes.
const maxName = 256

// Options are the kind's own keys.
type Options struct {
	remote.Connection
	Model   string `toml:"model" help:"name of the model on the server"`
	Version string `toml:"version" help:"version of the model; unset: the server chooses"`
	network.Options
}

// Kind returns the kind "oip". Its detectors share the connections of pool, which must
// outlive them. encode makes image files for models that take them.
func Kind(pool *remote.Pool, encode capture.Encoder) detectors.Kind {
	return detectors.Kind{
		Name: "oip",
		Doc:  "objects found by a model on Triton, KServe, MLServer or OpenVINO Model Server; the value is their number",
		Defaults: detectors.Config{
			MaxFPS: 10, Cost: detectors.CostHigh, Timeout: text.Duration(2 * time.Second),
			Options: Options{Options: network.Defaults()},
		},
		Remote:   true,
		Crops:    true,
		Provides: func(cfg detectors.Config) []string { return cfg.Options.(Options).Provides(cfg.Signal) },
		Check:    check,
		New: func(cfg detectors.Config) (detectors.Detector, error) {
			d, err := New(pool, encode, cfg)
			if err != nil {
				return nil, err // avoid a non-nil Detector with a nil pointer
			}
			return d, nil
		},
	}
}

func check(cfg detectors.Config, bad func(key, problem string)) {
	o := cfg.Options.(Options)
	o.Connection.Check(bad)
	if o.Model == "" {
		bad("model", "is missing: give its name on the server")
	}
	for key, name := range map[string]string{"model": o.Model, "version": o.Version} {
		if len(name) > maxName || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			bad(key, fmt.Sprintf("must be at most %d bytes without control characters", maxName))
		}
	}
	o.Options.Check(cfg.Signal, bad)
}
