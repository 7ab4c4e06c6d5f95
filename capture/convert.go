package capture

import (
	"fmt"
	"sync"
)

// conversion is one converted form of a frame.
type conversion struct {
	to   conversionKey
	once sync.Once
	buf  *buffer // holds data; nil for JPEG, which is in Go memory
	data []byte
	err  error
}

type conversionKey struct {
	kind          conversionKind
	width, height int
	fit           Fit
}

type conversionKind int

const (
	toBGR conversionKind = iota
	toRGB
	toGray
	toJPEG
)

// convert returns the conversion for a key. The first caller makes it, concurrent
// callers wait for it, and later callers share it.
func (f *Frame) convert(to conversionKey, fill func(c *conversion) error) ([]byte, error) {
	c := f.conversion(to)
	c.once.Do(func() {
		c.err = fmt.Errorf("convert frame %d of camera %q: the converter did not return", f.ID, f.Camera)
		err := fill(c)
		if err != nil {
			err = fmt.Errorf("convert frame %d of camera %q: %w", f.ID, f.Camera, err)
		}
		c.err = err
	})
	return c.data, c.err
}

func (f *Frame) conversion(to conversionKey) *conversion {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.made {
		if c.to == to {
			return c
		}
	}
	c := &conversion{to: to}
	f.made = append(f.made, c)
	return c
}

// room allocates size bytes plus Slack.
func (f *Frame) room(c *conversion, size int) error {
	buf, err := f.pool.take(size + Slack)
	if err != nil {
		return err
	}
	c.buf, c.data = buf, buf.data[:size:size]
	return nil
}

// BGR returns the frame as Width x Height packed pixels, top row first, without
// padding, in the order blue, green, red. It is made on first use in the caller's
// goroutine, and shared. It is valid while the caller holds a reference. The memory is
// outside the Go heap.
func (f *Frame) BGR() ([]byte, error) { return f.ScaledBGR(f.Width, f.Height) }

// ScaledBGR is BGR at another size.
func (f *Frame) ScaledBGR(width, height int) ([]byte, error) {
	if f.buf != nil && width == f.Width && height == f.Height {
		return f.Pixels(), nil
	}
	return f.pack(conversionKey{toBGR, width, height, Stretch}, BGR)
}

// RGB returns the frame as input for a network: width x height packed pixels in the
// order red, green, blue, scaled and fitted in one pass. Fit.Place returns where the
// frame ends up. It is made, shared and valid like BGR, once for each size and fit.
func (f *Frame) RGB(width, height int, fit Fit) ([]byte, error) {
	return f.pack(conversionKey{toRGB, width, height, fit}, RGB)
}

func (f *Frame) pack(to conversionKey, order Order) ([]byte, error) {
	width, height := to.width, to.height
	if width <= 0 || height <= 0 || width > maxSide || height > maxSide {
		return nil, fmt.Errorf("convert to %dx%d pixels: a side is 1 to %d pixels", width, height, maxSide)
	}
	return f.convert(to, func(c *conversion) error {
		if err := f.room(c, width*height*3); err != nil {
			return err
		}
		if to.fit == Crop {
			return f.crop(c.data, width, height, order)
		}
		p := to.fit.Place(f.Width, f.Height, width, height)
		at := (p.To.Min.Y*width + p.To.Min.X) * 3
		t := Target{Order: order, Width: p.To.Dx(), Height: p.To.Dy(), Stride: width * 3}
		if err := f.look().Convert(c.buf.data[at:], t); err != nil {
			return err
		}
		margins(c.data, width, height, p)
		return nil
	})
}

// margins fills the area outside p.To. It runs after the conversion, which may write a
// little beyond its rows.
func margins(data []byte, width, height int, p Placement) {
	fill := func(from, to int) {
		row := data[from:to]
		for i := range row {
			row[i] = letterboxGray
		}
	}
	stride := width * 3
	fill(0, p.To.Min.Y*stride)
	for y := p.To.Min.Y; y < p.To.Max.Y; y++ {
		fill(y*stride, y*stride+p.To.Min.X*3)
		fill(y*stride+p.To.Max.X*3, (y+1)*stride)
	}
	fill(p.To.Max.Y*stride, height*stride)
}

// crop scales the whole frame so that its middle fills the rectangle.
func (f *Frame) crop(dst []byte, width, height int, order Order) error {
	p := Crop.Place(f.Width, f.Height, width, height)
	w := max(f.Width*width/p.From.Dx(), width)
	h := max(f.Height*height/p.From.Dy(), height)
	buf, err := f.pool.take(w*h*3 + Slack)
	if err != nil {
		return err
	}
	defer f.pool.put(buf, false)
	if err := f.look().Convert(buf.data, Target{Order: order, Width: w, Height: h, Stride: w * 3}); err != nil {
		return err
	}
	x, y := min(p.From.Min.X*w/f.Width, w-width), min(p.From.Min.Y*h/f.Height, h-height)
	for row := range height {
		from := ((y+row)*w + x) * 3
		copy(dst[row*width*3:(row+1)*width*3], buf.data[from:])
	}
	return nil
}

// Luma returns the brightness of the frame, rotated for display. If the decoder's image
// has an 8-bit luma plane, it is returned without copying. Otherwise a plane is made on
// first use and shared. It is valid while the caller holds a reference.
func (f *Frame) Luma() (Luma, error) {
	if f.image != nil {
		if l, ok := f.image.Luma(); ok {
			return l, nil
		}
	}
	data, err := f.convert(conversionKey{kind: toGray}, func(c *conversion) error {
		if err := f.room(c, f.Width*f.Height); err != nil {
			return err
		}
		return f.look().Convert(c.buf.data, Target{Order: Gray, Width: f.Width, Height: f.Height, Stride: f.Width})
	})
	return Luma{Pix: data, Width: f.Width, Height: f.Height, DX: 1, DY: f.Width}, err
}
