package onnx

import (
	"fmt"
	"math"
	"slices"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx/heads"
	"rvo-tui/internal/text"
)

// Limits and defaults of the kind's own keys.
const (
	minInput, maxInput = 8, 4096 // pixels a side
	maxSignals         = 64
	maxBatch           = 64
	threshold          = 0.4
	nms                = 0.45
)

// Options are the kind's own keys.
type Options struct {
	Model      string    `toml:"model" help:"the network's file" is:"path"`
	Input      string    `toml:"input" help:"size that the network is shown, as in 640x480; unset: the model's"`
	Fit        string    `toml:"fit" help:"how frames of other shapes are fitted in; unset: as the format wants it" oneof:"letterbox letterbox-top-left stretch crop"`
	Color      string    `toml:"color" help:"order of the channels; unset: as the format wants it" oneof:"rgb bgr"`
	Mean       []float64 `toml:"mean" help:"what is subtracted from values of 0..255: one number, or one for each channel"`
	Scale      []float64 `toml:"scale" help:"what remains is multiplied by it: one number, or one for each channel"`
	Fill       []float64 `toml:"fill" help:"value of the margins, 0..255: one number, or one for each channel"`
	Format     string    `toml:"format" help:"what the outputs mean; unset: told by their names, shapes and values"`
	Outputs    []string  `toml:"outputs" help:"names of the outputs that count; unset: all"`
	Labels     []string  `toml:"labels" help:"what the classes are called; unset: the model's"`
	LabelsFile string    `toml:"labels_file" help:"a file with the labels" is:"path"`
	Classes    []string  `toml:"classes" help:"labels that count; unset: all"`
	Signals    []string  `toml:"signals" help:"labels that have a signal of their own"`
	Threshold  float64   `toml:"threshold" help:"smallest score that counts, 0..1"`
	NMS        float64   `toml:"nms" help:"overlap from which two boxes of a class are one, 0..1"`
	Provider   string    `toml:"provider" help:"what computes" oneof:"cpu openvino cuda tensorrt"`
	Device     string    `toml:"device" help:"which one of it, as in GPU (openvino) or 0 (cuda, tensorrt)"`
	Fallback   bool      `toml:"fallback" help:"whether the CPU computes where the provider cannot"`
	MaxBatch   int       `toml:"max_batch" help:"frames of several cameras that are shown at a time, where they wait anyway"`
}

// ofModel returns the options that decide what a loaded model is like.
func (o Options) ofModel() Options {
	o.Classes, o.Signals, o.Threshold, o.NMS = nil, nil, 0, 0
	return o
}

// Kind returns the kind "onnx". Its value is how many of the wanted things there
// are, and each label in signals has a signal of its own that counts it. A score
// is what the model says, 0..1. Detectors with the same model share it.
func (r *Runtime) Kind() detectors.Kind {
	return detectors.Kind{
		Name: "onnx",
		Doc:  "what a neural network in an ONNX file finds; the value is how many",
		Defaults: detectors.Config{
			MaxFPS: 5, Cost: detectors.CostHigh, Timeout: text.Duration(5 * time.Second), Isolation: detectors.ProcessIsolation,
			Options: Options{Threshold: threshold, NMS: nms, Provider: providerCPU, MaxBatch: 1},
		},
		Provides: provides,
		Check:    check,
		New: func(cfg detectors.Config) (detectors.Detector, error) {
			d, err := r.New(cfg.Options.(Options), cfg)
			if err != nil {
				return nil, err // and no Detector that is a nil pointer
			}
			return d, nil
		},
	}
}

// provides returns the signal that counts everything, and one for each label in
// signals.
func provides(cfg detectors.Config) []string {
	names := []string{cfg.Signal}
	for _, label := range cfg.Options.(Options).Signals {
		names = append(names, signalOf(label))
	}
	return names
}

// check reports what can be told without the library. Opening the model tells the
// rest.
func check(cfg detectors.Config, bad func(key, problem string)) {
	o := cfg.Options.(Options)
	if o.Model == "" {
		bad("model", "is missing: give the path of an ONNX file")
	} else if err := regular(o.Model); err != nil {
		bad("model", err.Error())
	}
	if _, _, ok := parseInput(o.Input); o.Input != "" && !ok {
		bad("input", fmt.Sprintf("%q is not a size: write width x height, %d to %d pixels each, as in \"640x640\"", text.Clean(o.Input), minInput, maxInput))
	}
	if o.Format != "" && !slices.Contains(heads.Formats(), o.Format) {
		bad("format", fmt.Sprintf("%q is not one of %q", text.Clean(o.Format), heads.Formats()))
	}
	numbers := func(key string, list []float64, ok func(float64) bool, problem string) {
		if n := len(list); n > 1 && n != 3 || slices.ContainsFunc(list, func(v float64) bool { return v-v != 0 || !ok(v) }) {
			bad(key, "must be one number, or three in the order of the channels: "+problem)
		}
	}
	numbers("mean", o.Mean, func(float64) bool { return true }, "what is subtracted from values of 0 to 255")
	numbers("scale", o.Scale, func(v float64) bool { return v > 0 }, "above 0, what remains is multiplied by it")
	numbers("fill", o.Fill, func(v float64) bool { return v >= 0 && v <= 255 && v == math.Trunc(v) }, "0 to 255, the value of the margins")
	if !(o.Threshold > 0 && o.Threshold <= 1) {
		bad("threshold", fmt.Sprintf("must be above 0 and at most 1: the smallest score that counts, %v unless set", threshold))
	}
	if !(o.NMS > 0 && o.NMS <= 1) {
		bad("nms", fmt.Sprintf("must be above 0 and at most 1: the overlap above which two boxes of a class are one, %v unless set", nms))
	}
	if o.MaxBatch < 1 || o.MaxBatch > maxBatch {
		bad("max_batch", fmt.Sprintf("must be 1 to %d: how many frames are shown at a time", maxBatch))
	}
	if o.Device != "" && o.Provider == providerCPU {
		bad("device", "belongs to the other providers: set provider, or leave it out")
	}
	checkLabels(o, cfg.Signal, bad)
}

// shown returns how frames are shown: as configured, else as the head's family is
// taught. Whole numbers are pixels as they are.
func (o Options) shown(taught heads.Input, l layout) (shown, error) {
	s := shown{Input: taught, fill: [3]uint8{taught.Fill, taught.Fill, taught.Fill}}
	if o.Fit != "" {
		s.Fit = o.Fit
	}
	if o.Color != "" {
		s.BGR = o.Color == "bgr"
	}
	if l.elem == uint8s || l.elem == int32s {
		s.Mean, s.Scale = [3]float64{}, [3]float64{1, 1, 1}
	}
	set := func(key string, to func(i int, v float64), list []float64) error {
		if n := len(list); n > 1 && n != l.channels {
			return fmt.Errorf("%s has %d numbers, and the model has %d channels: give one, or as many", key, n, l.channels)
		}
		for i := range 3 {
			if len(list) > 0 {
				to(i, list[min(i, len(list)-1)])
			}
		}
		return nil
	}
	for _, err := range []error{
		set("mean", func(i int, v float64) { s.Mean[i] = v }, o.Mean),
		set("scale", func(i int, v float64) { s.Scale[i] = v }, o.Scale),
		set("fill", func(i int, v float64) { s.fill[i] = uint8(v) }, o.Fill),
	} {
		if err != nil {
			return s, err
		}
	}
	return s, nil
}
