package draw

import (
	"image/color"
	"math"

	"rvo-tui/detectors/zone"
)

// Stroke draws a straight line from one point of the frame to another.
func (c *Canvas) Stroke(from, to zone.Point, col color.RGBA, ascii bool) {
	x0, y0 := c.cell(from)
	x1, y1 := c.cell(to)
	glyph := slope(x1-x0, y1-y0, ascii)
	steps := max(abs(x1-x0), abs(y1-y0), 1)
	for i := range steps + 1 {
		part := float64(i) / float64(steps)
		x, y := float64(x0)+part*float64(x1-x0), float64(y0)+part*float64(y1-y0)
		c.put(int(math.Round(x)), int(math.Round(y)), glyph, ink(col))
	}
}

// slope returns the character closest to a line of this slope, in cells.
func slope(dx, dy int, ascii bool) rune {
	glyphs := []rune("─│╲╱")
	if ascii {
		glyphs = []rune(`-|\/`)
	}
	switch {
	case 2*abs(dy) <= abs(dx):
		return glyphs[0]
	case 2*abs(dx) <= abs(dy):
		return glyphs[1]
	case (dx > 0) == (dy > 0):
		return glyphs[2]
	}
	return glyphs[3]
}

// Polygon draws the outline of an area.
func (c *Canvas) Polygon(area zone.Polygon, col color.RGBA, ascii bool) {
	for i, from := range area {
		c.Stroke(from, area[(i+1)%len(area)], col, ascii)
	}
}

// Dot draws one character at a point of the frame.
func (c *Canvas) Dot(at zone.Point, glyph rune, col color.RGBA) {
	x, y := c.cell(at)
	c.put(x, y, glyph, ink(col))
}

// Write writes text from a point of the frame to the right edge at most.
func (c *Canvas) Write(at zone.Point, text string, col color.RGBA) {
	x, y := c.cell(at)
	c.text(x, y, text, ink(col))
}

// cell returns the cell at a point of the frame.
func (c *Canvas) cell(p zone.Point) (x, y int) {
	at := func(v float64, n int) int { return min(max(int(v*float64(n)), 0), n-1) }
	return at(p[0], c.W), at(p[1], c.H)
}

// text writes starting at a cell.
func (c *Canvas) text(x, y int, text string, col [3]uint8) {
	for _, r := range text {
		n := Width(string(r))
		if n == 0 {
			continue
		}
		if x+n > c.W {
			break
		}
		c.put(x, y, r, col)
		if n == 2 {
			c.put(x+1, y, covered, col)
		}
		x += n
	}
}

func ink(col color.RGBA) [3]uint8 { return [3]uint8{col.R, col.G, col.B} }

func abs(v int) int { return max(v, -v) }
