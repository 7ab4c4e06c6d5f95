package ui

import (
	"fmt"
	"image"
	"slices"
	"strconv"
	"strings"
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

// eventDetail shows one event, its reasons, and its clip.
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

// clipLook is how often the clip of a new event is looked for until it is there, which it
// is not clipWait after the event.
const (
	clipLook = time.Second
	clipWait = 2 * time.Minute
)

func newEventDetail(m *model, e runtime.RecentEvent) tea.Cmd {
	d := &eventDetail{event: e}
	d.sheet = sheet{title: "Event " + m.scene.Theme.Text(e.Event.Type), lines: d.text}
	m.overlay = d
	return d.look(m)
}

// look finds the clip.
func (d *eventDetail) look(m *model) tea.Cmd {
	backend, e := m.backend, d.event
	return func() tea.Msg {
		clip, err := backend.Clip(e.Event.ID)
		return clipMsg{e.Seq, clip, err}
	}
}

// lookMsg says that the clip of an event is to be looked for again.
type lookMsg struct{ seq uint64 }

func (d *eventDetail) update(m *model, msg tea.Msg) (overlay, tea.Cmd) {
	switch msg := msg.(type) {
	case clipMsg:
		if msg.seq != d.event.Seq {
			return d, nil
		}
		d.clip, d.thumb, d.err, d.looked = msg.clip, thumb(msg.clip.Thumb), msg.err, true
		if d.awaited(m) {
			seq := msg.seq
			return d, tea.Tick(clipLook, func(time.Time) tea.Msg { return lookMsg{seq} })
		}
		return d, nil
	case lookMsg:
		if msg.seq == d.event.Seq {
			return d, d.look(m)
		}
		return d, nil
	case tea.KeyPressMsg:
		switch m.keys.byKey[msg.String()] {
		case actCopy:
			return d, m.copyEvent(d.event)
		case actCopyPath:
			if d.clip.Path == "" {
				m.say((*draw.Theme).InfoInk, "there is no clip of this event")
				return d, nil
			}
			m.say((*draw.Theme).GoodInk, "copied: "+d.clip.Path)
			return d, tea.SetClipboard(d.clip.Path)
		case actNewer, actOlder:
			return m.neighbour(d, m.keys.byKey[msg.String()] == actNewer)
		}
	}
	if next, cmd := d.sheet.update(m, msg); next == nil {
		return nil, cmd
	}
	return d, nil
}

// awaited reports whether a clip may yet come.
func (d *eventDetail) awaited(m *model) bool {
	e := &d.event.Event
	return d.err != nil && e.Phase == rules.PhaseConfirmed && m.now().Sub(e.Time) < clipWait
}

// neighbour shows the event after or before one, of those that pass the filter.
func (m *model) neighbour(d *eventDetail, newer bool) (overlay, tea.Cmd) {
	events := m.scene.Events
	i := slices.IndexFunc(events, func(e runtime.RecentEvent) bool { return e.Seq == d.event.Seq })
	if newer {
		i++
	} else {
		i--
	}
	if i < 0 || i >= len(events) {
		m.say((*draw.Theme).InfoInk, "there is no further event")
		return d, nil
	}
	c := &m.cursors[pane.Events]
	c.Select(i, strconv.FormatUint(events[i].Seq, 10))
	cmd := newEventDetail(m, events[i])
	return m.overlay, cmd
}

// copyEvent gives the terminal's clipboard an event as it stands in an event log.
func (m *model) copyEvent(e runtime.RecentEvent) tea.Cmd {
	line, err := e.Event.AppendLine(nil)
	if err != nil {
		m.fail(fmt.Errorf("copy event: %w", err))
		return nil
	}
	m.say((*draw.Theme).GoodInk, "copied: the event as JSON")
	return tea.SetClipboard(strings.TrimSuffix(string(line), "\n"))
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
	case d.awaited(m):
		return append(lines, "  "+th.Info.Of("not written yet, or the rule keeps none: looked for every second"))
	case d.err != nil:
		return append(lines, "  "+th.Dim.Of(th.Text(d.err.Error())))
	}
	lines = append(lines, pathLines(th.Text(d.clip.Path), w-2)...)
	lines = append(lines, "  "+th.Dim.Of(m.keys.shown(actCopyPath)+" copies the path, "+m.keys.shown(actOlder)+" "+m.keys.shown(actNewer)+" go to other events"))
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

// pathLines writes a path in lines of at most w cells, where there is a slash to break it
// at; keys copy it whole.
func pathLines(path string, w int) (lines []string) {
	line := ""
	for _, part := range strings.SplitAfter(path, "/") {
		if line != "" && draw.Width(line+part) > w {
			lines, line = append(lines, "  "+line), ""
		}
		line += part
	}
	return append(lines, "  "+line)
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

// openPage shows all about the selected row of a pane that has such pages. It reports
// whether there is one.
func (m *model) openPage() bool {
	s := &m.scene
	c := s.Camera()
	if c == nil {
		return false
	}
	camera, th := c.Name, s.Theme
	switch i := m.cursors[m.focus].Sel; m.focus {
	case pane.Cameras:
		if order := s.CameraOrder(); i < len(order) {
			m.show(order[i])
			camera = m.camera
		}
		m.page("Camera "+th.Text(camera), camera, func(c *runtime.CameraView, w int) []string { return pane.CameraPage(s, c, w) })
		return true
	case pane.Detectors:
		if list := s.Detectors(); i < len(list) {
			name := list[i].Name
			m.page("Detector "+th.Text(name)+" on "+th.Text(camera), camera, func(c *runtime.CameraView, w int) []string {
				return of(c.Detectors, func(d *engine.DetectorView) bool { return d.Name == name }, func(d *engine.DetectorView) []string { return pane.DetectorPage(s, d, w) })
			})
			return true
		}
	case pane.Rules:
		if i < len(c.Rules) {
			name := c.Rules[i].Event
			m.page("Rule "+th.Text(name)+" on "+th.Text(camera), camera, func(c *runtime.CameraView, w int) []string {
				return of(c.Rules, func(r *engine.RuleView) bool { return r.Event == name }, func(r *engine.RuleView) []string { return pane.RulePage(s, r, w) })
			})
			return true
		}
	case pane.Signals:
		if i < len(c.Signals) {
			name := c.Signals[i].Name
			m.page("Signal "+th.Text(name)+" on "+th.Text(camera), camera, func(c *runtime.CameraView, w int) []string {
				return of(c.Signals, func(v *engine.SignalView) bool { return v.Name == name }, func(v *engine.SignalView) []string { return pane.SignalPage(s, v, w) })
			})
			return true
		}
	}
	return false
}

// page opens a sheet that follows what it is about as long as its camera is shown.
func (m *model) page(title, camera string, lines func(c *runtime.CameraView, w int) []string) {
	m.overlay = &sheet{title: title, wide: 110, lines: func(m *model, w int) []string {
		c := m.scene.Camera()
		if c == nil || c.Name != camera {
			return []string{"The camera is gone."}
		}
		return lines(c, w)
	}}
}

// of returns the lines about the entry of a list that is meant.
func of[T any](list []T, meant func(*T) bool, lines func(*T) []string) []string {
	for i := range list {
		if meant(&list[i]) {
			return lines(&list[i])
		}
	}
	return []string{"It is gone."}
}
