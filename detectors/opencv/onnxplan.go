package opencv

import (
	"errors"
	"fmt"
	"slices"

	"rvo-tui/detectors"
)

// plan is how a model is to be used: what it is shown, what its classes are
// called, and what counts.
type plan struct {
	cfg    onnxConfig
	input  onnxInput
	labels []string // nil: not known
	mean   [3]float64
}

// planFor wants a configuration that is filled in and valid.
func planFor(cfg onnxConfig, f *onnxFile) (*plan, error) {
	in, err := inputFor(cfg, f.input)
	if err != nil {
		return nil, err
	}
	p := &plan{cfg: cfg, input: in, labels: cfg.Labels}
	switch {
	case len(p.labels) > 0:
	case cfg.LabelsFile != "":
		if p.labels, err = readLabels(cfg.LabelsFile); err != nil {
			return nil, fmt.Errorf("labels_file: %w", err)
		}
	default:
		p.labels = f.labels
	}
	switch len(cfg.Mean) {
	case 1:
		p.mean = [3]float64{cfg.Mean[0], cfg.Mean[0], cfg.Mean[0]}
	case 3:
		p.mean = [3]float64(cfg.Mean)
	}
	return p, nil
}

// inputFor returns the input with the size that is configured, where the model
// leaves it open.
func inputFor(cfg onnxConfig, in onnxInput) (onnxInput, error) {
	if cfg.Input != "" {
		w, h, ok := parseInput(cfg.Input)
		if !ok {
			return in, fmt.Errorf("%q is no size: write width x height, %d to %d pixels each, as in \"640x640\"", detectors.Clean(cfg.Input), minInput, maxInput)
		}
		if in.width != 0 && in.width != w || in.height != 0 && in.height != h {
			return in, fmt.Errorf("the model wants pictures of %s, not %dx%d: leave input out, or export the model for that size", sizeOf(in), w, h)
		}
		in.width, in.height = w, h
	}
	if in.width == 0 || in.height == 0 {
		return in, errors.New("the model leaves the size of its input open: set input, as in \"640x640\", or export it with a fixed size")
	}
	return in, nil
}

func sizeOf(in onnxInput) string {
	side := func(n int) string {
		if n == 0 {
			return "any"
		}
		return fmt.Sprint(n)
	}
	return side(in.width) + "x" + side(in.height)
}

// decoder looks at what the model answers with, and returns the output that
// counts and what decodes it.
func (p *plan) decoder(outputs []tensor) (at int, d *decoder, err error) {
	if len(outputs) == 0 {
		return 0, nil, errors.New("the model has no output: export it again")
	}
	var format string
	var classes int
	for at = range outputs {
		out := outputs[at]
		if err = out.check(); err == nil {
			format, classes, err = formatOf(p.cfg.Format, out.shape, len(p.labels))
		}
		if err == nil {
			break
		}
	}
	if err != nil {
		return 0, nil, err
	}
	labels, free := p.labels, format == formatSSD
	switch {
	case len(labels) == 0 && !free:
		for i := range classes {
			labels = append(labels, fmt.Sprintf("class_%d", i))
		}
	case len(labels) != classes && !free:
		return 0, nil, fmt.Errorf("the model tells %d classes apart, and there are %d labels: give as many, in the order of the model", classes, len(labels))
	}
	d = &decoder{
		format: format, labels: labels, threshold: float32(p.cfg.Threshold), nms: float32(p.cfg.NMS),
		width: float32(p.input.width), height: float32(p.input.height),
	}
	for _, label := range slices.Concat(p.cfg.Classes, p.cfg.Signals) {
		if !slices.Contains(labels, label) {
			if len(p.labels) == 0 {
				return 0, nil, fmt.Errorf("what the classes of the model are called is not known, and so not which is %q: set labels or labels_file", detectors.Clean(label))
			}
			return 0, nil, errors.New(unknownLabel(label, labels))
		}
	}
	if len(p.cfg.Classes) > 0 {
		d.want = make([]bool, len(labels))
		for i, label := range labels {
			d.want[i] = slices.Contains(p.cfg.Classes, label)
		}
	}
	return at, d, nil
}

// fit returns how pictures get into the input: as configured, else as models of
// this format are taught.
func (p *plan) fit(format string) string {
	switch {
	case p.cfg.Fit != "":
		return p.cfg.Fit
	case format == formatYOLOv5, format == formatYOLOv8:
		return fitLetterbox
	case format == formatClassify:
		return fitCrop
	}
	return fitStretch
}

// tally counts detections, by label too. It belongs to one goroutine.
type tally struct {
	labels   []string // of readings[1:]
	readings []detectors.Reading
}

func newTally(cfg onnxConfig) *tally {
	t := &tally{labels: cfg.Signals}
	for _, name := range onnxProvides(cfg) {
		t.readings = append(t.readings, detectors.Reading{Signal: name})
	}
	return t
}

// count returns the readings for a list of detections, which it hands over. The
// readings are the tally's until the next call.
func (t *tally) count(list []detectors.Detection) []detectors.Reading {
	t.readings[0].Value, t.readings[0].Detections = float64(len(list)), list
	for i, label := range t.labels {
		r := &t.readings[i+1]
		r.Value, r.Detections = 0, nil
		for _, d := range list {
			if d.Label == label {
				r.Value++
				r.Detections = append(r.Detections, d)
			}
		}
	}
	return t.readings
}
