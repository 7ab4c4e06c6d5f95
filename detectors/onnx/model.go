package onnx

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"rvo-tui/detectors/onnx/heads"
	"rvo-tui/internal/text"
)

// model is a network that is loaded and understood. It belongs to one goroutine at
// a time; shared lets several use it.
type model struct {
	session *session
	layout  layout
	head    *heads.Head
	shown   shown
	used    []int // the outputs that count, in their order
	lead    bool  // outputs lack the batch dimension: one is put in front
	bound   int   // for how many images the input is bound
	pixels  writer
}

// writer writes frames into the input of a model, which it owns.
type writer interface {
	buffer() any
	write(i int, pix []byte, at heads.Placement)
}

// images are the inputs of up to max images.
type images[T number] struct {
	*filler[T]
	data []T
}

func (m *images[T]) buffer() any { return m.data }

func (m *images[T]) write(i int, pix []byte, at heads.Placement) {
	n := m.layout.numbers()
	m.filler.write(m.data[i*n:(i+1)*n], pix, at)
}

func newImages[T number](l layout, s shown, most int, convert func(float64) T) *images[T] {
	return &images[T]{newFiller(l, s, convert), make([]T, most*l.numbers())}
}

func newWriter(l layout, s shown, most int) writer {
	switch l.elem {
	case float16s:
		return newImages(l, s, most, float16)
	case uint8s:
		to := whole(0, 255)
		return newImages(l, s, most, func(v float64) uint8 { return uint8(to(v)) })
	case int32s:
		to := whole(-1<<31, 1<<31-1)
		return newImages(l, s, most, func(v float64) int32 { return int32(to(v)) })
	}
	return newImages(l, s, most, func(v float64) float32 { return float32(v) })
}

// openModel loads a network, shows it a grey frame, and finds out what its answer
// means. The options are valid and filled in.
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
	err := regular(o.Model)
	if err != nil {
		return err
	}
	m.session, err = openSession(o.Model, sessionOptions{provider: o.Provider, device: o.Device, fallback: o.Fallback, threads: threads})
	if err != nil {
		return fmt.Errorf("ONNX Runtime cannot load it: %w: copy or export it again", err)
	}
	s := m.session
	if s.image, err = imageInput(s.inputs); err != nil {
		return err
	}
	if m.layout, err = layoutOf(s.inputs[s.image], o.Input, s.meta["imgsz"]); err != nil {
		return err
	}
	if m.used, err = usedOutputs(s.outputs, o.Outputs); err != nil {
		return err
	}
	labels, err := o.labels(s.meta["names"])
	if err != nil {
		return err
	}
	most := max(o.MaxBatch, 1)
	if most > 1 && !m.layout.open {
		return fmt.Errorf("the input %v takes one image at a time: leave max_batch out, or export the model with an open batch", m.layout.port)
	}
	// What the model is taught with follows from its head, and that from what it
	// answers: first it sees what most are taught with.
	m.shown = shown{Input: heads.Input{Scale: [3]float64{1. / 255, 1. / 255, 1. / 255}}, fill: [3]uint8{grey, grey, grey}}
	m.pixels = newWriter(m.layout, m.shown, most)
	out, err := m.greys(1)
	if err != nil {
		return m.hint(err)
	}
	facts := heads.Model{Width: m.layout.width, Height: m.layout.height, Outputs: out, Meta: s.meta, Labels: labels, Format: o.Format}
	if m.head, err = heads.Choose(facts); err != nil && !m.layout.batched {
		for i := range facts.Outputs {
			facts.Outputs[i] = led(facts.Outputs[i])
		}
		head, again := heads.Choose(facts)
		if again == nil {
			m.head, m.lead, err = head, true, nil
		}
	}
	if err != nil {
		return err
	}
	if m.shown, err = o.shown(m.head.Input, m.layout); err != nil {
		return err
	}
	m.pixels, m.bound = newWriter(m.layout, m.shown, most), 0
	if most > 1 {
		return m.tryBatch()
	}
	return nil
}

// grey is what models are taught with where there is nothing of a frame.
const grey = 114

