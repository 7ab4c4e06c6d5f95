package onnx

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rvo-tui/internal/text"
)

// elem is the type of a tensor's numbers.
type elem string

const (
	float32s elem = "float32"
	float16s elem = "float16"
	uint8s   elem = "uint8"
	int32s   elem = "int32"
	int64s   elem = "int64"
)

// port is an input or output of a model as its file declares it. An open size is
// below 1.
type port struct {
	name  string
	shape []int
	elem  elem
}

func (p port) String() string {
	var b strings.Builder
	for i, d := range p.shape {
		if i > 0 {
			b.WriteByte(' ')
		}
		if d < 1 {
			b.WriteByte('?')
			continue
		}
		b.WriteString(strconv.Itoa(d))
	}
	return fmt.Sprintf("%q %s [%s]", text.Clean(p.name), p.elem, b.String())
}

// sized returns the shape of an output for n images; nil: it is open, and may be a
// list of any length.
func (p port) sized(n int) []int64 {
	dims := make([]int64, len(p.shape))
	for k, d := range p.shape {
		switch {
		case d < 1 && k == 0 && len(p.shape) > 2:
			d = n
		case d < 1 || k == 0 && n > 1:
			return nil
		}
		dims[k] = int64(d)
	}
	return dims
}

// layout is how the input of a model wants an image.
type layout struct {
	port
	width, height int
	channels      int
	last          bool // the channels come last, pixel by pixel
	batched       bool // it has a batch dimension
	open          bool // of any size
}

// targetSizes is an input of RT-DETR and its like: the size of the image.
const targetSizes = "orig_target_sizes"

// imageInput returns the input that takes images; the others must be known ones.
func imageInput(inputs []port) (int, error) {
	at := -1
	for i, in := range inputs {
		switch {
		case in.name == targetSizes && in.elem == int64s:
		case at < 0 && (len(in.shape) == 3 || len(in.shape) == 4):
			at = i
		default:
			return 0, fmt.Errorf("the model has the inputs %v: one image can be shown: export it with that input alone, or run it in a model service", inputs)
		}
	}
	if at < 0 {
		return 0, fmt.Errorf("the model has no input for an image: its inputs are %v", inputs)
	}
	return at, nil
}

// layoutOf reads the shape of an input. Size is what is configured, as "640x480",
// or empty; trained is the size that the file's metadata has, as "[480, 640]".
func layoutOf(in port, size, trained string) (layout, error) {
	l := layout{port: in}
	switch in.elem {
	case float32s, float16s, uint8s, int32s:
	default:
		return l, fmt.Errorf("the input %v is of another type than float32, float16, uint8 and int32: export the model again", in)
	}
	s := in.shape
	if l.batched = len(s) == 4; l.batched {
		if s[0] > 1 {
			return l, fmt.Errorf("the input %v wants %d images at a time: export the model with a batch of 1 or an open one", in, s[0])
		}
		l.open = s[0] < 1
		s = s[1:]
	}
	image := func(n int) bool { return n == 1 || n == 3 }
	switch {
	case image(s[0]) || s[0] < 1 && !image(s[2]):
		l.channels, l.height, l.width = s[0], s[1], s[2]
	case image(s[2]):
		l.channels, l.height, l.width, l.last = s[2], s[0], s[1], true
	default:
		return l, fmt.Errorf("the input %v has neither 1 nor 3 channels, and so takes no images of a camera: run the model in a model service", in)
	}
	if l.channels < 1 {
		l.channels = 3
	}
	return l, l.settle(size, trained)
}

// settle fixes the sizes that the model leaves open.
func (l *layout) settle(size, trained string) error {
	if size != "" {
		w, h, ok := parseInput(size)
		if !ok {
			return fmt.Errorf("%q is not a size: write width x height, %d to %d pixels each, as in \"640x640\"", text.Clean(size), minInput, maxInput)
		}
		if l.width > 0 && l.width != w || l.height > 0 && l.height != h {
			return fmt.Errorf("the model wants images of %s, not %dx%d: leave input out, or export the model for that size", sides(l.width, l.height), w, h)
		}
		l.width, l.height = w, h
	}
	if l.width < 1 || l.height < 1 {
		h, w, ok := strings.Cut(strings.Trim(strings.TrimSpace(trained), "[]()"), ",")
		height, errH := strconv.Atoi(strings.TrimSpace(h))
		width, errW := strconv.Atoi(strings.TrimSpace(w))
		if !ok || errH != nil || errW != nil {
			return errors.New("the model leaves the size of its input open: set input to a multiple of 32, as in \"640x640\", or export it with a fixed size")
		}
		if l.width < 1 {
			l.width = width
		}
		if l.height < 1 {
			l.height = height
		}
	}
	if min(l.width, l.height) < minInput || max(l.width, l.height) > maxInput {
		return fmt.Errorf("the model wants images of %s: %d to %d pixels a side can be shown", sides(l.width, l.height), minInput, maxInput)
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

// numbers returns how many numbers one image has.
func (l *layout) numbers() int { return l.width * l.height * l.channels }

// dims returns the shape of the input for n images.
func (l *layout) dims(n int) []int64 {
	image := []int{l.channels, l.height, l.width}
	if l.last {
		image = []int{l.height, l.width, l.channels}
	}
	var out []int64
	if l.batched {
		out = append(out, int64(n))
	}
	for _, d := range image {
		out = append(out, int64(d))
	}
	return slices.Clip(out)
}
