package onnx

import (
	"context"
	"errors"
	"fmt"

	"rvo-tui/detectors/onnx/heads"
	"rvo-tui/detectors/onnx/network"
	"rvo-tui/internal/text"
)

// model is a loaded network with a known format. It belongs to one goroutine at a time;
// shared serializes its use.
type model struct {
	*network.Network
	session *session
	bound   int // batch size for which the input is bound
}

// openModel loads a network, runs it on a grey frame, and determines the format of its
// outputs. The options must be valid and filled in.
func (r *Runtime) openModel(o Options) (*model, error) {
	library, threads := r.tuned()
	if _, err := openLibrary(library); err != nil {
		return nil, err
	}
	m := new(model)
	err := m.open(o, threads)
	if err != nil {
		err = fmt.Errorf("load network %q: %w", text.Clean(o.Model), err)
		if m.session != nil {
			err = errors.Join(err, m.session.close())
		}
		return nil, err
	}
	return m, nil
}

func (m *model) open(o Options, threads int) error {
	err := network.Regular(o.Model)
	if err != nil {
		return err
	}
	most := max(o.MaxBatch, 1)
	m.session, err = openSession(o.Model, sessionOptions{provider: o.Provider, device: o.Device, fallback: o.Fallback, threads: threads, most: most})
	if err != nil {
		return fmt.Errorf("ONNX Runtime cannot load it: %w: copy or export it again", err)
	}
	s := m.session
	if m.Network, err = network.New(o.Options, s.inputs, s.outputs, s.meta, most); err != nil {
		return err
	}
	s.image = m.Image
	out, err := m.greys(1)
	if err != nil {
		return m.hint(err)
	}
	if err := m.Understand(out); err != nil {
		return err
	}
	m.bound = 0 // the pixel buffer was replaced
	if most > 1 {
		return m.tryBatch()
	}
	return nil
}

// hint adds a suggestion to an error of running the model.
func (m *model) hint(err error) error {
	if l := m.Layout; l.Width%32 != 0 || l.Height%32 != 0 {
		return fmt.Errorf("run it: %w: set input to multiples of 32", err)
	}
	return fmt.Errorf("run it: %w", err)
}

// tryBatch checks whether the model supports a batch.
func (m *model) tryBatch() error {
	out, err := m.greys(2)
	if err != nil {
		return fmt.Errorf("run it on two images: %w: leave max_batch out", err)
	}
	for _, t := range out {
		if len(t.Shape) == 0 || t.Shape[0] != 2 {
			return fmt.Errorf("output %v does not separate two images: leave max_batch out", t)
		}
	}
	return nil
}

// greys runs the model on n grey frames.
func (m *model) greys(n int) ([]heads.Tensor, error) {
	m.WriteGrey(n)
	return m.infer(n, []context.Context{context.Background()})
}

// infer runs the model on the n images written before, and returns the outputs in use.
func (m *model) infer(n int, contexts []context.Context) ([]heads.Tensor, error) {
	if m.bound != n {
		if err := m.session.bind(m.Layout, m.Pixels.Buffer(), n); err != nil {
			return nil, err
		}
		m.bound = n
	}
	all, err := m.session.infer(n, contexts)
	if err != nil {
		return nil, err
	}
	return m.Select(all), nil
}

// String describes the model's format, for display.
func (m *model) String() string {
	text := m.Network.String()
	if m.session.fallback != nil {
		text += fmt.Sprintf(", on the CPU: %v", m.session.fallback)
	}
	return text
}

// part returns the outputs of image i of n.
func part(out []heads.Tensor, i, n int) ([]heads.Tensor, error) {
	if n == 1 {
		return out, nil
	}
	one := make([]heads.Tensor, len(out))
	for k, t := range out {
		if len(t.Shape) == 0 || t.Shape[0] != n {
			return nil, fmt.Errorf("output %v does not separate %d images: leave max_batch out", t, n)
		}
		size := len(t.Data) / n
		one[k] = t
		one[k].Shape = append([]int{1}, t.Shape[1:]...)
		one[k].Data = t.Data[i*size : (i+1)*size]
	}
	return one, nil
}
