package network

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rvo-tui/internal/text"
)

// Elem is the type of a tensor's numbers.
type Elem string

// What can be read. Inputs are not int64.
const (
	Float32 Elem = "float32"
	Float16 Elem = "float16"
	Uint8   Elem = "uint8"
	Int32   Elem = "int32"
	Int64   Elem = "int64"
	// JPEG is an input that takes image files: its pixels are rows of blue, green
	// and red, to be encoded.
	JPEG Elem = "JPEG"
)

// Port is an input or output of a model as its file declares it. An open size is
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

// Sized returns the shape of an output for n images; nil: it is open, and may be a
// list of any length.
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

// Layout is how the input of a model wants an image.
type Layout struct {
	Port
	Width, Height int
	Channels      int
	Last          bool // the channels come last, pixel by pixel
	Batched       bool // it has a batch dimension
	Open          bool // the batch dimension is open
}

// targetSizes is an input of RT-DETR and its like: the size of the image.
const targetSizes = "orig_target_sizes"

// imageInput returns the input that takes images; the others must be known ones.
func imageInput(inputs []Port) (int, error) {
	at := -1
	for i, in := range inputs {
		switch {
		case in.Name == targetSizes && in.Elem == Int64:
		case at < 0 && (len(in.Shape) == 3 || len(in.Shape) == 4):
			at = i
		default:
			return 0, fmt.Errorf("the model has the inputs %v: one image can be shown: export it with that input alone, or have a service of your own run it (kind \"remote\")", inputs)
		}
	}
	if at < 0 {
		return 0, fmt.Errorf("the model has no input for an image: its inputs are %v", inputs)
	}
	return at, nil
}

// layoutOf reads the shape of an input. Size is what is configured, as "640x480",
// or empty; trained is the size that the file's metadata has, as "[480, 640]".
func layoutOf(in Port, size, trained string) (Layout, error) {
	l := Layout{Port: in}
	switch in.Elem {
	case Float32, Float16, Uint8, Int32, JPEG:
	default:
		return l, fmt.Errorf("the input %v is of another type than float32, float16, uint8 and int32: export the model again", in)
	}
	s := in.Shape
	if l.Batched = len(s) == 4; l.Batched {
		if s[0] > 1 {
			return l, fmt.Errorf("the input %v wants %d images at a time: export the model with a batch of 1 or an open one", in, s[0])
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
		return l, fmt.Errorf("the input %v has neither 1 nor 3 channels, and so takes no images of a camera: have a service of your own run it (kind \"remote\")", in)
	}
	if l.Channels < 1 {
		l.Channels = 3
	}
	return l, l.settle(size, trained)
}

// settle fixes the sizes that the model leaves open.
func (l *Layout) settle(size, trained string) error {
	if size != "" {
		w, h, ok := parseInput(size)
		if !ok {
			return fmt.Errorf("%q is not a size: write width x height, %d to %d pixels each, as in \"640x640\"", text.Clean(size), minInput, maxInput)
		}
		if l.Width > 0 && l.Width != w || l.Height > 0 && l.Height != h {
			return fmt.Errorf("the model wants images of %s, not %dx%d: leave input out, or export the model for that size", sides(l.Width, l.Height), w, h)
		}
		l.Width, l.Height = w, h
	}
	if l.Width < 1 || l.Height < 1 {
		h, w, ok := strings.Cut(strings.Trim(strings.TrimSpace(trained), "[]()"), ",")
		height, errH := strconv.Atoi(strings.TrimSpace(h))
		width, errW := strconv.Atoi(strings.TrimSpace(w))
		if !ok || errH != nil || errW != nil {
			return errors.New("the model leaves the size of its input open: set input to a multiple of 32, as in \"640x640\", or export it with a fixed size")
		}
		if l.Width < 1 {
			l.Width = width
		}
		if l.Height < 1 {
			l.Height = height
		}
	}
	if min(l.Width, l.Height) < minInput || max(l.Width, l.Height) > maxInput {
		return fmt.Errorf("the model wants images of %s: %d to %d pixels a side can be shown", sides(l.Width, l.Height), minInput, maxInput)
	}
	return nil
}

// parseInput reads a size as "640x480".
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

// Numbers returns how many numbers one image has.
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
