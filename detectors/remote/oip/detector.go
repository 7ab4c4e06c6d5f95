package oip

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
	"rvo-tui/internal/text"
)

var _ detectors.Modeler = (*Detector)(nil)

// Detector sends the frames of one camera to a model on a server.
type Detector struct {
	server  *server
	options Options
	signal  string
	encode  capture.Encoder
	model   *model // nil: unknown so far
	doubt   bool   // ask the server before the next frame whether it still has the model
	answer  answer
}

// New returns a detector for a configuration with every default filled in. It connects
// with the first Detect.
func New(pool *remote.Pool, encode capture.Encoder, cfg detectors.Config) (*Detector, error) {
	o := cfg.Options.(Options)
	s, err := newServer(pool, o, o.Provides(cfg.Signal))
	if err != nil {
		return nil, err
	}
	return &Detector{server: s, options: o, signal: cfg.Signal, encode: encode}, nil
}

// Detect returns the number of matching objects, and the number for each label that has
// a signal. Each error is a *detectors.Error. After an error it asks the server for the
// model again, in case it has changed, unless it has just asked.
func (d *Detector) Detect(ctx context.Context, frame *capture.Frame) ([]detectors.Reading, error) {
	if err := d.server.client.Down(); err != nil {
		return nil, err
	}
	asked := d.model == nil || d.doubt
	if err := d.Open(ctx); err != nil {
		return nil, err
	}
	pix, w, h, err := d.model.View(frame)
	if err != nil {
		return nil, d.server.client.At(err)
	}
	found, err := d.find(ctx, pix, w, h)
	if err != nil {
		// Asking may have left too little time for the model, and would again.
		d.doubt = !asked || detectors.ReasonOf(err) != detectors.ReasonTimeout
		return nil, err
	}
	return d.model.counter.Readings(found), nil
}

// Open asks the server for the model and determines its format, unless that is known
// and nothing has failed since. Detect calls it when necessary.
func (d *Detector) Open(ctx context.Context) error {
	if d.model != nil && !d.doubt {
		return nil
	}
	meta, err := d.server.metadata(ctx)
	if err != nil {
		return err
	}
	if d.model != nil && proto.Equal(meta, d.model.meta) {
		d.doubt = false
		return nil
	}
	d.model = nil
	m, err := readModel(d.options, meta)
	if err != nil {
		return d.wrong(ReasonModel, err)
	}
	if err := d.understand(ctx, m); err != nil {
		return err
	}
	d.model, d.doubt = m, false
	d.server.client.Answered(d.Model())
	return nil
}

// understand runs the model on a grey frame to determine the format of its outputs.
func (d *Detector) understand(ctx context.Context, m *model) error {
	m.WriteGrey(1)
	if err := d.infer(ctx, m); err != nil {
		return err
	}
	out, err := m.tensors(&d.answer)
	if err != nil {
		return d.wrong(ReasonShape, err)
	}
	if err := m.Understand(out); err != nil {
		return d.wrong(ReasonModel, err)
	}
	m.version = d.answer.version
	if m.counter, err = m.Counter(d.options.Options, d.signal); err != nil {
		return d.wrong(ReasonModel, err)
	}
	return nil
}

// find runs the model on an image with the channel order blue, green, red.
func (d *Detector) find(ctx context.Context, pix []byte, width, height int) ([]detectors.Detection, error) {
	m := d.model
	at := m.Place(width, height)
	m.Pixels.Write(0, pix, at)
	if err := d.infer(ctx, m); err != nil {
		return nil, err
	}
	if d.answer.version != m.version {
		// Another version may use another format.
		d.model = nil
		return nil, d.wrong(ReasonModel, fmt.Errorf("version %q answered, not %q: its metadata is read with the next frame", d.answer.version, m.version))
	}
	out, err := m.tensors(&d.answer)
	if err != nil {
		return nil, d.wrong(ReasonShape, err)
	}
	found, err := m.counter.Decode(out, at)
	if err != nil {
		return nil, d.wrong(reasonOf(err), err)
	}
	return found, nil
}

// infer runs the model on the content of its Pixels.
func (d *Detector) infer(ctx context.Context, m *model) error {
	left := time.Duration(0)
	if end, ok := ctx.Deadline(); ok {
		left = time.Until(end)
	}
	if err := m.fill(d.encode, left); err != nil {
		return d.server.client.At(err)
	}
	return d.server.infer(ctx, m.request, &d.answer, m.limit)
}

// wrong returns an error about the model.
func (d *Detector) wrong(reason detectors.Reason, err error) error {
	return d.server.client.At(fault(reason, "%s: %w", d.server, err))
}

// Model describes the model and its format; empty: unknown so far.
func (d *Detector) Model() string {
	if d.model == nil {
		return ""
	}
	name := d.options.Model
	if d.model.version != "" {
		name += " " + d.model.version
	}
	return text.Clean(name) + ": " + d.model.String()
}

// Close releases the connection; its last detector closes it. Further calls do nothing.
func (d *Detector) Close() error { return d.server.client.Close() }
