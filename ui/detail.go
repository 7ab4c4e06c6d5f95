package ui

import (
	"fmt"
	"image"
	"time"

	tea "charm.land/bubbletea/v2"

	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"

	"rvo-tui/ui/draw"

	"rvo-tui/ui/pane"
)

// eventDetail shows one event, why it came about, and its clip.
type eventDetail struct {
	sheet
	event  runtime.RecentEvent
	clip   clips.Clip
	thumb  image.Image // of the clip; nil: there is none
	err    error
	looked bool // for the clip
}

// clipMsg is the evidence of an event.
type clipMsg struct {
	seq  uint64
	clip clips.Clip
	err  error
}

func newEventDetail(m *model, e runtime.RecentEvent) tea.Cmd {
	d := &eventDetail{event: e}
	d.sheet = sheet{title: "Event " + m.scene.Theme.Text(e.Event.Type), lines: d.text}
	m.overlay = d
	backend := m.backend
	return func() tea.Msg {
		clip, err := backend.Clip(e.Event.ID)
		return clipMsg{e.Seq, clip, err}
	}
}

func (d *eventDetail) update(m *model, msg tea.Msg) (overlay, tea.Cmd) {
	if c, ok := msg.(clipMsg); ok {
		if c.seq == d.event.Seq {
			d.clip, d.thumb, d.err, d.looked = c.clip, thumb(c.clip.Thumb), c.err, true
		}
		return d, nil
	}
	if next, cmd := d.sheet.update(m, msg); next == nil {
		return nil, cmd
	}
	return d, nil
}

func (d *eventDetail) text(m *model, w int) []string {
	th, e := m.scene.Theme, &d.event.Event
	field := func(name, value string) string { return th.Dim.Of(draw.Fit(name, 11)) + value }
	lines := []string{
		field("event", th.Strong.Of(th.Text(e.Type))+"  "+string(e.Phase)),
		field("camera", th.Text(e.Camera)),
		field("time", e.Time.Local().Format("2006-01-02 15:04:05.000 MST")),
		field("confidence", fmt.Sprintf("%.0f%%", e.Confidence*100)),
		field("id", th.Text(e.ID)),
	}
	if e.Phase == rules.PhaseEnded {
		lines = append(lines, field("lasted", draw.Ago(e.Duration)))
	}
	lines = append(lines, field("age", draw.Ago(e.Age.Total())+th.Dim.Of(" since capture:")))
	for i, part := range []time.Duration{e.Age.Capture, e.Age.Queue, e.Age.Schedule, e.Age.Inference, e.Age.Publish, e.Age.Event} {
		share := 0.0
		if total := e.Age.Total(); total > 0 {
			share = float64(part) / float64(total)
		}
		lines = append(lines, "           "+draw.Fit(engine.Stage(i).String(), 10)+draw.Right(draw.Ago(part), 7)+"  "+th.Meter(share, 20, th.Stage[i]))
	}
	lines = append(lines, "", th.TitleOn.Of("Because"))
	for i := range e.Clauses {
		k := &e.Clauses[i]
		line := "  " + pane.Truth(th, k.Truth) + " " + th.Text(k.Text)
		if k.Age != rules.Never {
			line += th.Dim.Of("   was ") + draw.Number(k.Value) + th.Dim.Of(", age "+draw.Coarse(k.Age))
		}
		if k.Why != detectors.Known {
			line += "  " + th.Warn.Of(k.Why.String())
		}
		lines = append(lines, line)
	}
	lines = append(lines, "", th.TitleOn.Of("Evidence"))
	switch {
	case !d.looked:
		return append(lines, "  "+th.Dim.Of("loading its clip"))
	case d.err != nil:
		return append(lines, "  "+th.Dim.Of(th.Text(d.err.Error())))
	}
	for _, l := range draw.Wrap(th.Text(d.clip.Path), w-2) {
		lines = append(lines, "  "+l)
	}
	lines = append(lines, "  "+th.Dim.Of(fmt.Sprintf("%.1f s, %s", float64(d.clip.Entry.DurationMS)/1000, draw.Amount(d.clip.Entry.Bytes))))
	if d.thumb != nil {
		size := d.thumb.Bounds()
		cw := min(w-2, 48)
		ch := max(cw*size.Dy()/max(2*size.Dx(), 1), 1)
		for _, l := range draw.NewCanvas(shrink(d.thumb, cw, 2*ch), nil).Lines(th.ASCII, th.Colourless) {
			lines = append(lines, "  "+l)
		}
	}
	return lines
}

// shrink scales an image by the mean of the pixels that fall together.
func shrink(img image.Image, w, h int) runtime.Preview {
	b := img.Bounds()
	p := runtime.Preview{Width: w, Height: h, Pixels: make([]byte, w*h*3)}
	for y := range h {
		y0, y1 := y*b.Dy()/h, max((y+1)*b.Dy()/h, y*b.Dy()/h+1)
		for x := range w {
			x0, x1 := x*b.Dx()/w, max((x+1)*b.Dx()/w, x*b.Dx()/w+1)
			var r, g, u, n uint32
			for sy := y0; sy < y1; sy += max((y1-y0)/4, 1) {
				for sx := x0; sx < x1; sx += max((x1-x0)/4, 1) {
					cr, cg, cb, _ := img.At(b.Min.X+sx, b.Min.Y+sy).RGBA()
					r, g, u, n = r+cr>>8, g+cg>>8, u+cb>>8, n+1
				}
			}
			o := (y*w + x) * 3
			p.Pixels[o], p.Pixels[o+1], p.Pixels[o+2] = byte(r/n), byte(g/n), byte(u/n)
		}
	}
	return p
}
