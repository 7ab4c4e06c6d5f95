package device

import (
	"cmp"
	"slices"
)

// Usable formats in order of preference, for modes of equal size and rate: first those
// that evidence can store unchanged, then raw pixels.
var formats = []string{"MJPG", "JPEG", "H264", "YUYV", "UYVY", "NV12", "YU12", "GREY"}

// coded reports whether frames of a format are packets.
func coded(format string) bool { return slices.Index(formats, format) < 3 }

// The size limit when no size is configured: the largest mode up to it is used.
const (
	usualWidth  = 1280
	usualHeight = 720
)

// pick returns the mode to use: the size nearest to the configured one (0: side not
// configured) and, for that size, the first format that reaches the rate (0: not
// configured), or else the fastest one. It returns false if the device has no usable
// format.
func pick(modes []Mode, width, height int, fps float64) (Mode, bool) {
	usable := slices.DeleteFunc(slices.Clone(modes), func(m Mode) bool { return !slices.Contains(formats, m.Format) })
	if len(usable) == 0 {
		return Mode{}, false
	}
	for i, m := range usable {
		usable[i].Width, usable[i].Height = m.within(0, m.Width, width), m.within(1, m.Height, height)
	}
	off := func(m Mode) int { return distance(m, width, height) }
	nearest := off(slices.MinFunc(usable, func(a, b Mode) int { return cmp.Compare(off(a), off(b)) }))
	usable = slices.DeleteFunc(usable, func(m Mode) bool { return off(m) != nearest })
	slow := func(m Mode) float64 { // missing frames a second
		if m.rate() == 0 {
			return 0
		}
		return max(0, cmp.Or(fps, 25)-0.5-m.rate())
	}
	return slices.MinFunc(usable, func(a, b Mode) int {
		return cmp.Or(cmp.Compare(slow(a), slow(b)), cmp.Compare(slices.Index(formats, a.Format), slices.Index(formats, b.Format)))
	}), true
}

// within returns the largest side of a range that does not exceed the wanted one, and an
// even one if there is any, because in most formats two pixels share a colour. A mode
// that is not a range has only one side.
func (m Mode) within(side, most, wanted int) int {
	if m.least[side] == 0 || m.least[side] >= most {
		return most
	}
	if wanted <= 0 {
		wanted = [2]int{usualWidth, usualHeight}[side]
	}
	step := max(m.step[side], 1)
	size := m.least[side] + (min(max(wanted, m.least[side]), most)-m.least[side])/step*step
	if size%2 != 0 && step%2 != 0 && size-step >= m.least[side] {
		size -= step
	}
	return size
}

// distance returns how far a mode is from a size. If no size is configured, larger
// modes are better up to the usual size and bad beyond it.
func distance(m Mode, width, height int) int {
	if width <= 0 && height <= 0 {
		if m.Width > usualWidth || m.Height > usualHeight {
			return 1<<40 + m.area()
		}
		return usualWidth*usualHeight - m.area()
	}
	d := 0
	if width > 0 {
		d += (m.Width - width) * (m.Width - width)
	}
	if height > 0 {
		d += (m.Height - height) * (m.Height - height)
	}
	return d
}
