package detectors

import (
	"math"
	"slices"

	"rvo-tui/capture"
	"rvo-tui/detectors/zone"
)

// Veil returns a function that blacks out areas of a frame: every pixel that they
// touch, and one more around them. It is nil if there are no areas.
func Veil(areas []zone.Polygon) capture.Veil {
	if len(areas) == 0 {
		return nil
	}
	return func(pix []byte, t capture.Target) {
		for _, area := range areas {
			blacken(pix, t, area)
		}
	}
}

// blacken fills, in each row, the part of the row's middle line that is inside the
// area, and the part of each side that passes through the row. Together they cover the
// whole area.
func blacken(pix []byte, t capture.Target, area zone.Polygon) {
	size, height := t.Order.Bytes(), float64(t.Height)
	for y := range t.Height {
		row := pix[y*t.Stride : y*t.Stride+t.Width*size]
		cover := func(from, to float64) {
			first := max(int(math.Floor(from*float64(t.Width)))-1, 0)
			last := min(int(math.Ceil(to*float64(t.Width)))+1, t.Width)
			if first < last {
				clear(row[first*size : last*size])
			}
		}
		top, middle, bottom := (float64(y)-1)/height, (float64(y)+0.5)/height, (float64(y)+2)/height
		var inside [zone.MaxPoints]float64
		n := 0
		for i, a := range area {
			b := area[(i+1)%len(area)]
			if a[1] > b[1] {
				a, b = b, a
			}
			if b[1] < top || a[1] > bottom {
				continue
			}
			from, to := across(a, b, max(top, a[1])), across(a, b, min(bottom, b[1]))
			if a[1] == b[1] {
				from, to = a[0], b[0]
			}
			cover(min(from, to), max(from, to))
			if a[1] <= middle && middle < b[1] && n < len(inside) {
				inside[n] = across(a, b, middle)
				n++
			}
		}
		slices.Sort(inside[:n])
		for i := 0; i+1 < n; i += 2 {
			cover(inside[i], inside[i+1])
		}
	}
}

// across returns the x at which the side from a to b crosses y.
func across(a, b zone.Point, y float64) float64 {
	if a[1] == b[1] {
		return a[0]
	}
	return a[0] + (y-a[1])/(b[1]-a[1])*(b[0]-a[0])
}
