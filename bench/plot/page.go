package main

import (
	"bytes"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// page is one figure: a title, panels below each other, a legend for all of them, and a note about
// the origin of the data.
type page struct {
	title  string
	panels []*panel
	note   string
}

// panel is one set of axes.
type panel struct {
	xLabel, yLabel string
	x, y           scale
	curves         []curve
	refs           []reference
	flat           bool // horizontal rows: a point's x is its row, its y goes to the right
	height         float64
}

// curve is a sequence of points with their spreads.
type curve struct {
	name   string // in the legend; the same name in two panels is one entry
	look   look
	points []point
	steps  bool // a step function
}

type point struct {
	x float64
	y spread
}

// reference is a horizontal line for comparison.
type reference struct {
	name string
	look look
	at   float64
}

// format is an output file format.
type format struct {
	ending string
	draw   func(*page, io.Writer) error
}

var formats = []format{{".svg", drawSVG}, {".png", drawPNG}}

// sansSerif lists the fonts of an SVG: the one it is laid out for, and others of equal widths.
const sansSerif = "font-family:Liberation Sans,Arial,Helvetica,sans-serif"

func drawSVG(p *page, w io.Writer) error {
	c := vgsvg.NewWith(vgsvg.UseWH(pageWidth, p.height()))
	p.draw(draw.New(c))
	var out bytes.Buffer
	if _, err := c.WriteTo(&out); err != nil {
		return err
	}
	_, err := w.Write(bytes.ReplaceAll(out.Bytes(), []byte("font-family:Liberation Sans"), []byte(sansSerif)))
	return err
}

// drawPNG draws at twice the resolution that a page has in a browser.
func drawPNG(p *page, w io.Writer) error {
	c := vgimg.NewWith(vgimg.UseWH(pageWidth, p.height()), vgimg.UseDPI(192))
	p.draw(draw.New(c))
	_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(w)
	return err
}

const (
	margin     = 10
	titleSpace = 24
	lineSpace  = 16
	thumbWidth = 26
)

func (p *page) height() vg.Length {
	h := vg.Length(2*margin + titleSpace)
	for _, pan := range p.panels {
		h += vg.Length(pan.tall() + panelSpace)
	}
	return h + vg.Length(lineSpace*(len(p.legendRows())+len(p.noteLines())))
}

func (pan *panel) tall() float64 {
	if pan.height > 0 {
		return pan.height
	}
	return 230
}

func (p *page) draw(c draw.Canvas) {
	c.FillPolygon(paper, []vg.Point{c.Min, {X: c.Max.X, Y: c.Min.Y}, c.Max, {X: c.Min.X, Y: c.Max.Y}})
	c = draw.Crop(c, margin, -margin, margin, -margin)
	y := c.Max.Y - titleSize
	c.FillText(lettering(titleSize, black), vg.Point{X: c.Min.X, Y: y}, p.title)
	y -= titleSpace - titleSize
	for _, row := range p.legendRows() {
		y -= lineSpace
		x := c.Min.X
		for _, e := range row {
			thumb := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + thumbWidth, Y: y + textSize}}}
			e.look.thumb(thumb)
			c.FillText(lettering(textSize, black), vg.Point{X: x + thumbWidth + 5, Y: y + 2}, e.name)
			x += e.width()
		}
	}
	notes := p.noteLines()
	for i, line := range notes {
		c.FillText(lettering(noteSize, grey), vg.Point{X: c.Min.X, Y: c.Min.Y + vg.Length((len(notes)-1-i)*12)}, line)
	}
	p.drawPanels(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
		Min: vg.Point{X: c.Min.X, Y: c.Min.Y + vg.Length(lineSpace*len(notes))}, Max: vg.Point{X: c.Max.X, Y: y - panelSpace/2},
	}})
}

