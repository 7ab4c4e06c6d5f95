package device

// rawBytes returns the size of a raw frame in bytes.
func rawBytes(m Mode) int {
	switch m.Format {
	case "YUYV", "UYVY":
		return m.area() * 2
	case "NV12", "YU12":
		return m.area() + 2*((m.Width+1)/2)*((m.Height+1)/2)
	}
	return m.area()
}

// toBGR converts a raw frame without padding to packed BGR. Devices send limited-range
// BT.601, except for grey, which is full-range.
func toBGR(dst, src []byte, m Mode) {
	w, h := m.Width, m.Height
	cw := (w + 1) / 2
	chroma := src[min(w*h, len(src)):]
	for y := range h {
		row := dst[y*w*3 : (y+1)*w*3]
		for x := range w {
			var l, u, v byte
			switch m.Format {
			case "GREY":
				l = src[y*w+x]
				row[3*x], row[3*x+1], row[3*x+2] = l, l, l
				continue
			case "YUYV":
				p := src[(y*w+x&^1)*2:]
				l, u, v = p[x&1*2], p[1], p[3]
			case "UYVY":
				p := src[(y*w+x&^1)*2:]
				l, u, v = p[x&1*2+1], p[0], p[2]
			case "NV12":
				p := chroma[(y/2*cw+x/2)*2:]
				l, u, v = src[y*w+x], p[0], p[1]
			case "YU12":
				p := y/2*cw + x/2
				l, u, v = src[y*w+x], chroma[p], chroma[cw*((h+1)/2)+p]
			}
			row[3*x], row[3*x+1], row[3*x+2] = bgr(l, u, v)
		}
	}
}

// bgr converts one pixel (ITU-R BT.601, limited range) in 16-bit fixed point.
func bgr(y, u, v byte) (b, g, r byte) {
	l := (int32(y)-16)*76309 + 1<<15
	cb, cr := int32(u)-128, int32(v)-128
	return clamp8((l + 132201*cb) >> 16), clamp8((l - 25675*cb - 53279*cr) >> 16), clamp8((l + 104597*cr) >> 16)
}

func clamp8(v int32) byte { return byte(min(max(v, 0), 255)) }
