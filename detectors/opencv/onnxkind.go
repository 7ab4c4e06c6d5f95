package opencv

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	words "rvo-tui/internal/text"
)

// The bounds and defaults of the onnx kind's own keys.
const (
	minInput, maxInput = 8, 4096 // pixels a side
	maxONNXSignals     = 64
	onnxThreshold      = 0.4
	onnxNMS            = 0.45
	onnxScale          = 1.0 / 255
	colorRGB, colorBGR = "rgb", "bgr"
)

// onnxOptions are the kind's own keys.
type onnxOptions struct {
	Model      string    `toml:"model" help:"the network's file" is:"path"`
	Input      string    `toml:"input" help:"size that the network is shown, as in 640x480; unset: the model's"`
	Fit        string    `toml:"fit" help:"how frames of other shapes are fitted in; unset: as the format wants it" oneof:"letterbox stretch crop"`
	Color      string    `toml:"color" help:"order of the channels" oneof:"rgb bgr"`
	Scale      float64   `toml:"scale" help:"what values of 0..255 are multiplied by"`
	Mean       []float64 `toml:"mean" help:"what is subtracted first: one value, or one for each channel"`
	Format     string    `toml:"format" help:"form of the model's output; unset: told by its shape"`
	Labels     []string  `toml:"labels" help:"what the classes are called"`
	LabelsFile string    `toml:"labels_file" help:"a file with the labels, one a line" is:"path"`
	Classes    []string  `toml:"classes" help:"labels that count; unset: all"`
	Signals    []string  `toml:"signals" help:"labels that have a signal of their own"`
	Threshold  float64   `toml:"threshold" help:"smallest score that counts, 0..1"`
	NMS        float64   `toml:"nms" help:"overlap from which two boxes of a class are one, 0..1"`
}

// onnxConfig is a configuration with the kind's own keys at hand.
type onnxConfig struct {
	detectors.Config
	onnxOptions
}

func onnxOf(cfg detectors.Config) onnxConfig {
	return onnxConfig{cfg, cfg.Options.(onnxOptions)}
}

func onnxKind() detectors.Kind {
	return detectors.Kind{
		Name: "onnx",
		Doc:  "what a neural network in an ONNX file finds; the value is how many",
		Defaults: detectors.Config{
			MaxFPS: 5, Cost: detectors.CostHigh, Timeout: capture.Duration(5 * time.Second), Isolation: detectors.ProcessIsolation,
			Options: onnxOptions{Color: colorRGB, Scale: onnxScale, Threshold: onnxThreshold, NMS: onnxNMS},
		},
		Provides: func(cfg detectors.Config) []string { return onnxProvides(onnxOf(cfg)) },
		Check:    func(cfg detectors.Config, bad func(key, problem string)) { checkONNX(onnxOf(cfg), bad) },
		New:      newONNX,
	}
}

// onnxProvides returns the signal that counts everything, and one for each label
// in signals.
func onnxProvides(cfg onnxConfig) []string {
	names := []string{cfg.Signal}
	for _, label := range cfg.Signals {
		names = append(names, signalOf(label))
	}
	return names
}

func checkONNX(cfg onnxConfig, bad func(key, problem string)) {
	var labels []string // that the file has
	if cfg.Model == "" {
		bad("model", "is missing: give the path of an ONNX file")
	} else if f, err := readONNX(cfg.Model); err != nil {
		bad("model", err.Error())
	} else {
		labels = f.labels
		if _, err := inputFor(cfg, f.input); err != nil {
			bad("input", err.Error())
		}
	}
	word := func(key, value string, allowed ...string) {
		if value != "" && !slices.Contains(allowed, value) {
			bad(key, fmt.Sprintf("%q is not one of %q", detectors.Clean(value), allowed))
		}
	}
	word("format", cfg.Format, formats...)
	if !(cfg.Scale > 0) || math.IsInf(cfg.Scale, 0) {
		bad("scale", "must be above 0: what values of 0 to 255 are multiplied by, 1/255 unless set")
	}
	if n := len(cfg.Mean); n != 0 && n != 1 && n != 3 || slices.ContainsFunc(cfg.Mean, func(m float64) bool { return m-m != 0 }) {
		bad("mean", "must be one number, or three: what is subtracted from values of 0 to 255, in the order of color")
	}
	if !(cfg.Threshold > 0 && cfg.Threshold <= 1) {
		bad("threshold", "must be above 0 and at most 1: the smallest score that counts, 0.4 unless set")
	}
	if !(cfg.NMS > 0 && cfg.NMS <= 1) {
		bad("nms", "must be above 0 and at most 1: the overlap above which two boxes of a class are one, 0.45 unless set")
	}
	checkLabels(cfg, labels, bad)
}

// checkLabels takes the labels that the model's file has.
func checkLabels(cfg onnxConfig, labels []string, bad func(key, problem string)) {
	if len(cfg.Labels) > 0 {
		labels = cfg.Labels
	}
	if len(cfg.Labels) > maxLabels {
		bad("labels", fmt.Sprintf("has %d labels: at most %d are allowed", len(cfg.Labels), maxLabels))
	}
	if cfg.LabelsFile != "" {
		read, err := readLabels(cfg.LabelsFile)
		switch {
		case len(cfg.Labels) > 0:
			bad("labels_file", "does not go with labels: keep one of the two")
		case err != nil:
			bad("labels_file", err.Error())
		default:
			labels = read
		}
	}
	if len(cfg.Signals) > maxONNXSignals {
		bad("signals", fmt.Sprintf("has %d labels: at most %d are allowed", len(cfg.Signals), maxONNXSignals))
		return
	}
	for i, label := range cfg.Classes {
		if slices.Contains(cfg.Classes[:i], label) {
			bad("classes", fmt.Sprintf("%q is there twice", detectors.Clean(label)))
		} else if len(labels) > 0 && !slices.Contains(labels, label) {
			bad("classes", unknownLabel(label, labels))
		}
	}
	names := []string{cfg.Signal}
	for _, label := range cfg.Signals {
		name := signalOf(label)
		switch {
		case !detectors.ValidName(name):
			bad("signals", fmt.Sprintf("%q makes no name of a signal: that begins with a letter and is at most 64 long", detectors.Clean(label)))
		case name == cfg.Signal:
			bad("signals", fmt.Sprintf("%q is what the detector's own signal is called, which counts everything: set signal to something else", name))
		case slices.Contains(names, name):
			bad("signals", fmt.Sprintf("%q is there twice", name))
		case len(labels) > 0 && !slices.Contains(labels, label):
			bad("signals", unknownLabel(label, labels))
		case len(cfg.Classes) > 0 && !slices.Contains(cfg.Classes, label):
			bad("signals", fmt.Sprintf("%q does not count, as it is not among classes: add it there", detectors.Clean(label)))
		}
		names = append(names, name)
	}
}

func unknownLabel(label string, labels []string) string {
	problem := fmt.Sprintf("%q is not a label of the model", detectors.Clean(label))
	if near := words.DidYouMean(label, labels); near != "" {
		return problem + near
	}
	return problem + fmt.Sprintf("; there are %q", labels[:min(len(labels), 10)])
}

// parseInput reads a size as "640x480".
func parseInput(size string) (width, height int, ok bool) {
	before, after, found := strings.Cut(size, "x")
	width, errW := strconv.Atoi(before)
	height, errH := strconv.Atoi(after)
	fits := func(n int) bool { return n >= minInput && n <= maxInput }
	return width, height, found && errW == nil && errH == nil && fits(width) && fits(height)
}
