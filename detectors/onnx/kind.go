package onnx

import (
	"fmt"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx/network"
	"rvo-tui/internal/text"
)

// maxBatch is the maximum batch size.
const maxBatch = 64

// Options are the kind's own keys.
type Options struct {
	Model string `toml:"model" help:"the network's file" is:"path"`
	network.Options
	Provider string `toml:"provider" help:"execution provider" oneof:"cpu openvino cuda tensorrt"`
	Device   string `toml:"device" help:"device of the provider, such as GPU (openvino) or 0 (cuda, tensorrt)"`
	Fallback bool   `toml:"fallback" help:"use the CPU if the provider cannot be used"`
	MaxBatch int    `toml:"max_batch" help:"maximum batch size for waiting frames of several cameras"`
}

// ofModel returns the options that affect loading the model.
func (o Options) ofModel() Options {
	o.Options = o.OfModel()
	return o
}

// Kind returns the kind "onnx". Its value is the number of matching objects, and each
// label in signals has its own signal that counts it. A score is the model's own, 0..1.
// Detectors with the same model share it.
func (r *Runtime) Kind() detectors.Kind {
	return detectors.Kind{
		Name:   "onnx",
		Crops:  true,
		Absent: absent,
		Doc:    "objects found by a neural network in an ONNX file; the value is their number",
		Defaults: detectors.Config{
			MaxFPS: 5, Cost: detectors.CostHigh, Timeout: text.Duration(5 * time.Second), Isolation: detectors.ProcessIsolation,
			Options: Options{Options: network.Defaults(), Provider: providerCPU, MaxBatch: 1},
		},
		Provides: func(cfg detectors.Config) []string { return cfg.Options.(Options).Provides(cfg.Signal) },
		Batch:    func(cfg detectors.Config) int { return cfg.Options.(Options).MaxBatch },
		Check:    check,
		New: func(cfg detectors.Config) (detectors.Detector, error) {
			d, err := r.New(cfg.Options.(Options), cfg)
			if err != nil {
				return nil, err // avoid a non-nil Detector with a nil pointer
			}
			return d, nil
		},
	}
}

// check checks what is possible without the library. The rest is checked when the model
// is opened.
func check(cfg detectors.Config, bad func(key, problem string)) {
	o := cfg.Options.(Options)
	if o.Model == "" {
		bad("model", "is missing: give the path of an ONNX file")
	} else if err := network.Regular(o.Model); err != nil {
		bad("model", err.Error())
	}
	o.Check(cfg.Signal, bad)
	if o.MaxBatch < 1 || o.MaxBatch > maxBatch {
		bad("max_batch", fmt.Sprintf("must be 1 to %d, the maximum batch size", maxBatch))
	}
	if o.Device != "" && o.Provider == providerCPU {
		bad("device", "applies to other providers: set provider, or leave it out")
	}
}
