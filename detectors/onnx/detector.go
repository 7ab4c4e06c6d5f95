package onnx

import (
	"context"
	"errors"
	"fmt"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx/heads"
	"rvo-tui/detectors/onnx/network"
	"rvo-tui/internal/text"
)

var (
	_ detectors.Sizer   = (*Detector)(nil)
	_ detectors.Modeler = (*Detector)(nil)
)

// Detector runs a model on the frames of one camera.
type Detector struct {
	runtime *Runtime
	shared  *shared
	counter *network.Counter
}

// New opens the model of o, unless it is already open, and returns a detector for one
// camera. cfg names its signals. Both must be valid and filled in.
func (r *Runtime) New(o Options, cfg detectors.Config) (*Detector, error) {
	s, err := r.acquire(o)
	if err != nil {
		return nil, err
	}
	d := &Detector{runtime: r, shared: s}
	if d.counter, err = s.model.Counter(o.Options, cfg.Signal); err != nil {
		return nil, errors.Join(fmt.Errorf("load network %q: %w", text.Clean(o.Model), err), r.release(s))
	}
	return d, nil
}

// Detect returns the number of matching objects, with their detections, highest score
// first, and the number of objects for each label that has a signal. A run that
// outlasts the context is ended.
func (d *Detector) Detect(ctx context.Context, frame *capture.Frame) ([]detectors.Reading, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	pix, w, h, err := d.shared.model.View(frame)
	if err != nil {
		return nil, err
	}
	found, err := d.find(ctx, pix, w, h)
	if err != nil {
		return nil, err
	}
	return d.counter.Readings(found), nil
}

// find runs the model on an image with the channel order blue, green, red.
func (d *Detector) find(ctx context.Context, pix []byte, width, height int) (found []detectors.Detection, err error) {
	j := &job{ctx: ctx, pix: pix, at: d.shared.model.Place(width, height)}
	j.decode = func(out []heads.Tensor) (err error) {
		found, err = d.counter.Decode(out, j.at)
		return err
	}
	err = d.shared.look(j)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, &detectors.Error{Reason: detectors.ReasonTimeout, Err: errors.New("the model did not finish in time and was stopped: raise timeout, or reduce its load")}
	case err != nil:
		return nil, err
	}
	return found, nil
}

// Size implements detectors.Sizer.
func (d *Detector) Size(width, height int) (w, h int) { return d.shared.model.Size(width, height) }

// Model describes the detected input and output format of the model.
func (d *Detector) Model() string { return d.shared.model.String() }

// Close releases the model, which is freed with its last detector.
func (d *Detector) Close() error { return d.runtime.release(d.shared) }
