package ui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"

	"rvo-tui/ui/draw"
	"rvo-tui/ui/pane"
)

// overlay is a dialog or sheet over the panes. It receives all input.
type overlay interface {
	// update handles a message and returns the overlay to show next; nil closes it.
	update(m *model, msg tea.Msg) (overlay, tea.Cmd)
	// draw draws the overlay over the screen.
	draw(m *model, screen []string) []string
}

// cut counts the lines of a box that do not fit, above and below the visible ones.
type cut struct{ above, below int }

// box draws a framed box with lines of at most w cells in the middle of the screen. Its frame
// shows how many lines are hidden: those that the caller cut, and those that do not fit.
func (m *model) box(screen []string, title string, lines []string, c cut, w int) []string {
	w = min(w, m.w-6)
	h := min(len(lines), m.h-4)
	c.below += len(lines) - h
	inner := make([]string, h)
	for i := range inner {
		inner[i] = " " + draw.Fit(lines[i], w) + " "
	}
	b := draw.ClickableLines(draw.OnBox, "", pane.Frame(title, "", pane.More(m.scene.Theme, c.above, c.below), inner, m.scene.Theme, true, w+4, h+2))
	return over(screen, b, (m.w-w-4)/2, max((m.h-h-2)/2, 1), m.w)
}

// hints draws the keys of an overlay, which can be clicked. The list alternates keys and what
// they do.
func (m *model) hints(list ...string) string {
	th := m.scene.Theme
	var parts []string
	for i := 0; i+1 < len(list); i += 2 {
		keys, what := strings.Fields(list[i]), th.Dim.Of(" "+list[i+1])
		if len(keys) == 1 {
			parts = append(parts, draw.Clickable(draw.OnKey, keys[0], th.Chip.Of(keys[0])+what))
			continue
		}
		for k, key := range keys {
			keys[k] = draw.Clickable(draw.OnKey, key, th.Chip.Of(key))
		}
		parts = append(parts, strings.Join(keys, " ")+what)
	}
	return strings.Join(parts, "   ")
}

// confirm asks a yes-or-no question.
type confirm struct {
	title, question, detail string
	yes                     func(m *model) tea.Cmd
	interrupt               bool // Ctrl-C means yes
}

func (c *confirm) update(m *model, msg tea.Msg) (overlay, tea.Cmd) {
	key, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return c, nil
	}
	switch key.String() {
	case "y", "Y", "enter":
		return nil, c.yes(m)
	case "ctrl+c":
		if c.interrupt {
			return nil, c.yes(m)
		}
		return nil, nil
	case "n", "N", "esc", "q":
		return nil, nil
	}
	return c, nil
}

func (c *confirm) draw(m *model, screen []string) []string {
	th := m.scene.Theme
	question := th.Text(c.question)
	w := min(max(draw.Width(question), 44), m.w-6)
	lines := draw.Wrap(question, w)
	answers := m.hints("y", "yes", "n", "no")
	for _, l := range draw.Wrap(th.Text(c.detail), w) {
		lines = append(lines, th.Dim.Of(l))
	}
	// Keep the question and the answers visible; cut the detail first.
	most, hidden := max(m.h-5, 1), cut{}
	if len(lines) < most {
		lines = append(lines, "")
	} else {
		hidden.below = len(lines) - most
	}
	return m.box(screen, c.title, append(lines[:min(len(lines), most)], answers), hidden, w)
}

// sheet shows scrolling text.
type sheet struct {
	title string
	lines func(m *model, w int) []string
	top   int
	wide  int // preferred width in cells; 0: 76
}

// part returns the h lines at the scroll position, and how many lines are above and below.
func (s *sheet) part(lines []string, h int) ([]string, cut) {
	h = max(h, 0)
	s.top = max(min(s.top, len(lines)-h), 0)
	end := min(s.top+h, len(lines))
	return lines[s.top:end], cut{s.top, len(lines) - end}
}

