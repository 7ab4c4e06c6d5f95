// Package network has the common parts of kinds that run a neural network:
// preprocessing of frames, and conversion of outputs to readings.
package network

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx/heads"
	"rvo-tui/internal/text"
)

// Limits and defaults of the options.
const (
	minInput, maxInput = 8, 4096 // pixels per side
	maxSignals         = 64
	threshold          = 0.4
	nms                = 0.45
)

// Options are the keys common to kinds that run a network.
type Options struct {
	Input      string    `toml:"input" help:"input size of the network, such as 640x480; unset: the model's"`
	Fit        string    `toml:"fit" help:"how frames with another aspect ratio are fitted; unset: depends on the format" oneof:"letterbox letterbox-top-left stretch crop"`
	Color      string    `toml:"color" help:"order of the channels; unset: depends on the format" oneof:"rgb bgr"`
	Mean       []float64 `toml:"mean" help:"subtracted from values of 0..255: one number, or one for each channel"`
	Scale      []float64 `toml:"scale" help:"factor applied after mean: one number, or one for each channel"`
	Fill       []float64 `toml:"fill" help:"value of the margins, 0..255: one number, or one for each channel"`
	Format     string    `toml:"format" help:"format of the outputs; unset: detected from their names, shapes and values"`
	Outputs    []string  `toml:"outputs" help:"names of the outputs to use; unset: all"`
	Labels     []string  `toml:"labels" help:"names of the classes; unset: the model's"`
	LabelsFile string    `toml:"labels_file" help:"a file with the labels" is:"path"`
	Classes    []string  `toml:"classes" help:"labels to keep; unset: all"`
	Signals    []string  `toml:"signals" help:"labels with a signal of their own"`
	Threshold  float64   `toml:"threshold" help:"minimum score, 0..1"`
	NMS        float64   `toml:"nms" help:"overlap above which two boxes of a class are merged, 0..1"`
}

// Defaults returns the default options.
func Defaults() Options { return Options{Threshold: threshold, NMS: nms} }

// OfModel returns the options that affect loading the model, without those of a single
// detector.
func (o Options) OfModel() Options {
	o.Classes, o.Signals, o.Threshold, o.NMS = nil, nil, 0, 0
	return o
}

// Provides returns the signals of a detector: its main signal, which counts everything,
// and one for each label in signals.
func (o Options) Provides(own string) []string {
	names := []string{own}
	for _, label := range o.Signals {
		names = append(names, detectors.SignalOf(label))
	}
	return names
}

// Check checks the options as far as possible without the model. signal is the
// detector's.
func (o Options) Check(signal string, bad func(key, problem string)) {
	if _, _, ok := parseInput(o.Input); o.Input != "" && !ok {
		bad("input", fmt.Sprintf("%q is not a size: write width x height, %d to %d pixels each, as in \"640x640\"", text.Clean(o.Input), minInput, maxInput))
	}
	if o.Format != "" && !slices.Contains(heads.Formats(), o.Format) {
		bad("format", fmt.Sprintf("%q is not one of %q", text.Clean(o.Format), heads.Formats()))
	}
	numbers := func(key string, list []float64, ok func(float64) bool, problem string) {
		if n := len(list); n > 1 && n != 3 || slices.ContainsFunc(list, func(v float64) bool { return v-v != 0 || !ok(v) }) {
			bad(key, "must be one number, or three in channel order: "+problem)
		}
	}
	numbers("mean", o.Mean, func(float64) bool { return true }, "it is subtracted from values of 0 to 255")
	numbers("scale", o.Scale, func(v float64) bool { return v > 0 }, "above 0; values are multiplied by it after mean is subtracted")
	numbers("fill", o.Fill, func(v float64) bool { return v >= 0 && v <= 255 && v == math.Trunc(v) }, "whole numbers of 0 to 255, the value of the margins")
	if !(o.Threshold > 0 && o.Threshold <= 1) {
		bad("threshold", fmt.Sprintf("must be above 0 and at most 1: the minimum score, %v by default", threshold))
	}
	if !(o.NMS > 0 && o.NMS <= 1) {
		bad("nms", fmt.Sprintf("must be above 0 and at most 1: the overlap above which two boxes of a class are merged, %v by default", nms))
	}
	o.checkLabels(signal, bad)
}

// shown returns the preprocessing: as configured, otherwise that of the head's family.
// Integer inputs take pixel values unchanged.
func (o Options) shown(taught heads.Input, l Layout) (shown, error) {
	s := shown{Input: taught, fill: [3]uint8{taught.Fill, taught.Fill, taught.Fill}}
	if o.Fit != "" {
		s.Fit = o.Fit
	}
	if o.Color != "" {
		s.BGR = o.Color == "bgr"
	}
	switch l.Elem {
	case Uint8, Int32, JPEG:
		s.Mean, s.Scale = [3]float64{}, [3]float64{1, 1, 1}
	}
	if l.Elem == JPEG {
		if o.Color != "" || len(o.Mean) > 0 || len(o.Scale) > 0 {
			return s, errors.New("the model takes image files: leave color, mean and scale out")
		}
		s.BGR = true
	}
	set := func(key string, to func(i int, v float64), list []float64) error {
		if n := len(list); n > 1 && n != l.Channels {
			return fmt.Errorf("%s has %d numbers, but the model has %d channels: give one number, or one for each channel", key, n, l.Channels)
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
