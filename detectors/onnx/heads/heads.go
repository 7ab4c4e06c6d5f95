// Package heads detects the output format of neural networks and decodes it into
// detections: the versions of YOLO, DETR, SSD, torchvision, face models and
// classifiers. It is pure Go and independent of what runs the network.
package heads

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"rvo-tui/internal/text"
)

// Tensor is one output of a model, or of one image of a batch. Data may share memory
// with the caller.
type Tensor struct {
	Name    string
	Shape   []int
	Integer bool // the model's type is an integer
	Data    []float32
}

func (t Tensor) String() string { return fmt.Sprintf("%q %v", text.Clean(t.Name), t.Shape) }

// maxOutput is the maximum number of elements of an output.
const maxOutput = 1 << 26

// check rejects a shape that does not match the data.
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

// is reports whether the shape matches; -1 stands for any size.
func (t Tensor) is(shape ...int) bool {
	return slices.EqualFunc(t.Shape, shape, func(a, b int) bool { return b < 0 || a == b })
}

// last returns the size of the last dimension.
func (t Tensor) last() int { return t.Shape[len(t.Shape)-1] }

// Model is the information used to choose a head.
type Model struct {
	Width, Height int               // of the input, in pixels
	Outputs       []Tensor          // result for one grey frame
	Meta          map[string]string // metadata of the file: task, end2end, kpt_shape …
	Labels        []string          // nil: unknown
	Format        string            // as configured; empty: detect it
}

// Input is the preprocessing of a family of models. A zero Scale means 1/255.
type Input struct {
	Fit   string
	BGR   bool
	Mean  [3]float64 // subtracted from values of 0..255, in channel order
	Scale [3]float64 // multiplied after that
	Fill  uint8      // value of the margins
}

// Head decodes the outputs of one model. It is immutable.
type Head struct {
	Format  string   // name in the configuration
	Title   string   // for display
	Labels  []string // by class; nil: unknown
	Classes int      // number of classes; 0: the shape does not tell
	Input   Input    // preprocessing used in training

	width, height float32
	outputs       int
	decode        func(d *Decoder, out []Tensor) error
}

// form is one output format.
type form struct {
	name  string
	title string
	shape string // for display
	input Input
	// match tries to interpret a model in this format. Nil: it does not fit. asked
	// means that the user configured the format, so only the shape must fit.
	match func(m *Model, asked bool) *match
}

// match is the interpretation of a model in one format.
type match struct {
	classes int // 0: the shape does not tell
	detail  string
	decode  func(d *Decoder, out []Tensor) error
	// unsure describes another interpretation of the shape that cannot be ruled out.
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

// Choose returns the head for the model's outputs. An error lists the outputs and says
// what to configure.
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
				return nil, fmt.Errorf("the outputs %s do not match %q, which is %s: leave format out, or name the right outputs in outputs", list(m.Outputs), f.name, f.shape)
			}
			continue
		}
		if n := len(m.Labels); fit.classes > 0 && n > 0 && n != fit.classes {
			if asked {
				return nil, fmt.Errorf("as %q the model has %d classes, but there are %d labels: give one for each class, in the order of the model", f.name, fit.classes, n)
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
		return nil, fmt.Errorf("the outputs %s have %s, but there are %d labels: give one for each class, in the order of the model, or set format", list(m.Outputs), strings.Join(doubts, ", "), len(m.Labels))
	case len(doubts) > 0:
		return nil, fmt.Errorf("the outputs %s can be %s: set format, or give the labels", list(m.Outputs), strings.Join(doubts, " or "))
	}
	return nil, fmt.Errorf("the outputs %s have no known format: name the relevant ones in outputs, set format, or run the model in your own service (kind \"remote\")", list(m.Outputs))
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

// list formats outputs for display, at most eight.
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

// forms returns all formats. Each returns nil for a model that it does not fit, so
// their order does not matter.
func forms() []form {
	return slices.Concat(yoloForms(), endToEndForms(), detrForms(), listForms(), faceForms(), []form{classification()})
}
