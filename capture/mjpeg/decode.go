package mjpeg

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
)

// maxSide and maxArea bound what a JPEG header can make the decoder allocate, in
// pixels.
const (
	maxSide = 16384
	maxArea = 7680 * 4320
)

// jpegSize returns the size that a JPEG file says it has.
func jpegSize(data []byte) (width, height int, err error) {
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return 0, 0, err
	}
	if cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > maxSide || cfg.Height > maxSide || cfg.Width*cfg.Height > maxArea {
		return 0, 0, fmt.Errorf("frame of %dx%d pixels", cfg.Width, cfg.Height)
	}
	return cfg.Width, cfg.Height, nil
}

// decodeJPEG decodes into packed BGR rows of width x height, scaled where the
// frame has another size: by averaging whole boxes down, by repeating up.
func decodeJPEG(dst, data []byte, width, height int) error {
	if len(dst) != width*height*3 {
		return errors.New("destination has another size")
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return err
	}
	b := img.Bounds()
	if b.Dx() <= 0 || b.Dy() <= 0 {
		return errors.New("frame has no pixels")
	}
	switch img := img.(type) {
	case *image.YCbCr:
		if b.Dx() == width && b.Dy() == height {
			bgrFromYCbCr(dst, img)
			return nil
		}
		scale(dst, width, height, b, func(x, y int) (r, g, bl int) {
			c := img.COffset(x, y)
			return rgbFromYCbCr(img.Y[img.YOffset(x, y)], img.Cb[c], img.Cr[c])
		})
	case *image.Gray:
		scale(dst, width, height, b, func(x, y int) (r, g, bl int) {
			v := int(img.Pix[img.PixOffset(x, y)])
			return v, v, v
		})
	default: // CMYK and RGB, which cameras hardly use
		scale(dst, width, height, b, func(x, y int) (r, g, bl int) {
			r16, g16, b16, _ := img.At(x, y).RGBA()
			return int(r16 >> 8), int(g16 >> 8), int(b16 >> 8)
		})
	}
	return nil
}

// bgrFromYCbCr converts a frame without scaling it.
func bgrFromYCbCr(dst []byte, img *image.YCbCr) {
	b := img.Rect
	p := 0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		luma := img.Y[img.YOffset(b.Min.X, y):]
		for x := range b.Dx() {
			c := img.COffset(b.Min.X+x, y)
			r, g, bl := rgbFromYCbCr(luma[x], img.Cb[c], img.Cr[c])
			dst[p], dst[p+1], dst[p+2] = uint8(bl), uint8(g), uint8(r)
			p += 3
		}
	}
}

// rgbFromYCbCr converts one pixel by the coefficients of JFIF (ITU-R BT.601,
// full range) in 16-bit fixed point.
func rgbFromYCbCr(y, cb, cr uint8) (r, g, b int) {
	l := int32(y)<<16 + 1<<15
	u, v := int32(cb)-128, int32(cr)-128
	return int(clamp8((l + 91881*v) >> 16)), int(clamp8((l - 22554*u - 46802*v) >> 16)), int(clamp8((l + 116130*u) >> 16))
}

// scale fills dst with width x height pixels of a frame with the given
// bounds.
func scale(dst []byte, width, height int, from image.Rectangle, at func(x, y int) (r, g, b int)) {
	p := 0
	for y := range height {
		y0 := y * from.Dy() / height
		y1 := max((y+1)*from.Dy()/height, y0+1)
		for x := range width {
			x0 := x * from.Dx() / width
			x1 := max((x+1)*from.Dx()/width, x0+1)
			var r, g, b int
			for sy := y0; sy < y1; sy++ {
				for sx := x0; sx < x1; sx++ {
					pr, pg, pb := at(from.Min.X+sx, from.Min.Y+sy)
					r, g, b = r+pr, g+pg, b+pb
				}
			}
			n := (y1 - y0) * (x1 - x0)
			dst[p], dst[p+1], dst[p+2] = uint8(b/n), uint8(g/n), uint8(r/n)
			p += 3
		}
	}
}

func clamp8(v int32) uint8 { return uint8(min(max(v, 0), 255)) }
