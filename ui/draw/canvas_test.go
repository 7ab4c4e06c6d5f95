package draw

import (
	"math"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"rvo-tui/detectors"
	"rvo-tui/runtime"
)

// gradient is an image that becomes brighter.
func gradient(w, h int) runtime.Preview {
	p := runtime.Preview{Frame: 7, Width: w, Height: h, Pixels: make([]byte, w*h*3)}
	for i := range p.Pixels {
		p.Pixels[i] = byte(128 * i / len(p.Pixels))
	}
	return p
}

func TestCanvasHoldsNoise(t *testing.T) {
	p := gradient(10, 6)
	old := NewCanvas(p, nil, Hold)
	q := runtime.Preview{Frame: 8, Width: 10, Height: 6, Pixels: append([]byte(nil), p.Pixels...)}
	for i := range q.Pixels {
		q.Pixels[i] += byte(i % (Hold + 1))
	}
	if got := strings.Join(NewCanvas(q, old, Hold).Lines(false, false), ""); got != strings.Join(old.Lines(false, false), "") {
		t.Error("noise is drawn")
	}
	q.Pixels[0] = p.Pixels[0] + Hold + 1
	if got := NewCanvas(q, old, Hold); got.cells[0] == old.cells[0] {
		t.Error("a change is held back")
	}
}

func TestOutlineStaysInside(t *testing.T) {
	for _, b := range []detectors.Box{{X: 0, Y: 0, W: 1, H: 1}, {X: -1, Y: -1, W: 3, H: 3}, {X: 0.99, Y: 0.99, W: 0.5, H: 0.5}, {X: math.NaN(), Y: 0, W: math.NaN(), H: 1}, {X: 1e300, Y: 0, W: 1e300, H: 1}} {
		c := NewCanvas(gradient(12, 8), nil, Hold)
		c.Outline(detectors.Detection{Box: b}, "a label that is too long", NewTheme(palettes["dark"], false, 5, false).Box[0], false)
		for _, l := range c.Lines(false, false) {
			if n := ansi.StringWidth(l); n != 12 {
				t.Errorf("box %v: a line of %d cells", b, n)
			}
		}
	}
}

// Labels of wide characters are drawn, cut at the edge, and keep the width of a line, whatever is
// drawn over them.
func TestWideLabels(t *testing.T) {
	col := NewTheme(palettes["dark"], false, 5, false).Box[0]
	box := func(x float64) detectors.Detection {
		return detectors.Detection{Box: detectors.Box{X: x, Y: 0, W: 0.3, H: 0.8}}
	}
	for over := range 20 {
		c := NewCanvas(gradient(20, 8), nil, Hold)
		c.Outline(box(0), Clean("人物 e\u0301te\u0301"), col, false)
		lines := c.Lines(false, false)
		if text := ansi.Strip(lines[0]); !strings.Contains(text, "人物 été") {
			t.Fatalf("the label is %q", text)
		}
		c.Outline(box(float64(over)/20), "物", col, false)
		for _, l := range c.Lines(false, false) {
			if n := ansi.StringWidth(l); n != 20 {
				t.Errorf("with a box over it at %d: a line of %d cells: %q", over, n, ansi.Strip(l))
			}
		}
	}
}
