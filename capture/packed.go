package capture

import "errors"

// packed is the Image of a drawn frame.
type packed struct {
	pix           []byte
	width, height int
	convert       Converter
}

func (p packed) Size() (width, height int) { return p.width, p.height }

func (p packed) Luma() (Luma, bool) { return Luma{}, false }

func (p packed) Convert(dst []byte, t Target) error {
	return p.convert(dst, p.pix, p.width, p.height, t)
}

func (p packed) Free() {}

// ConvertPacked is the Converter in pure Go.
func ConvertPacked(dst, pix []byte, width, height int, t Target) error {
	if len(pix) < width*height*3 {
		return errors.New("the frame has fewer pixels than its size requires")
	}
	if t.Order == Gray && t.Width == width && t.Height == height {
		gray(dst, pix, t)
		return nil
	}
	Box(dst, t, width, height, func(x, y int) (r, g, b int) {
		p := pix[(y*width+x)*3:]
		return int(p[2]), int(p[1]), int(p[0])
	})
	return nil
}

// Box scales width x height pixels into dst: by box averaging when shrinking, by
// repetition when enlarging.
func Box(dst []byte, t Target, width, height int, at func(x, y int) (r, g, b int)) {
	for y := range t.Height {
		y0 := y * height / t.Height
		y1 := max((y+1)*height/t.Height, y0+1)
		row := dst[y*t.Stride:]
		for x := range t.Width {
			x0 := x * width / t.Width
			x1 := max((x+1)*width/t.Width, x0+1)
			var r, g, b int
			for sy := y0; sy < y1; sy++ {
				for sx := x0; sx < x1; sx++ {
					pr, pg, pb := at(sx, sy)
					r, g, b = r+pr, g+pg, b+pb
				}
			}
			n := (y1 - y0) * (x1 - x0)
			r, g, b = r/n, g/n, b/n
			switch t.Order {
			case BGR:
				row[3*x], row[3*x+1], row[3*x+2] = uint8(b), uint8(g), uint8(r)
			case RGB:
				row[3*x], row[3*x+1], row[3*x+2] = uint8(r), uint8(g), uint8(b)
			case Gray:
				row[x] = uint8((77*r + 150*g + 29*b) >> 8)
			}
		}
	}
}

// gray converts pixels to luma without scaling.
func gray(dst, pix []byte, t Target) {
	for y := range t.Height {
		from, row := pix[y*t.Width*3:(y+1)*t.Width*3], dst[y*t.Stride:y*t.Stride+t.Width]
		for x := range row {
			p := from[3*x : 3*x+3 : 3*x+3]
			row[x] = uint8((29*uint32(p[0]) + 150*uint32(p[1]) + 77*uint32(p[2])) >> 8)
		}
	}
}