// heading returns the title, with the scroll keys if not all lines fit.
func (s *sheet) heading(m *model, c cut) string {
	if c == (cut{}) {
		return s.title
	}
	return s.title + " (" + m.keys.shown(actDown) + "/" + m.keys.shown(actUp) + " scroll)"
}

func (s *sheet) update(m *model, msg tea.Msg) (overlay, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		switch m.keys.byKey[msg.String()] {
		case actDown:
			s.top++
		case actUp:
			s.top--
		case actPageDown:
			s.top += m.h - 8
		case actPageUp:
			s.top -= m.h - 8
		case actTop:
			s.top = 0
		case actBottom:
			s.top = 1 << 20
		case actBack, actQuit, actOpen, actHelp:
			return nil, nil
		}
	case tea.MouseWheelMsg:
		if msg.Button == tea.MouseWheelUp {
			s.top--
		} else {
			s.top++
		}
	case clickMsg:
		switch msg.What {
		case draw.OnPage:
			s.top += msg.N() * (m.h - 8)
		case draw.OnAction: // a key listed in the help
			m.overlay = nil
			cmd := m.do(action(msg.Arg))
			return m.overlay, cmd
		}
	case tea.MouseClickMsg: // outside the sheet
		return nil, nil
	}
	return s, nil
}

func (s *sheet) draw(m *model, screen []string) []string {
	w := s.wide
	if w == 0 {
		w = 76
	}
	w = min(w, m.w-6)
	lines, hidden := s.part(s.lines(m, w), m.h-6)
	return m.box(screen, s.heading(m, hidden), lines, hidden, w)
}

// newHelp lists every key.
func newHelp() overlay {
	const keyWidth = 16
	return &sheet{title: "Keys", wide: 110, lines: func(m *model, w int) []string {
		th := m.scene.Theme
		var lines []string
		group := ""
		for _, d := range m.keys.defs {
			if d.act == actReload && m.opts.Reload == nil || len(d.keys) == 0 {
				continue
			}
			if d.group != group {
				if group != "" {
					lines = append(lines, "")
				}
				lines, group = append(lines, th.TitleOn.Of(d.group)), d.group
			}
			keys := th.Chip.Of(draw.Fit(strings.Join(d.keys, " "), keyWidth))
			for _, l := range draw.Wrap(d.doc, max(w-keyWidth-4, 10)) {
				lines = append(lines, "  "+draw.Clickable(draw.OnAction, string(d.act), keys+"  "+l))
				keys = draw.Spaces(keyWidth)
			}
		}
		if m.link.Host != "" {
			lines = append(lines, "", "Connected to "+th.Text(fmt.Sprintf("%s, pid %d, version %s, by %s", m.link.Host, m.link.PID, m.link.Version, m.link.Addr)))
		}
		return append(lines, "", th.Dim.Of("Actions apply to the marked detector and rule on the screen, whichever pane is focused."),
			th.Dim.Of("The mouse works too: click a pane, a row, a key or a column; double-click opens."))
	}}
}

// openPage opens the details page of the selected row. It returns false for panes without
// such pages.
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
	case pane.Queues:
		if key := m.cursors[pane.Queues].Key; key != "" {
			_, name, _ := strings.Cut(key, "/")
			m.page("Queue "+th.Text(name), camera, func(c *runtime.CameraView, w int) []string { return pane.QueuePage(s, c, key, w) })
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

// page opens a sheet that is updated with every snapshot.
func (m *model) page(title, camera string, lines func(c *runtime.CameraView, w int) []string) {
	m.overlay = &sheet{title: title, wide: 110, lines: func(m *model, w int) []string {
		c := m.scene.Camera()
		if c == nil || c.Name != camera {
			return []string{"The camera was removed."}
		}
		return lines(c, w)
	}}
}

// of returns the lines of the first entry of a list that matches.
func of[T any](list []T, meant func(*T) bool, lines func(*T) []string) []string {
	for i := range list {
		if meant(&list[i]) {
			return lines(&list[i])
		}
	}
	return []string{"It was removed."}
}
