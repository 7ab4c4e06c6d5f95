package network

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rvo-tui/internal/text"
)

// Elem is the element type of a tensor.
type Elem string

// Supported types. Inputs cannot be int64.
const (
	Float32 Elem = "float32"
	Float16 Elem = "float16"
	Uint8   Elem = "uint8"
	Int32   Elem = "int32"
	Int64   Elem = "int64"
	// JPEG is an input that takes image files: its pixels are rows of blue, green and
	// red, to be encoded.
	JPEG Elem = "JPEG"
)

// Port is an input or output of a model, as declared by its file. A dynamic size is
// below 1.
type Port struct {
	Name  string
	Shape []int
	Elem  Elem
}

func (p Port) String() string {
	var b strings.Builder
	for i, d := range p.Shape {
		if i > 0 {
			b.WriteByte(' ')
		}
		if d < 1 {
			b.WriteByte('?')
			continue
		}
		b.WriteString(strconv.Itoa(d))
	}
	return fmt.Sprintf("%q %s [%s]", text.Clean(p.Name), p.Elem, b.String())
}

// Sized returns the shape of an output for n images. It is nil if the shape is dynamic,
// as for a list of any length.
func (p Port) Sized(n int) []int64 {
	dims := make([]int64, len(p.Shape))
	for k, d := range p.Shape {
		switch {
		case d < 1 && k == 0 && len(p.Shape) > 2:
			d = n
		case d < 1 || k == 0 && n > 1:
			return nil
		}
		dims[k] = int64(d)
	}
	return dims
}

// Layout is the layout of a model's image input.
type Layout struct {
	Port
	Width, Height int
	Channels      int
	Last          bool // channels are last (NHWC)
	Batched       bool // there is a batch dimension
	Open          bool // the batch dimension is dynamic
}

// targetSizes is an input of RT-DETR and similar models: the size of the image.
const targetSizes = "orig_target_sizes"

// imageInput returns the index of the image input. The other inputs must be known ones.
func imageInput(inputs []Port) (int, error) {
	at := -1
	for i, in := range inputs {
		switch {
		case in.Name == targetSizes && in.Elem == Int64:
		case at < 0 && (len(in.Shape) == 3 || len(in.Shape) == 4):
			at = i
		default:
			return 0, fmt.Errorf("the model has the inputs %v, but only one image input is supported: export it with that input only, or run it in your own service (kind \"remote\")", inputs)
		}
	}
	if at < 0 {
		return 0, fmt.Errorf("the model has no input for an image: its inputs are %v", inputs)
	}
	return at, nil
}

// layoutOf interprets the shape of an input. size is the configured size, such as
// "640x480", or empty; trained is the size in the file's metadata, such as "[480,
// 640]".
func layoutOf(in Port, size, trained string) (Layout, error) {
	l := Layout{Port: in}
	switch in.Elem {
	case Float32, Float16, Uint8, Int32, JPEG:
	default:
		return l, fmt.Errorf("the type of input %v is not float32, float16, uint8 or int32: export the model again", in)
	}
	s := in.Shape
	if l.Batched = len(s) == 4; l.Batched {
		if s[0] > 1 {
			return l, fmt.Errorf("the input %v requires %d images at a time: export the model with a batch size of 1 or a dynamic one", in, s[0])
		}
		l.Open = s[0] < 1
		s = s[1:]
	}
	image := func(n int) bool { return n == 1 || n == 3 }
	switch {
	case image(s[0]) || s[0] < 1 && !image(s[2]):
		l.Channels, l.Height, l.Width = s[0], s[1], s[2]
	case image(s[2]):
		l.Channels, l.Height, l.Width, l.Last = s[2], s[0], s[1], true
	default:
		return l, fmt.Errorf("the input %v has neither 1 nor 3 channels, so it cannot take camera images: run the model in your own service (kind \"remote\")", in)
	}
	if l.Channels < 1 {
		l.Channels = 3
	}
	return l, l.settle(size, trained)
}

// settle sets the sizes that the model leaves dynamic.
func (l *Layout) settle(size, trained string) error {
	if size != "" {
		w, h, ok := parseInput(size)
		if !ok {
			return fmt.Errorf("%q is not a size: write width x height, %d to %d pixels each, as in \"640x640\"", text.Clean(size), minInput, maxInput)
		}
		if l.Width > 0 && l.Width != w || l.Height > 0 && l.Height != h {
			return fmt.Errorf("the model requires images of %s, not %dx%d: leave input out, or export the model for that size", sides(l.Width, l.Height), w, h)
		}
		l.Width, l.Height = w, h
	}
	if l.Width < 1 || l.Height < 1 {
		h, w, ok := strings.Cut(strings.Trim(strings.TrimSpace(trained), "[]()"), ",")
		height, errH := strconv.Atoi(strings.TrimSpace(h))
		width, errW := strconv.Atoi(strings.TrimSpace(w))
		if !ok || errH != nil || errW != nil {
			return errors.New("the model's input size is dynamic: set input to multiples of 32, as in \"640x640\", or export it with a fixed size")
		}
		if l.Width < 1 {
			l.Width = width
		}
		if l.Height < 1 {
			l.Height = height
		}
	}
	if min(l.Width, l.Height) < minInput || max(l.Width, l.Height) > maxInput {
		return fmt.Errorf("the model requires images of %s, but a side must have %d to %d pixels", sides(l.Width, l.Height), minInput, maxInput)
	}
	return nil
}

// parseInput parses a size such as "640x480".
func parseInput(text string) (width, height int, ok bool) {
	before, after, found := strings.Cut(text, "x")
	width, errW := strconv.Atoi(before)
	height, errH := strconv.Atoi(after)
	fits := func(n int) bool { return n >= minInput && n <= maxInput }
	return width, height, found && errW == nil && errH == nil && fits(width) && fits(height)
}

func sides(width, height int) string {
	side := func(n int) string {
		if n < 1 {
			return "any"
		}
		return strconv.Itoa(n)
	}
	return side(width) + "x" + side(height)
}

// Numbers returns the number of elements of one image.
func (l *Layout) Numbers() int { return l.Width * l.Height * l.Channels }

// Dims returns the shape of the input for n images.
func (l *Layout) Dims(n int) []int64 {
	image := []int{l.Channels, l.Height, l.Width}
	if l.Last {
		image = []int{l.Height, l.Width, l.Channels}
	}
	var out []int64
	if l.Batched {
		out = append(out, int64(n))
	}
	for _, d := range image {
		out = append(out, int64(d))
	}
	return slices.Clip(out)
}
