package remote

import "rvo-tui/capture"

// scaled returns the frame's pixels at most maxWidth wide, each the mean of the
// source box that it covers, and their size. It writes into buf when that is
// large enough; a frame that is narrow enough already is returned as it is.
func scaled(frame *capture.Frame, maxWidth int, buf []byte) (pix []byte, w, h int) {
	w, h = capture.FitWidth(frame.Width, frame.Height, maxWidth)
	src := frame.Pixels()
	if w == frame.Width {
		return src, w, h
	}
	if cap(buf) < w*h*3 {
		buf = make([]byte, w*h*3)
	}
	buf = buf[:w*h*3]
	stride := frame.Width * 3
	edges := make([]int, w+1)
	for x := range edges {
		edges[x] = x * frame.Width / w * 3
	}
	area, inverse := 0, uint64(0)
	for y := range h {
		y0, y1 := y*frame.Height/h, (y+1)*frame.Height/h
		out := buf[y*w*3 : (y+1)*w*3]
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
			o[0], o[1], o[2] = byte(b*inverse>>shift), byte(g*inverse>>shift), byte(r*inverse>>shift)
		}
	}
	return buf, w, h
}

// shift makes the product with an inverse, shifted right, the same as a division
// of sums of up to 2^20 bytes; divisions took most of the time.
const shift = 48

func inverseOf(n int) uint64 { return (1<<shift + uint64(n) - 1) / uint64(n) }
