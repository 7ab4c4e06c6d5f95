package detectors

import (
	"testing"

	"rvo-tui/capture"
	"rvo-tui/detectors/zone"
)

// Private zones are black at every size, and pixels far from them are unchanged.
func TestVeil(t *testing.T) {
	for name, area := range map[string]zone.Polygon{
		"rectangle": zone.Rect(0.25, 0.25, 0.5, 0.5),
		"triangle":  {{0.1, 0.1}, {0.9, 0.2}, {0.3, 0.9}},
		"concave":   {{0, 0}, {1, 0}, {1, 1}, {0.5, 0.2}, {0, 1}},
		"sliver":    {{0.1, 0.5}, {0.9, 0.5}, {0.9, 0.503}},
		"corner":    {{0, 0}, {0.02, 0}, {0, 0.02}},
	} {
		veil := Veil([]zone.Polygon{area})
		for _, to := range []capture.Target{{Order: capture.BGR, Width: 64, Height: 36}, {Order: capture.Gray, Width: 160, Height: 90}, {Order: capture.RGB, Width: 7, Height: 5}} {
			to.Stride = to.Width * to.Order.Bytes()
			pix := make([]byte, to.Stride*to.Height)
			for i := range pix {
				pix[i] = 200
			}
			veil(pix, to)
			const fine = 8 // places in a pixel, by side
			for y := range to.Height * fine {
				for x := range to.Width * fine {
					at := zone.Point{(float64(x) + 0.5) / float64(to.Width*fine), (float64(y) + 0.5) / float64(to.Height*fine)}
					shown := pix[y/fine*to.Stride+x/fine*to.Order.Bytes()] != 0
					far := area.Distance(at) > 4/float64(min(to.Width, to.Height))
					if inside := area.Contains(at); inside && shown || !inside && far && !shown {
						t.Fatalf("%s, %dx%d: at %v, inside: %v, shown: %v", name, to.Width, to.Height, at, inside, shown)
					}
				}
			}
		}
	}
	if Veil(nil) != nil {
		t.Error("there is a veil over nothing")
	}
}