// drawPanels draws the panels below each other, with aligned sides.
func (p *page) drawPanels(c draw.Canvas) {
	var plots []*plot.Plot
	var left, right vg.Length
	labelled := c
	c.Min.X += lineSpace // room for the labels of the y axes
	for _, pan := range p.panels {
		pl := pan.plot()
		plots = append(plots, pl)
		l, r := sides(pl, c)
		left, right = max(left, l), max(right, r)
	}
	total := 0.0
	for _, pan := range p.panels {
		total += pan.tall()
	}
	room := c.Max.Y - c.Min.Y - vg.Length(panelSpace*(len(plots)-1))
	top := c.Max.Y
	for i, pl := range plots {
		h := room * vg.Length(p.panels[i].tall()/total)
		box := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{Min: vg.Point{X: c.Min.X, Y: top - h}, Max: vg.Point{X: c.Max.X, Y: top}}}
		l, r := sides(pl, box)
		box.Min.X += left - l
		box.Max.X -= right - r
		pl.Draw(box)
		name, data := lettering(textSize, black), pl.DataCanvas(box)
		name.Rotation, name.XAlign = math.Pi/2, draw.XCenter
		c.FillText(name, vg.Point{X: labelled.Min.X + textSize, Y: data.Center().Y}, p.panels[i].yLabel)
		top -= h + panelSpace
	}
}

// sides returns the margins of a plot at the left and right of its data area.
func sides(pl *plot.Plot, c draw.Canvas) (left, right vg.Length) {
	data := pl.DataCanvas(c)
	return data.Min.X - c.Min.X, c.Max.X - data.Max.X
}

// entry is one line of a legend.
type entry struct {
	name string
	look look
}

func (e entry) width() vg.Length {
	return thumbWidth + 5 + lettering(textSize, black).Width(e.name) + 18
}

// legendRows returns the legend's entries without duplicates, arranged in rows.
func (p *page) legendRows() [][]entry {
	var rows [][]entry
	seen := map[string]bool{}
	x := vg.Length(pageWidth) // start a row with the first entry
	add := func(e entry) {
		if e.name == "" || seen[e.name] {
			return
		}
		seen[e.name] = true
		if x += e.width(); x > pageWidth-2*margin {
			rows, x = append(rows, nil), e.width()
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], e)
	}
	for _, pan := range p.panels {
		for _, k := range pan.curves {
			add(entry{k.name, k.look})
		}
		for _, r := range pan.refs {
			add(entry{r.name, r.look})
		}
	}
	return rows
}

// noteLines breaks the note into lines that fit.
func (p *page) noteLines() []string {
	var lines []string
	for _, word := range strings.Fields(p.note) {
		if n := len(lines); n > 0 && lettering(noteSize, grey).Width(lines[n-1]+" "+word) < pageWidth-2*margin {
			lines[n-1] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}

// prune removes points that the axes cannot show, then empty curves and panels. It returns the number
// of panels left.
func (p *page) prune() int {
	p.panels = slices.DeleteFunc(p.panels, func(pan *panel) bool {
		for i := range pan.curves {
			k := &pan.curves[i]
			k.points = slices.DeleteFunc(slices.Clone(k.points), func(pt point) bool { return !pan.shows(pt) })
		}
		pan.curves = slices.DeleteFunc(pan.curves, func(k curve) bool {
			// A line without marks does not show a single point.
			return len(k.points) == 0 || len(k.points) == 1 && k.look.shape == nil
		})
		return len(pan.curves) == 0
	})
	return len(p.panels)
}

func (pan *panel) shows(pt point) bool {
	if pan.flat {
		return pan.x.shows(pt.y.mid)
	}
	return pan.x.shows(pt.x) && pan.y.shows(pt.y.mid)
}

// reach returns the minimum and maximum that each axis must show. On a logarithmic axis only values
// above 0 count.
func (pan *panel) reach() (xLow, xHigh, yLow, yHigh float64) {
	xLow, xHigh, yLow, yHigh = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	widen := func(low, high *float64, s scale, values ...float64) {
		for _, v := range values {
			if s.shows(v) {
				*low, *high = min(*low, v), max(*high, v)
			}
		}
	}
	for _, k := range pan.curves {
		for _, p := range k.points {
			if pan.flat {
				widen(&xLow, &xHigh, pan.x, p.y.low, p.y.mid, p.y.high)
				continue
			}
			widen(&xLow, &xHigh, pan.x, p.x)
			widen(&yLow, &yHigh, pan.y, p.y.low, p.y.mid, p.y.high)
		}
	}
	for _, r := range pan.refs {
		widen(&yLow, &yHigh, pan.y, r.at)
	}
	return xLow, xHigh, yLow, yHigh
}
