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

// New opens the model of o, unless another detector has it open, and returns a
// detector for one camera. Cfg names its signals; both are valid and filled in.
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

// Detect answers with how many wanted things there are, highest score first, and
// with how many of each label that has a signal. A run that is not over when the
// context ends is ended.
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

// find returns what the model finds in an image of blue, green and red.
func (d *Detector) find(ctx context.Context, pix []byte, width, height int) (found []detectors.Detection, err error) {
	j := &job{ctx: ctx, pix: pix, at: d.shared.model.Place(width, height)}
	j.decode = func(out []heads.Tensor) (err error) {
		found, err = d.counter.Decode(out, j.at)
		return err
	}
	err = d.shared.look(j)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, &detectors.Error{Reason: detectors.ReasonTimeout, Err: errors.New("the model did not answer in time and was ended: raise timeout, or give it less to do")}
	case err != nil:
		return nil, err
	}
	return found, nil
}

// Size implements detectors.Sizer.
func (d *Detector) Size(width, height int) (w, h int) { return d.shared.model.Size(width, height) }

// Model says what the model was understood to be.
func (d *Detector) Model() string { return d.shared.model.String() }

// Close lets go of the model, which ends with its last detector.
func (d *Detector) Close() error { return d.runtime.release(d.shared) }
