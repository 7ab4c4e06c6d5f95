package ui

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"rvo-tui/detectors"
	"rvo-tui/detectors/zone"
	"rvo-tui/runtime"

	"rvo-tui/ui/draw"
	"rvo-tui/ui/pane"
)

// sketch draws a zone (a rectangle) or a line on the preview by keys or mouse, asks for its name,
// and shows the resulting change of the configuration file. It can also change and remove existing
// zones and lines.
type sketch struct {
	pane.Sketch
	camera string
	old    string // name of the zone or line being changed; empty: it is new
	at     int    // its index among those of the camera; -1: it is new
	naming bool
	in     textinput.Model
	err    string
}

// newSketch starts drawing on the camera shown. Its preview takes the whole screen.
func newSketch(m *model) overlay {
	c := m.scene.Camera()
	switch {
	case c == nil:
		m.say((*draw.Theme).InfoInk, "there is no camera to draw on")
		return nil
	case m.opts.Edit == nil:
		m.say((*draw.Theme).InfoInk, "there is no configuration file to save zones and lines to")
		return nil
	}
	m.scene.Preview = true
	m.focusOn(pane.Preview)
	m.zoom = true
	m.arrange()
	s := &sketch{camera: c.Name, at: -1}
	s.renew()
	m.scene.Sketch = &s.Sketch
	return s
}

// renew starts over, in the middle of the frame.
func (s *sketch) renew() {
	s.Sketch = pane.Sketch{Line: s.Line, To: zone.Point{0.5, 0.5}, Directions: [2]string(detectors.DefaultLine().Directions)}
	s.old, s.at, s.err = "", -1, ""
}

// leave ends drawing.
func (s *sketch) leave(m *model) (overlay, tea.Cmd) {
	m.scene.Sketch, m.zoom = nil, false
	m.arrange()
	return nil, nil
}

func (s *sketch) update(m *model, msg tea.Msg) (overlay, tea.Cmd) {
	if s.camera != m.camera {
		return s.leave(m)
	}
	if s.naming {
		return s.name(m, msg)
	}
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return s.press(m, msg.String())
	case tea.MouseClickMsg:
		if p, ok := m.inFrame(msg.X, msg.Y); ok && msg.Button == tea.MouseLeft {
			s.From, s.To, s.Begun, s.err = p, p, true, ""
		}
	case tea.MouseMotionMsg:
		if p, ok := m.inFrame(msg.X, msg.Y); ok && s.Begun && msg.Button == tea.MouseLeft {
			s.To = p
		}
	case tea.MouseReleaseMsg:
		if p, ok := m.inFrame(msg.X, msg.Y); ok && s.Begun {
			s.To = p
			if s.To != s.From {
				s.ask()
			}
		}
	}
	return s, nil
}

// press handles a key while drawing.
func (s *sketch) press(m *model, key string) (overlay, tea.Cmd) {
	act, far := m.keys.byKey[key], false
	if act == "" { // with shift
		key, far = strings.CutPrefix(key, "shift+")
		act = m.keys.byKey[key]
	}
	step := map[action]zone.Point{actLeft: {-1, 0}, actRight: {1, 0}, actUp: {0, -1}, actDown: {0, 1}}[act]
	if step != (zone.Point{}) {
		s.move(m, step, far)
		return s, nil
	}
	switch act {
	case actToggle, actOpen:
		if !s.Begun {
			s.From, s.Begun = s.To, true
		} else {
			s.ask()
		}
	case actNext:
		if s.old == "" {
			s.Line = !s.Line
		}
	case actOpener:
		s.From, s.To = s.To, s.From
	case actMatch:
		s.next(m)
	case actDetach:
		if s.old != "" {
			return s.edit(m, runtime.FileEdit{Table: s.table(), Name: s.old, Camera: s.camera, Remove: true})
		}
	case actBack:
		if s.Begun {
			s.renew()
			return s, nil
		}
		return s.leave(m)
	case actQuit:
		return s.leave(m)
	}
	return s, nil
}

// move moves the cursor by one cell of the frame, or by eight if far is set. If there is no
// frame, as right after a change of size, it assumes the cells of a small screen.
func (s *sketch) move(m *model, step zone.Point, far bool) {
	w, h := 64, 36
	if k := m.scene.Shots[s.camera].Canvas; k != nil {
		w, h = k.W, k.H
	}
	by := 1.0
	if far {
		by = 8
	}
	s.To = zone.Point{s.To[0] + by*step[0]/float64(w), s.To[1] + by*step[1]/float64(h)}.Clamp()
}

// inFrame converts a cell of the screen to a point of the frame; false if it is outside.
func (m *model) inFrame(x, y int) (zone.Point, bool) {
	k := m.scene.Shots[m.camera].Canvas
	for _, p := range m.places {
		if p.Pane != pane.Preview || k == nil {
			continue
		}
		left, top := pane.InPreview(k, p.W-2, p.H-2)
		x, y = x-p.X-1-left, y-p.Y-1-top
		if x >= 0 && x < k.W && y >= 0 && y < k.H {
			at := func(i, n int) float64 { return float64(i) / float64(max(n-1, 1)) }
			return zone.Point{at(x, k.W), at(y, k.H)}, true
		}
	}
	return zone.Point{}, false
}