// hint adds what may help where the model cannot be run.
func (m *model) hint(err error) error {
	if l := m.layout; l.width%32 != 0 || l.height%32 != 0 {
		return fmt.Errorf("run it: %w: set input to multiples of 32", err)
	}
	return fmt.Errorf("run it: %w", err)
}

// tryBatch finds out whether answers to several images can be told apart.
func (m *model) tryBatch() error {
	out, err := m.greys(2)
	if err != nil {
		return fmt.Errorf("run it on two images: %w: leave max_batch out", err)
	}
	for _, t := range out {
		if len(t.Shape) == 0 || t.Shape[0] != 2 {
			return fmt.Errorf("output %v does not tell two images apart: leave max_batch out", t)
		}
	}
	return nil
}

// greys shows the model n grey frames.
func (m *model) greys(n int) ([]heads.Tensor, error) {
	pix := make([]byte, 3*grey)
	for i := range pix {
		pix[i] = grey
	}
	for i := range n {
		m.pixels.write(i, pix, heads.Place(heads.FitStretch, grey, 1, m.layout.width, m.layout.height))
	}
	return m.infer(n, []context.Context{context.Background()})
}

// infer runs the model on the n images that were written, and returns the outputs
// that count.
func (m *model) infer(n int, contexts []context.Context) ([]heads.Tensor, error) {
	if m.bound != n {
		if err := m.session.bind(m.layout, m.pixels.buffer(), n); err != nil {
			return nil, err
		}
		m.bound = n
	}
	all, err := m.session.infer(n, contexts)
	if err != nil {
		return nil, err
	}
	out := make([]heads.Tensor, len(m.used))
	for k, i := range m.used {
		if out[k] = all[i]; m.lead {
			out[k] = led(all[i])
		}
	}
	return out, nil
}

// String says what the model was understood to be, for people.
func (m *model) String() string {
	text := m.head.Title
	switch n := max(len(m.head.Labels), m.head.Classes); {
	case n == 1 && len(m.head.Labels) == 1:
		text += fmt.Sprintf(", label %q", m.head.Labels[0])
	case n == 1:
		text += ", 1 class without a label"
	case n > 0 && len(m.head.Labels) == 0:
		text += fmt.Sprintf(", %d classes without labels", n)
	case n > 0:
		text += fmt.Sprintf(", %d labels", n)
	}
	color := "RGB"
	switch {
	case m.layout.channels == 1:
		color = "grey"
	case m.shown.BGR:
		color = "BGR"
	}
	text += fmt.Sprintf(", %dx%d %s, %s %s", m.layout.width, m.layout.height, m.shown.Fit, m.layout.elem, color)
	if m.session.fallback != nil {
		text += fmt.Sprintf(", on the CPU: %v", m.session.fallback)
	}
	return text
}

// led puts a batch dimension in front.
func led(t heads.Tensor) heads.Tensor {
	t.Shape = append([]int{1}, t.Shape...)
	return t
}

// part returns the outputs of image i of n.
func part(out []heads.Tensor, i, n int) ([]heads.Tensor, error) {
	if n == 1 {
		return out, nil
	}
	one := make([]heads.Tensor, len(out))
	for k, t := range out {
		if len(t.Shape) == 0 || t.Shape[0] != n {
			return nil, fmt.Errorf("output %v does not tell %d images apart: leave max_batch out", t, n)
		}
		size := len(t.Data) / n
		one[k] = t
		one[k].Shape = append([]int{1}, t.Shape[1:]...)
		one[k].Data = t.Data[i*size : (i+1)*size]
	}
	return one, nil
}

// usedOutputs returns the outputs that are asked for, or all of them.
func usedOutputs(outputs []port, asked []string) ([]int, error) {
	var used []int
	if len(asked) == 0 {
		for i, p := range outputs {
			if len(p.shape) > 0 {
				used = append(used, i)
			}
		}
		return used, nil
	}
	for _, name := range asked {
		i := slices.IndexFunc(outputs, func(p port) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("outputs: the model has no output %q: it has %v", text.Clean(name), outputs)
		}
		used = append(used, i)
	}
	return used, nil
}
