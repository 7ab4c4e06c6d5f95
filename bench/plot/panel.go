package main

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// plot returns the plot of a panel, without the label of its y axis.
func (pan *panel) plot() *plot.Plot {
	pl := newPlot()
	pl.X.Label.Text = pan.xLabel
	xLow, xHigh, yLow, yHigh := pan.reach()
	if pan.x.log && pan.x.at != nil {
		xLow, xHigh = xLow/1.25, xHigh*1.25 // with ticks at the points
		pl.X.Scale, pl.X.Min, pl.X.Max = plot.LogScale{}, xLow, xHigh
		pl.X.Tick.Marker = plot.TickerFunc(pan.x.ticks)
	} else {
		pan.x.apply(&pl.X, xLow, xHigh)
	}
	pan.y.apply(&pl.Y, yLow, yHigh)
	pl.Add(grid{})
	for _, r := range pan.refs {
		pl.Add(level(r))
	}
	for _, k := range pan.curves {
		pl.Add(drawnCurve{k, pan})
	}
	return pl
}

// grid draws faint lines at the labelled ticks.
type grid struct{}

// Plot implements plot.Plotter.
func (grid) Plot(c draw.Canvas, p *plot.Plot) {
	style := draw.LineStyle{Color: faint, Width: 0.6}
	x, y := p.Transforms(&c)
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if !t.IsMinor() {
			c.StrokeLine2(style, c.Min.X, y(t.Value), c.Max.X, y(t.Value))
		}
	}
	for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		if !t.IsMinor() {
			c.StrokeLine2(style, x(t.Value), c.Min.Y, x(t.Value), c.Max.Y)
		}
	}
}

// level draws a reference.
type level reference

// Plot implements plot.Plotter.
func (l level) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	if at := y(l.at); c.ContainsY(at) {
		c.StrokeLine2(l.look.line(), c.Min.X, at, c.Max.X, at)
	}
}

// drawnCurve draws a curve: line, spreads and marks.
type drawnCurve struct {
	curve
	pan *panel
}

// Plot implements plot.Plotter.
func (k drawnCurve) Plot(c draw.Canvas, p *plot.Plot) {
	if k.pan.flat {
		k.plotFlat(c, p)
		return
	}
	x, y := p.Transforms(&c)
	var line []vg.Point
	for _, pt := range k.points {
		at := vg.Point{X: x(pt.x), Y: y(pt.y.mid)}
		if n := len(line); k.steps && n > 0 {
			line = append(line, vg.Point{X: at.X, Y: line[n-1].Y})
		}
		line = append(line, at)
	}
	if !k.look.bare {
		c.StrokeLines(k.look.line(), c.ClipLinesXY(line)...)
	}
	bar := draw.LineStyle{Color: k.look.colour, Width: 0.9}
	for _, pt := range k.points {
		at := vg.Point{X: x(pt.x), Y: y(pt.y.mid)}
		if low := pt.y.low; pt.y.high > low && k.pan.y.shows(low) {
			from, to := y(low), y(pt.y.high)
			c.StrokeLine2(bar, at.X, from, at.X, to)
			c.StrokeLine2(bar, at.X-3, from, at.X+3, from)
			c.StrokeLine2(bar, at.X-3, to, at.X+3, to)
		}
		if k.look.shape != nil {
			c.DrawGlyph(k.look.mark(), at)
		}
	}
}

// plotFlat draws the points as marks in horizontal rows.
func (k drawnCurve) plotFlat(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	bar := draw.LineStyle{Color: k.look.colour, Width: 0.9}
	for _, pt := range k.points {
		at := vg.Point{X: x(pt.y.mid), Y: y(pt.x)}
		if pt.y.high > pt.y.low && k.pan.x.shows(pt.y.low) {
			c.StrokeLine2(bar, x(pt.y.low), at.Y, x(pt.y.high), at.Y)
		}
		c.DrawGlyph(k.look.mark(), at)
	}
}
