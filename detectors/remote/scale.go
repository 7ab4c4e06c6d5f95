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
	for y := range h {
		y0 := y * frame.Height / h
		y1 := max((y+1)*frame.Height/h, y0+1)
		for x := range w {
			x0 := x * frame.Width / w
			x1 := max((x+1)*frame.Width/w, x0+1)
			var b, g, r int
			for sy := y0; sy < y1; sy++ {
				row := src[sy*stride+x0*3 : sy*stride+x1*3]
				for i := 0; i+2 < len(row); i += 3 {
					b += int(row[i])
					g += int(row[i+1])
					r += int(row[i+2])
				}
			}
			n := (y1 - y0) * (x1 - x0)
			o := buf[(y*w+x)*3:]
			o[0], o[1], o[2] = byte(b/n), byte(g/n), byte(r/n)
		}
	}
	return buf, w, h
}
