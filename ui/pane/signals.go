package pane

import (
	"fmt"
	"math"

	"rvo-tui/detectors"
	"rvo-tui/runtime/engine"

	"rvo-tui/ui/draw"
)

// SignalsView lists the signals of the camera shown with value, history, age and remaining TTL,
// w cells wide.
func SignalsView(s *Scene, w int) Body {
	b := Body{Title: "Signals", empty: "No signal: no detector is attached."}
	c := s.Camera()
	if c == nil {
		b.empty = s.noCamera()
		return b
	}
	name := 8
	for i := range c.Signals {
		name = max(name, min(draw.Width(s.Theme.Text(c.Signals[i].Name)), 20, w/3))
	}
	b.n = len(c.Signals)
	const value, ttl, age = 8, 8, 7
	spark := min(w-name-value-ttl-age-6, 60)
	head := "  " + draw.Fit("name", name) + draw.Right("value", value)
	if spark >= 6 {
		head += "  " + draw.Fit("history", spark)
	}
	head += draw.Right("age", age) + "  TTL left"
	b.head = []string{s.Theme.Dim.Of(draw.Fit(head, w))}
	b.key = func(i int) string { return c.Signals[i].Name }
	b.row = func(i int) string {
		v := &c.Signals[i]
		known := v.Unknown == detectors.Known
		line := "  " + draw.Fit(s.Theme.Text(v.Name), name)
		switch {
		case known:
			line += s.Theme.Strong.Of(draw.Right(draw.Number(v.Value), value))
		default:
			line += s.Theme.Warn.Of(draw.Right("unknown", value))
		}
		values := s.Hist.Values(c.Name, v.Name)
		if spark >= 6 {
			line += "  " + s.Theme.Stage[0].Of(s.Theme.Sparkline(values, 0, top(values), spark))
		}
		if !known {
			return line + "  " + s.Theme.Warn.Of(v.Unknown.String())
		}
		left := 0.0
		if v.TTL > 0 {
			left = 1 - float64(v.Age)/float64(v.TTL)
		}
		look := s.Theme.Good
		if left < 0.34 {
			look = s.Theme.Warn
		}
		return line + draw.Right(draw.Steady(v.Age), age) + "  " + s.Theme.Meter(left, ttl, look)
	}
	return b
}

// top returns the upper end of a sparkline's scale: a round number above all values, so that the
// scale rarely changes.
func top(values []float64) float64 {
	most := 0.0
	for _, v := range values {
		if v > most {
			most = v
		}
	}
	if most == 0 {
		return 1
	}
	scale := math.Pow(10, math.Floor(math.Log10(most)))
	for _, step := range []float64{1, 2, 5, 10} {
		if most <= step*scale {
			return step * scale
		}
	}
	return most
}

// SignalPage shows all details of a signal of the camera shown, w cells wide.
func SignalPage(s *Scene, v *engine.SignalView, w int) []string {
	th := s.Theme
	d := &details{th: th, w: w}
	if v.Unknown == detectors.Known {
		d.line("value", th.Strong.Of(draw.Number(v.Value)))
	} else {
		d.line("value", th.Warn.Of("unknown: "+v.Unknown.String()))
	}
	if v.Detector == "" {
		d.field("from", "its detector was removed")
	} else {
		d.field("from", "detector "+th.Text(v.Detector))
	}
	if v.Frame == 0 {
		d.field("age", "no result yet")
	} else {
		d.field("age", draw.Steady(v.Age)+", fresh for "+draw.Ago(v.TTL)+" after capture")
	}
	values := s.Hist.Values(s.Camera().Name, v.Name)
	d.line("history", th.Stage[0].Of(th.Sparkline(values, 0, top(values), min(max(w-fieldName-10, 10), sparkCells)))+th.Dim.Of("  0 to "+draw.Number(top(values))))
	if len(v.Detections) == 0 {
		return d.lines
	}
	d.title("Detections")
	for _, b := range v.Detections {
		d.lines = append(d.lines, "  "+draw.Fit(th.Text(b.Caption(v.Name)), 24)+draw.Right(fmt.Sprintf("%.0f %%", 100*b.Score), 6)+
			th.Dim.Of(fmt.Sprintf("   at %.2f %.2f, size %.2f x %.2f", b.Box.X, b.Box.Y, b.Box.W, b.Box.H)))
	}
	return d.lines
}