// next selects the next zone or line of the camera, to change it.
func (s *sketch) next(m *model) {
	c := m.scene.Camera()
	if c == nil || len(c.Zones)+len(c.Lines) == 0 {
		s.err = "there is no zone or line yet"
		return
	}
	at := (s.at + 1) % (len(c.Zones) + len(c.Lines))
	s.renew()
	s.at, s.Begun = at, true
	if at >= len(c.Zones) {
		l := &c.Lines[at-len(c.Zones)]
		s.Line, s.From, s.To, s.Directions = true, l.Points[0], l.Points[1], l.Directions
		s.old, s.Name = l.Name, l.Name
		return
	}
	z := &c.Zones[at]
	s.Line, s.old, s.Name = false, z.Name, z.Name
	if len(z.Points) == 0 {
		return
	}
	s.From, s.To = z.Points[0], z.Points[0]
	for _, p := range z.Points {
		s.From = zone.Point{min(s.From[0], p[0]), min(s.From[1], p[1])}
		s.To = zone.Point{max(s.To[0], p[0]), max(s.To[1], p[1])}
	}
	if slices.ContainsFunc(z.Points, func(p zone.Point) bool {
		return p[0] != s.From[0] && p[0] != s.To[0] || p[1] != s.From[1] && p[1] != s.To[1]
	}) {
		s.err = z.Name + " is not a rectangle; moving a corner makes it one"
	}
}

func (s *sketch) table() string {
	if s.Line {
		return "line"
	}
	return "zone"
}

// ask asks for the name of the new zone or line.
func (s *sketch) ask() {
	if err := s.problem(); err != nil {
		s.err = "this " + s.table() + " " + err.Error()
		return
	}
	s.naming, s.in, s.err = true, newInput(s.old), ""
}

func (s *sketch) problem() error {
	if s.Line {
		return zone.Line{A: rounded(s.From), B: rounded(s.To)}.Check()
	}
	area := s.Area()
	for i := range area {
		area[i] = rounded(area[i])
	}
	return area.Check()
}

// name handles input of the name, and then shows the change of the file.
func (s *sketch) name(m *model, msg tea.Msg) (overlay, tea.Cmd) {
	if key, ok := msg.(tea.KeyPressMsg); ok {
		switch key.String() {
		case "esc", "ctrl+c":
			s.naming = false
			return s, nil
		case "enter":
			s.Name = strings.TrimSpace(s.in.Value())
			if !detectors.ValidName(s.Name) {
				s.err = "use a letter, then letters, digits and underscores"
				return s, nil
			}
			return s.edit(m, s.fileEdit())
		}
	}
	var cmd tea.Cmd
	s.in, cmd = s.in.Update(msg)
	s.Name, s.err = s.in.Value(), ""
	return s, cmd
}

// fileEdit returns the edit that adds the drawing to the file, or changes the zone or line there.
func (s *sketch) fileEdit() runtime.FileEdit {
	name, set := s.Name, map[string]any{}
	if s.old != "" && s.old != s.Name {
		name, set["name"] = s.old, s.Name
	}
	if s.Line {
		a, b := rounded(s.From), rounded(s.To)
		set["points"] = []any{[]any{a[0], a[1]}, []any{b[0], b[1]}}
		if s.old == "" {
			set["directions"] = []any{s.Directions[0], s.Directions[1]}
		}
	} else {
		area := s.Area()
		from, to := rounded(area[0]), rounded(area[2])
		set["rect"], set["points"] = []any{from[0], from[1], hundredths(to[0] - from[0]), hundredths(to[1] - from[1])}, nil
	}
	return runtime.FileEdit{Table: s.table(), Name: name, Camera: s.camera, Set: set}
}

// rounded rounds a point to hundredths, which is about the precision of a cell.
func rounded(p zone.Point) zone.Point { return zone.Point{hundredths(p[0]), hundredths(p[1])} }

func hundredths(v float64) float64 { return math.Round(v*100) / 100 }

// edit computes the change of the file by edits, in another goroutine.
func (s *sketch) edit(m *model, edits ...runtime.FileEdit) (overlay, tea.Cmd) {
	next, _ := s.leave(m)
	ctx, edit := m.ctx, m.opts.Edit
	return next, func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, commandTimeout)
		defer cancel()
		d, err := edit(ctx, edits, false)
		return diffMsg{diff: d, write: true, edits: edits, err: err}
	}
}

// draw shows the keys or the name on the last line of the screen.
func (s *sketch) draw(m *model, screen []string) []string {
	th := m.scene.Theme
	what := "new " + s.table()
	if s.old != "" {
		what = s.table() + " " + s.old
	}
	line := " " + th.Accent.Of(th.Text(what)) + "  "
	switch {
	case s.naming:
		s.in.SetWidth(24)
		line += "name: " + draw.Typed(s.in) + "  " + m.hints("enter", "show the TOML", "esc", "back")
	default:
		line += th.Dim.Of(fmt.Sprintf("%.2f %.2f  ", s.To[0], s.To[1])) + m.hints(s.hints(m)...)
	}
	if s.err != "" {
		line = " " + th.Bad.Of(th.Text(s.err)) + "  " + line
	}
	screen[len(screen)-1] = draw.Fit(line, m.w)
	return screen
}

// hints returns the currently useful keys, most important first.
func (s *sketch) hints(m *model) (keys []string) {
	add := func(a action, what string) { keys = append(keys, m.keys.shown(a), what) }
	if !s.Begun {
		add(actToggle, "first corner")
		add(actBack, "leave")
		keys = append(keys, "arrows", "move")
		add(actNext, "line or zone")
		add(actMatch, "change one")
		return keys
	}
	add(actToggle, "done")
	add(actBack, "leave")
	keys = append(keys, "arrows", "move")
	add(actOpener, "other corner")
	add(actMatch, "next")
	if s.old != "" {
		add(actDetach, "remove")
	}
	return keys
}
