package capture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
)

// JPEGQuality is the quality of all JPEG encoders, on a scale of 1 to 100.
const JPEGQuality = 85

// An Encoder encodes packed BGR pixels (width*height*3 bytes) as a JPEG file of
// outWidth x outHeight, scaling as needed. It must be safe for concurrent use and must
// not keep pix.
type Encoder func(pix []byte, width, height, outWidth, outHeight int) ([]byte, error)

// A Redrawer decodes a JPEG file, lets draw change it, and encodes it again. It must be
// safe for concurrent use and must not keep file; draw must not keep the image.
type Redrawer func(file []byte, draw func(*image.YCbCr)) ([]byte, error)

// JPEG returns the frame as a JPEG file, at most maxWidth wide with the aspect ratio
// kept (0 or above the frame's width: full size). The caller must hold a reference. A
// frame is encoded once for each width, on first use in the caller's goroutine.
// Concurrent callers wait, later ones share the bytes, which are read-only. They are in
// Go memory and outlive the frame.
func (f *Frame) JPEG(maxWidth int) ([]byte, error) {
	w, h := FitWidth(f.Width, f.Height, maxWidth)
	return f.convert(conversionKey{kind: toJPEG, width: w}, func(c *conversion) (err error) {
		if f.buf != nil {
			c.data, err = f.pool.encode(f.Pixels(), f.Width, f.Height, w, h)
			return err
		}
		buf, err := f.pool.take(w*h*3 + Slack)
		if err != nil {
			return err
		}
		defer f.pool.put(buf, false)
		if err := f.look().Convert(buf.data, Target{Order: BGR, Width: w, Height: h, Stride: w * 3}); err != nil {
			return err
		}
		c.data, err = f.pool.encode(buf.data[:w*h*3], w, h, w, h)
		return err
	})
}

// FitWidth scales width x height to at most maxWidth, keeping the aspect ratio. Both
// results are at least 1. A maxWidth of 0 means no limit.
func FitWidth(width, height, maxWidth int) (w, h int) {
	if maxWidth <= 0 || maxWidth >= width {
		return width, height
	}
	return maxWidth, max(1, (height*maxWidth+width/2)/width)
}

// EncodeJPEG is the Encoder of the standard library. It scales by box averaging.
func EncodeJPEG(pix []byte, width, height, outWidth, outHeight int) ([]byte, error) {
	if width <= 0 || height <= 0 || outWidth <= 0 || outHeight <= 0 || len(pix) < width*height*3 {
		return nil, errors.New("the frame has no pixels")
	}
	img := image.NewYCbCr(image.Rect(0, 0, outWidth, outHeight), image.YCbCrSubsampleRatio420)
	yuvFromBGR(img, pix, width, height)
	var out bytes.Buffer
	out.Grow(outWidth * outHeight / 4)
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: JPEGQuality}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// RedrawJPEG is the Redrawer of the standard library. Grayscale files become 4:4:4, so
// that drawings keep their color.
func RedrawJPEG(file []byte, draw func(*image.YCbCr)) ([]byte, error) {
	src, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("decode JPEG: %w", err)
	}
	img, ok := src.(*image.YCbCr)
	if !ok {
		area := src.Bounds()
		img = image.NewYCbCr(image.Rect(0, 0, area.Dx(), area.Dy()), image.YCbCrSubsampleRatio444)
		for y := range area.Dy() {
			for x := range area.Dx() {
				c := color.YCbCrModel.Convert(src.At(area.Min.X+x, area.Min.Y+y)).(color.YCbCr)
				at := img.YOffset(x, y)
				img.Y[at], img.Cb[at], img.Cr[at] = c.Y, c.Cb, c.Cr
			}
		}
	}
	draw(img)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: JPEGQuality}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// yuvFromBGR converts packed BGR pixels to YCbCr, scaled to the size of img. The
// coefficients are those of JFIF (ITU-R BT.601, full range) in 16-bit fixed point.
func yuvFromBGR(img *image.YCbCr, pix []byte, width, height int) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	xs := make([]int, w+1)
	for x := range xs {
		xs[x] = x * width / w
	}
	type sum struct{ r, g, b, n int32 }
	chroma := make([]sum, (w+1)/2)
	flush := func(y int) {
		row := img.Cb[y/2*img.CStride:]
		cr := img.Cr[y/2*img.CStride:]
		for i := range chroma {
			s := &chroma[i]
			r, g, b := s.r/s.n, s.g/s.n, s.b/s.n
			row[i] = clamp8((-11056*r-21712*g+32768*b)>>16 + 128)
			cr[i] = clamp8((32768*r-27440*g-5328*b)>>16 + 128)
			*s = sum{}
		}
	}
	for y := range h {
		y0, y1 := y*height/h, max((y+1)*height/h, y*height/h+1)
		for x := range w {
			x0, x1 := xs[x], max(xs[x+1], xs[x]+1)
			var r, g, b, n int32
			for sy := y0; sy < y1; sy++ {
				for p := (sy*width + x0) * 3; p < (sy*width+x1)*3; p += 3 {
					b += int32(pix[p])
					g += int32(pix[p+1])
					r += int32(pix[p+2])
					n++
				}
			}
			r, g, b = r/n, g/n, b/n
			img.Y[y*img.YStride+x] = clamp8((19595*r + 38470*g + 7471*b) >> 16)
			c := &chroma[x/2]
			c.r, c.g, c.b, c.n = c.r+r, c.g+g, c.b+b, c.n+1
		}
		if y&1 == 1 || y == h-1 {
			flush(y)
		}
	}
}

func clamp8(v int32) uint8 { return uint8(min(max(v, 0), 255)) }
