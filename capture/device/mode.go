package device

import (
	"cmp"
	"slices"
)

// The formats that can be used, in the order in which they are chosen where
// several have the size and the rate: those that evidence keeps as they are, and
// then those that are pixels.
var formats = []string{"MJPG", "JPEG", "H264", "YUYV", "UYVY", "NV12", "YU12", "GREY"}

// coded reports whether frames of a format are packets.
func coded(format string) bool { return slices.Index(formats, format) < 3 }

// What a device is asked for where nothing is configured: the largest mode up to
// this size.
const (
	usualWidth  = 1280
	usualHeight = 720
)

// pick returns the mode to ask a device for: the size that is nearest to the
// configured one (a side of 0: not configured), of those the first format that
// keeps up with the rate (0: not configured), or else the fastest. It returns
// false where the device has no format that can be used.
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
	slow := func(m Mode) float64 { // frames a second that are missing
		if m.rate() == 0 {
			return 0
		}
		return max(0, cmp.Or(fps, 25)-0.5-m.rate())
	}
	return slices.MinFunc(usable, func(a, b Mode) int {
		return cmp.Or(cmp.Compare(slow(a), slow(b)), cmp.Compare(slices.Index(formats, a.Format), slices.Index(formats, b.Format)))
	}), true
}

// within returns the side of a range that is nearest to the wanted one, from below.
// A mode that is no range has one side alone.
func (m Mode) within(side, most, wanted int) int {
	if m.least[side] == 0 || m.least[side] >= most {
		return most
	}
	if wanted <= 0 {
		wanted = [2]int{usualWidth, usualHeight}[side]
	}
	step := max(m.step[side], 1)
	return m.least[side] + (min(max(wanted, m.least[side]), most)-m.least[side])/step*step
}

// distance returns how far a mode is from a size. Without one, small modes are far
// from the usual size, and larger ones farther still.
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
