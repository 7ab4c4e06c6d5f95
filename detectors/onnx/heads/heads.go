// Package heads recognizes the outputs of neural networks and decodes them into
// detections: the versions of YOLO, DETR, SSD, torchvision, faces and classifiers. It
// is pure Go and independent of what runs the network.
package heads

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"rvo-tui/internal/text"
)

// Tensor is one output of a model, or of one image of a batch. The numbers may be in
// memory of the caller.
type Tensor struct {
	Name    string
	Shape   []int
	Integer bool // the model has integers there
	Data    []float32
}

func (t Tensor) String() string { return fmt.Sprintf("%q %v", text.Clean(t.Name), t.Shape) }

// maxOutput is how many numbers one output can have.
const maxOutput = 1 << 26

// check reports a shape that does not go with its data.
func (t Tensor) check() error {
	n := 1
	for _, d := range t.Shape {
		if d < 0 || d > maxOutput || d > 0 && n > maxOutput/d {
			return fmt.Errorf("output %v is too large: at most %d numbers can be read", t, maxOutput)
		}
		n *= d
	}
	if n != len(t.Data) || len(t.Shape) == 0 {
		return fmt.Errorf("output %v has %d numbers: export the model again", t, len(t.Data))
	}
	return nil
}

// is reports whether the shape is this one; -1 stands for any size.
func (t Tensor) is(shape ...int) bool {
	return slices.EqualFunc(t.Shape, shape, func(a, b int) bool { return b < 0 || a == b })
}

// last returns the size of the last dimension.
func (t Tensor) last() int { return t.Shape[len(t.Shape)-1] }

// Model is the information by which a head is chosen.
type Model struct {
	Width, Height int               // of the input, in pixels
	Outputs       []Tensor          // what the model answered to a grey frame, one image
	Meta          map[string]string // metadata of the file: task, end2end, kpt_shape …
	Labels        []string          // nil: not known
	Format        string            // asked for; empty: to be found out
}

// Input is the preprocessing of a family of models. The zero value of Scale is
// 1/255.
type Input struct {
	Fit   string
	BGR   bool
	Mean  [3]float64 // subtracted from values of 0..255, in the order of the channels
	Scale [3]float64 // what remains is multiplied by
	Fill  uint8      // of the margins
}

// Head decodes the outputs of one model. It is immutable.
type Head struct {
	Format  string   // its name, as in the configuration
	Title   string   // for people
	Labels  []string // by class; nil: not known
	Classes int      // that the model tells apart; 0: the shape does not say
	Input   Input    // what the family was taught with

	width, height float32
	outputs       int
	decode        func(d *Decoder, out []Tensor) error
}

// form is one way of writing down what was found.
type form struct {
	name  string
	title string
	shape string // for people
	input Input
	// match returns what it makes of a model; nil: it cannot be this form. With
	// asked the user says that it is, and only the shape has to fit.
	match func(m *Model, asked bool) *match
}

// match is how a format reads a certain model.
type match struct {
	classes int // 0: the shape does not say
	detail  string
	decode  func(d *Decoder, out []Tensor) error
	// unsure says that the shape has another meaning that cannot be excluded.
	unsure string
}

// Formats returns the names of all formats, for the configuration.
func Formats() []string {
	list := forms()
	names := make([]string, len(list))
	for i, f := range list {
		names[i] = f.name
	}
	return names
}

// Choose returns the head that reads the model's outputs. An error lists them and
// says what to configure.
func Choose(m Model) (*Head, error) {
	if len(m.Outputs) == 0 {
		return nil, errors.New("the model has no outputs: export it again")
	}
	for _, out := range m.Outputs {
		if err := out.check(); err != nil {
			return nil, err
		}
	}
	var found []*Head
	var doubts []string
	for _, f := range forms() {
		asked := m.Format == f.name
		if m.Format != "" && !asked {
			continue
		}
		fit := f.match(&m, asked)
		if fit == nil {
			if asked {
				return nil, fmt.Errorf("the outputs %s are not %q, which is %s: leave format out, or name the right outputs in outputs", list(m.Outputs), f.name, f.shape)
			}
			continue
		}
		if n := len(m.Labels); fit.classes > 0 && n > 0 && n != fit.classes {
			if asked {
				return nil, fmt.Errorf("as %q the model has %d classes, and there are %d labels: give as many, in the order of the model", f.name, fit.classes, n)
			}
			doubts = append(doubts, fmt.Sprintf("%d classes as %q", fit.classes, f.name))
			continue
		}
		if fit.unsure != "" && !asked {
			doubts = append(doubts, fmt.Sprintf("%q (%s)", f.name, fit.unsure))
			continue
		}
		found = append(found, m.head(f, fit))
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		names := make([]string, len(found))
		for i, h := range found {
			names[i] = fmt.Sprintf("%q", h.Format)
		}
		return nil, fmt.Errorf("the outputs %s can be %s: set format", list(m.Outputs), strings.Join(names, " or "))
	case len(doubts) > 0 && len(m.Labels) > 0:
		return nil, fmt.Errorf("the outputs %s have %s, and there are %d labels: give as many, in the order of the model, or set format", list(m.Outputs), strings.Join(doubts, ", "), len(m.Labels))
	case len(doubts) > 0:
		return nil, fmt.Errorf("the outputs %s can be %s: set format, or give the labels", list(m.Outputs), strings.Join(doubts, " or "))
	}
	return nil, fmt.Errorf("the outputs %s are of no known format: name those that count in outputs, set format, or have a service of your own run it (kind \"remote\")", list(m.Outputs))
}

func (m *Model) head(f form, fit *match) *Head {
	h := &Head{
		Format: f.name, Title: f.title, Labels: m.Labels, Classes: fit.classes, Input: f.input,
		width: float32(m.Width), height: float32(m.Height), outputs: len(m.Outputs), decode: fit.decode,
	}
	if fit.detail != "" {
		h.Title += ", " + fit.detail
	}
	if h.Input.Scale == [3]float64{} {
		h.Input.Scale = [3]float64{1.0 / 255, 1.0 / 255, 1.0 / 255}
	}
	return h
}

// list shows outputs to people: at most eight.
func list(outputs []Tensor) string {
	const most = 8
	var b strings.Builder
	for i, out := range outputs {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(outputs)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(out.String())
	}
	return b.String()
}

// forms returns all that can be read. Each returns nil for what it is not, so that
// their order decides nothing.
func forms() []form {
	return slices.Concat(yoloForms(), endToEndForms(), detrForms(), listForms(), faceForms(), []form{classification()})
}
