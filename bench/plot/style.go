package main

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The palette of Okabe and Ito, which most colour-blind people can distinguish. No figure relies on
// colour alone: shapes and dashes differ too.
var (
	black     = color.RGBA{A: 255}
	blue      = color.RGBA{R: 0, G: 114, B: 178, A: 255}
	vermilion = color.RGBA{R: 213, G: 94, B: 0, A: 255}
	green     = color.RGBA{R: 0, G: 158, B: 115, A: 255}
	purple    = color.RGBA{R: 204, G: 121, B: 167, A: 255}
	orange    = color.RGBA{R: 230, G: 159, B: 0, A: 255}
	grey      = color.RGBA{R: 110, G: 110, B: 110, A: 255}
	faint     = color.RGBA{R: 225, G: 225, B: 225, A: 255}
	paper     = color.RGBA{R: 255, G: 255, B: 255, A: 255}
)

// Sizes are in points; a page is 600 wide, which is 800 pixels of a browser.
const (
	pageWidth  = 600
	textSize   = 10
	titleSize  = 13
	noteSize   = 8.5
	panelSpace = 14
)

// look is the style of a curve.
type look struct {
	colour color.Color
	shape  draw.GlyphDrawer // nil: no marks
	dashes []vg.Length      // nil: solid
	bare   bool             // marks without a line
	thin   bool             // one of several curves of the same kind
}

var (
	dashed = []vg.Length{5, 3}
	dotted = []vg.Length{1.5, 2.5}
)

// looks are distinguishable styles for up to six curves.
var looks = [...]look{
	{colour: blue, shape: draw.CircleGlyph{}},
	{colour: vermilion, shape: draw.BoxGlyph{}, dashes: dashed},
	{colour: green, shape: draw.PyramidGlyph{}},
	{colour: purple, shape: draw.RingGlyph{}, dashes: dashed},
	{colour: orange, shape: draw.SquareGlyph{}},
	{colour: black, shape: draw.TriangleGlyph{}, dashes: dotted},
}

// inMode returns the style for one execution mode. With tail, for the 99th percentile, lines are
// dotted and marks open.
func inMode(mode string, tail bool) look {
	switch {
	case mode == inline && tail:
		return look{colour: vermilion, shape: draw.SquareGlyph{}, dashes: dotted}
	case mode == inline:
		return look{colour: vermilion, shape: draw.BoxGlyph{}}
	case tail:
		return look{colour: blue, shape: draw.RingGlyph{}, dashes: dotted}
	}
	return look{colour: blue, shape: draw.CircleGlyph{}}
}

func (l look) line() draw.LineStyle {
	width := vg.Length(1.4)
	if l.thin {
		width = 0.7
	}
	return draw.LineStyle{Color: l.colour, Width: width, Dashes: l.dashes}
}

func (l look) mark() draw.GlyphStyle {
	return draw.GlyphStyle{Color: l.colour, Radius: 3.2, Shape: l.shape}
}

// thumb draws a sample of the style for the legend.
func (l look) thumb(c draw.Canvas) {
	y := c.Center().Y
	if !l.bare {
		c.StrokeLine2(l.line(), c.Min.X, y, c.Max.X, y)
	}
	if l.shape != nil {
		c.DrawGlyph(l.mark(), c.Center())
	}
}

// lettering returns a text style. The fonts are embedded in the plotting library, so figures look the
// same on every machine.
func lettering(size float64, colour color.Color) text.Style {
	return text.Style{
		Color:   colour,
		Font:    font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, vg.Length(size)),
		Handler: plot.DefaultTextHandler,
	}
}

// newPlot returns a plot with the common style: small lettering and a faint grid.
func newPlot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = paper
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle = labelLike(a.Label.TextStyle, lettering(textSize, black))
		a.Tick.Label = labelLike(a.Tick.Label, lettering(textSize-0.5, black))
		a.LineStyle = draw.LineStyle{Color: grey, Width: 0.7}
		a.Tick.LineStyle = draw.LineStyle{Color: grey, Width: 0.6}
		a.Tick.Length = 4
		a.Padding = 3
	}
	p.X.Label.Padding, p.Y.Label.Padding = 3, 4
	return p
}

// labelLike returns style with, aligned like old.
func labelLike(old, with text.Style) text.Style {
	with.Rotation, with.XAlign, with.YAlign = old.Rotation, old.XAlign, old.YAlign
	return with
}
