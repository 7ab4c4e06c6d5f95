package draw

import (
	"image/color"
	"strconv"
	"strings"

	"rvo-tui/detectors"
	"rvo-tui/runtime"
)

// Canvas is an image in character cells. A cell shows two pixels, one above the other, or a
// character drawn over them.
type Canvas struct {
	W, H  int
	cells []cell
}

type cell struct {
	upper, lower [3]uint8
	glyph        rune // 0: shows the pixels; covered: right half of a wide character
	ink          [3]uint8
}

// covered marks the second cell of a character that is two cells wide.
const covered rune = -1

// Colour changes up to these amounts are not redrawn: sensor noise and slow changes of light
// would otherwise take most of the bandwidth. Tiles of the wall are small and many, so they
// tolerate more.
const (
	Hold     = 6
	HoldTile = 16
)

// NewCanvas makes a canvas of w x h cells from an image of w x 2h pixels. A colour that differs
// from the one in old by at most hold keeps its old value.
func NewCanvas(p runtime.Preview, old *Canvas, hold int) *Canvas {
	c := &Canvas{W: p.Width, H: p.Height / 2}
	c.cells = make([]cell, c.W*c.H)
	same := old != nil && old.W == c.W && old.H == c.H
	for y := range c.H {
		for x := range c.W {
			k := &c.cells[y*c.W+x]
			copy(k.upper[:], p.Pixels[(2*y*c.W+x)*3:])
			copy(k.lower[:], p.Pixels[((2*y+1)*c.W+x)*3:])
			if same {
				o := &old.cells[y*c.W+x]
				k.upper, k.lower = held(k.upper, o.upper, hold), held(k.lower, o.lower, hold)
			}
		}
	}
	return c
}

func held(now, old [3]uint8, hold int) [3]uint8 {
	for i := range now {
		if d := int(now[i]) - int(old[i]); d > hold || d < -hold {
			return now
		}
	}
	return old
}

// Clone returns a copy to draw on.
func (c *Canvas) Clone() *Canvas {
	return &Canvas{c.W, c.H, append([]cell(nil), c.cells...)}
}

// Gray removes the colors, to show that the content is outdated.
func (c *Canvas) Gray() {
	for i := range c.cells {
		k := &c.cells[i]
		for _, p := range []*[3]uint8{&k.upper, &k.lower, &k.ink} {
			v := uint8(luma(*p))
			*p = [3]uint8{v, v, v}
		}
	}
}

func (c *Canvas) put(x, y int, r rune, ink [3]uint8) {
	if x < 0 || x >= c.W || y < 0 || y >= c.H {
		return
	}
	row := c.cells[y*c.W : (y+1)*c.W]
	if row[x].glyph == covered && r != covered { // half of a wide character cannot be drawn
		row[x-1].glyph = ' '
	}
	if x+1 < c.W && row[x+1].glyph == covered {
		row[x+1].glyph = 0
	}
	row[x].glyph, row[x].ink = r, ink
}

// Outline draws a detection with its label.
func (c *Canvas) Outline(d detectors.Detection, label string, col color.RGBA, ascii bool) {
	ink := ink(col)
	at := func(v float64, n int) int { return min(max(int(v*float64(n)), 0), n-1) }
	if !(d.Box.W > 0 && d.Box.H > 0) {
		return
	}
	x0, x1 := at(d.Box.X, c.W), at(d.Box.X+d.Box.W, c.W)
	y0, y1 := at(d.Box.Y, c.H), at(d.Box.Y+d.Box.H, c.H)
	line := []rune("─│┌┐└┘")
	if ascii {
		line = []rune("-|++++")
	}
	for x := x0; x <= x1; x++ {
		c.put(x, y0, line[0], ink)
		c.put(x, y1, line[0], ink)
	}
	for y := y0; y <= y1; y++ {
		c.put(x0, y, line[1], ink)
		c.put(x1, y, line[1], ink)
	}
	c.put(x0, y0, line[2], ink)
	c.put(x1, y0, line[3], ink)
	c.put(x0, y1, line[4], ink)
	c.put(x1, y1, line[5], ink)
	c.text(x0+1, y0, label, ink)
}

const ramp = " .:-=+*#%@"

// Lines draws the canvas with coloured half blocks, or with ASCII characters of increasing
// density on a terminal that lacks Unicode or colour.
func (c *Canvas) Lines(ascii, colourless bool) []string {
	out := make([]string, c.H)
	var b strings.Builder
	for y := range c.H {
		b.Reset()
		last := ""
		for x := range c.W {
			k := &c.cells[y*c.W+x]
			mean := [3]uint8{}
			for i := range mean {
				mean[i] = uint8((int(k.upper[i]) + int(k.lower[i])) / 2)
			}
			if k.glyph == covered {
				continue
			}
			var sgr string
			glyph := k.glyph
			switch {
			case colourless:
				if glyph == 0 {
					glyph = rune(ramp[luma(mean)*(len(ramp)-1)/255])
				}
			case glyph != 0:
				sgr = colours(k.ink, mean)
			case ascii:
				glyph, sgr = ' ', colours(k.upper, mean)
			default:
				glyph, sgr = '▀', colours(k.upper, k.lower)
			}
			if sgr != last {
				b.WriteString(sgr)
				last = sgr
			}
			b.WriteRune(glyph)
		}
		if last != "" {
			b.WriteString("\x1b[m")
		}
		out[y] = b.String()
	}
	return out
}

func luma(c [3]uint8) int { return (int(c[0])*299 + int(c[1])*587 + int(c[2])*114) / 1000 }

// colours returns the escape sequence that sets foreground and background.
func colours(text, ground [3]uint8) string {
	b := make([]byte, 0, 40)
	b = append(b, "\x1b[38;2"...)
	for _, v := range text {
		b = strconv.AppendUint(append(b, ';'), uint64(v), 10)
	}
	b = append(b, ";48;2"...)
	for _, v := range ground {
		b = strconv.AppendUint(append(b, ';'), uint64(v), 10)
	}
	return string(append(b, 'm'))
}
