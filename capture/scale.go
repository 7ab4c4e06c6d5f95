package capture

import (
	"errors"
	"fmt"
)

// A Scaler writes a picture of width x height packed BGR pixels as one of
// outWidth x outHeight to dst, which must have room for exactly that. It must be
// safe for concurrent use and must not keep dst or src.
type Scaler func(dst, src []byte, width, height, outWidth, outHeight int) error

// checkScale returns what is wrong with the arguments of a Scaler.
func checkScale(dst, src []byte, width, height, outWidth, outHeight int) error {
	switch {
	case width <= 0 || height <= 0 || outWidth <= 0 || outHeight <= 0:
		return errors.New("picture has no pixels")
	case len(src) != width*height*3 || len(dst) != outWidth*outHeight*3:
		return fmt.Errorf("%d and %d bytes are no pictures of %dx%d and %dx%d pixels", len(src), len(dst), width, height, outWidth, outHeight)
	case outWidth > width || outHeight > height:
		return fmt.Errorf("a picture of %dx%d pixels cannot be scaled down to %dx%d", width, height, outWidth, outHeight)
	}
	return nil
}

// ScaleDown is the Scaler without a library: each pixel is the mean of the box of
// whole source pixels that it covers. Pictures cannot become larger.
func ScaleDown(dst, src []byte, width, height, outWidth, outHeight int) error {
	if err := checkScale(dst, src, width, height, outWidth, outHeight); err != nil {
		return err
	}
	w, h, stride := outWidth, outHeight, width*3
	edges := make([]int, w+1)
	for x := range edges {
		edges[x] = x * width / w * 3
	}
	area, inverse := 0, uint64(0)
	for y := range h {
		y0, y1 := y*height/h, (y+1)*height/h
		out := dst[y*w*3 : (y+1)*w*3]
		for x := range w {
			x0, x1 := edges[x], edges[x+1]
			var b, g, r uint64
			for sy := y0; sy < y1; sy++ {
				for row := src[sy*stride+x0 : sy*stride+x1]; len(row) >= 3; row = row[3:] {
					b += uint64(row[0])
					g += uint64(row[1])
					r += uint64(row[2])
				}
			}
			if n := (y1 - y0) * (x1 - x0) / 3; n != area {
				area, inverse = n, inverseOf(n)
			}
			o := out[x*3 : x*3+3 : x*3+3]
			o[0], o[1], o[2] = byte(b*inverse>>inverseShift), byte(g*inverse>>inverseShift), byte(r*inverse>>inverseShift)
		}
	}
	return nil
}

// inverseShift makes the product with an inverse, shifted right, the same as a
// division of sums of up to 2^20 bytes; divisions took most of the time.
const inverseShift = 48

func inverseOf(n int) uint64 { return (1<<inverseShift + uint64(n) - 1) / uint64(n) }
