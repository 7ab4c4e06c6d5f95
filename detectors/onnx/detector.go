package onnx

import (
	"context"
	"errors"
	"fmt"
	"math"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx/heads"
	"rvo-tui/internal/text"
)

var (
	_ detectors.Sizer   = (*Detector)(nil)
	_ detectors.Modeler = (*Detector)(nil)
)

// Detector runs a model on the frames of one camera.
type Detector struct {
	runtime  *Runtime
	shared   *shared
	decoder  *heads.Decoder
	labels   []string // of readings[1:]
	readings []detectors.Reading
}

// New opens the model of o, unless another detector has it open, and returns a
// detector for one camera. Cfg names its signals; both are valid and filled in.
func (r *Runtime) New(o Options, cfg detectors.Config) (*Detector, error) {
	s, err := r.acquire(o)
	if err != nil {
		return nil, err
	}
	d := &Detector{runtime: r, shared: s, labels: o.Signals}
	// A signal of a label that the model does not have would be 0 for ever.
	if _, err = s.model.head.Decoder(heads.Options{Classes: o.Signals}); err == nil {
		d.decoder, err = s.model.head.Decoder(heads.Options{Threshold: o.Threshold, NMS: o.NMS, Classes: o.Classes})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("load network %q: %w", text.Clean(o.Model), err), r.release(s))
	}
	d.readings = []detectors.Reading{{Signal: cfg.Signal}}
	for _, label := range o.Signals {
		d.readings = append(d.readings, detectors.Reading{Signal: signalOf(label)})
	}
	return d, nil
}

// place returns where in the input a frame of this size is shown.
func (d *Detector) place(width, height int) heads.Placement {
	m := d.shared.model
	return heads.Place(m.shown.Fit, width, height, m.layout.width, m.layout.height)
}

// Detect answers with how many wanted things there are, highest score first, and
// with how many of each label that has a signal. A run that is not over when the
// context ends is ended.
func (d *Detector) Detect(ctx context.Context, frame *capture.Frame) ([]detectors.Reading, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	pix, w, h := frame.Pixels(), frame.Width, frame.Height
	if pix == nil {
		// A decoded frame is scaled where its planes are converted, in one pass.
		var err error
		w, h = d.Size(w, h)
		if pix, err = frame.ScaledBGR(w, h); err != nil {
			return nil, err
		}
	}
	found, err := d.find(ctx, pix, w, h)
	if err != nil {
		return nil, err
	}
	d.readings[0].Value, d.readings[0].Detections = float64(len(found)), found
	for i, label := range d.labels {
		r := &d.readings[i+1]
		r.Value, r.Detections = 0, nil
		for _, one := range found {
			if one.Label == label {
				r.Value++
				r.Detections = append(r.Detections, one)
			}
		}
	}
	return d.readings, nil
}

// find returns what the model finds in an image of blue, green and red.
func (d *Detector) find(ctx context.Context, pix []byte, width, height int) (found []detectors.Detection, err error) {
	j := &job{ctx: ctx, pix: pix, at: d.place(width, height)}
	j.decode = func(out []heads.Tensor) (err error) {
		found, err = d.decoder.Decode(out, j.at)
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
func (d *Detector) Size(width, height int) (w, h int) {
	at := d.place(width, height)
	whole := func(side, from, to int) int {
		return max(int(math.Round(float64(side)*float64(to)/float64(from))), 1)
	}
	return whole(width, at.From.W, at.To.W), whole(height, at.From.H, at.To.H)
}

// Model says what the model was understood to be.
func (d *Detector) Model() string { return d.shared.model.String() }

// Close lets go of the model, which ends with its last detector.
func (d *Detector) Close() error { return d.runtime.release(d.shared) }
