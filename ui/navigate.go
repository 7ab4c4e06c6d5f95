package ui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"rvo-tui/runtime"
	"rvo-tui/ui/draw"
	"rvo-tui/ui/pane"
	"rvo-tui/ui/state"
)

// show switches to another camera.
func (m *model) show(i int) {
	s := &m.scene
	if s.Snap == nil || i < 0 || i >= len(s.Snap.Cameras) {
		return
	}
	if m.camera != s.Snap.Cameras[i].Name {
		m.camera, s.Cam = s.Snap.Cameras[i].Name, i
		m.cursors[pane.Detectors], m.cursors[pane.Signals], m.cursors[pane.Rules] = pane.Cursor{}, pane.Cursor{}, pane.Cursor{}
	}
	m.cursors[pane.Cameras].Sel, m.cursors[pane.Cameras].Key = slices.Index(s.CameraOrder(), i), m.camera
	m.epoch++
	m.arrange()
}

// showNumber shows the camera of a number key, and leaves the full-screen panes that do not show
// which one it is.
func (m *model) showNumber(i int) {
	if s := m.scene.Snap; s == nil || i >= len(s.Cameras) {
		return
	}
	m.show(i)
	if m.focus >= pane.Placed && m.focus != pane.Time {
		m.focusOn(m.from)
	}
}

// arrangeAs arranges the panes by a preset; an unknown one means the first.
func (m *model) arrangeAs(p pane.Preset) {
	if !slices.Contains(pane.Presets(), p) {
		p = pane.Ops
	}
	m.preset, m.zoom = p, false
	if p == pane.Video {
		m.scene.Preview = true
	}
	m.focusOn(p.Main())
}

// choose arranges the panes by a preset and saves the choice for the next dashboard.
func (m *model) choose(p pane.Preset) tea.Cmd {
	m.arrangeAs(p)
	m.say((*draw.Theme).InfoInk, "preset "+string(p))
	return m.keep(func(s *state.State) { s.Preset = string(p) })
}

// visit opens a full-screen pane, or closes it.
func (m *model) visit(p pane.ID) {
	if m.focus == p {
		p = m.from
	}
	switch p {
	case pane.Wall:
		m.cursors[p] = pane.Cursor{Sel: m.scene.Cam}
	case pane.Time: // starts at the selected rule
		m.cursors[p] = pane.Cursor{Sel: m.cursors[pane.Rules].Sel}
		m.scene.Time.At = time.Time{}
	}
	m.focusOn(p)
}

// onWall moves to another tile of the wall. It returns false for actions that do not.
func (m *model) onWall(a action) bool {
	var tiles []pane.Tile
	columns := 1
	for _, p := range m.places {
		tiles, columns = m.scene.Tiles(m.cursors[pane.Wall].Sel, p.W-2, p.H-2)
	}
	by, ok := map[action]int{
		actRight: 1, actLeft: -1, actDown: columns, actUp: -columns, actPageDown: len(tiles), actPageUp: -len(tiles),
	}[a]
	if ok {
		m.move(by)
		m.arrange()
	}
	return ok
}

// showNamed shows the camera whose name matches a few letters best.
func (m *model) showNamed(letters string) {
	var names []string
	if s := m.scene.Snap; s != nil {
		for i := range s.Cameras {
			names = append(names, s.Cameras[i].Name)
		}
	}
	i := fuzzy(names, letters)
	if i < 0 {
		m.say((*draw.Theme).BadInk, "no camera matches "+draw.Clean(letters))
		return
	}
	m.show(i)
	if m.focus >= pane.Placed {
		m.focusOn(m.from)
	}
}

// focusOn focuses a pane, and shows it if it is not on the screen.
func (m *model) focusOn(p pane.ID) {
	switch full := p >= pane.Placed; {
	case full && m.focus < pane.Placed:
		m.from = m.focus
		m.zoom = true
	case !full && m.focus >= pane.Placed:
		m.zoom = false
	}
	m.epoch++
	m.focus = p
	if p >= pane.Placed {
		m.arrange()
		return
	}
	if p != pane.Detectors && p != pane.Signals {
		m.tab = p
	}
	m.arrange()
}

// focusNext moves the focus to the next pane.
func (m *model) focusNext(forward bool) {
	if m.focus >= pane.Placed {
		m.back()
		return
	}
	by := pane.ID(1)
	if !forward {
		by = pane.Placed - 1
	}
	p := (m.focus + by) % pane.Placed
	if p == pane.Preview && !m.scene.Preview {
		p = (p + by) % pane.Placed
	}
	m.focusOn(p)
}

// move moves the selection of the focused pane.
func (m *model) move(by int) {
	for _, p := range m.places {
		if p.Pane != m.focus {
			continue
		}
		b := m.settled(p.Pane, p.W-2, p.H-2)
		m.cursors[m.focus].Move(by, &b)
		if m.focus == pane.Cameras {
			if order := m.scene.CameraOrder(); len(order) > 0 {
				m.show(order[m.cursors[pane.Cameras].Sel])
			}
		}
	}
}

func (m *model) back() {
	switch {
	case m.focus == pane.Fleet && m.scene.FleetFilter != "":
		m.scene.FleetFilter = ""
	case m.focus >= pane.Placed:
		m.focusOn(m.from)
	case m.zoom:
		m.zoom = false
		m.arrange()
	case m.sought != "" && !m.sifted():
		m.sought = ""
	case m.scene.Filter != "":
		m.scene.Filter = ""
		m.sift()
	}
	m.epoch++
}

// onTimeline selects another event of the timeline or zooms. It returns false for actions that
// do neither.
func (m *model) onTimeline(a action) bool {
	t := &m.scene.Time
	switch a {
	case actFaster, actSlower:
		t.Wider(a == actSlower)
	case actRight, actLeft, actNewer, actOlder:
		list, sel := m.scene.RuleEvents(m.cursors[pane.Time].Sel)
		by := -1
		if a == actRight || a == actNewer {
			by = 1
		}
		switch next := sel + by; {
		case len(list) == 0:
			m.say((*draw.Theme).InfoInk, "no event of this rule yet")
		case next >= len(list):
			t.At = time.Time{}
		default:
			t.At = list[max(next, 0)].Event.Time
		}
	default:
		return false
	}
	m.epoch++
	return true
}

// hidden returns why an action cannot be run because the screen does not show what it acts on;
// empty if it can.
func (m *model) hidden(a action) string {
	p := pane.Detectors
	switch a {
	case actToggle, actDetach, actFaster, actSlower:
		if a == actToggle && m.focus == pane.Alerts {
			return ""
		}
	case actRule:
		p = pane.Rules
	case actCopy, actOpener:
		if p = pane.Events; m.focus == pane.Time {
			return ""
		}
	case actClip, actPause:
		if m.focus == pane.Alerts || m.focus == pane.Time {
			return "no camera is selected here; " + m.keys.shown(actBack) + " goes back"
		}
		return ""
	default:
		return ""
	}
	switch {
	case m.shows(p):
		return ""
	case m.focus >= pane.Placed:
		return "the " + p.String() + " are not on the screen; " + m.keys.shown(actBack) + " goes back"
	}
	return "the " + p.String() + " are not on the screen; " + m.keys.shown(actNext) + " leads to them"
}

// shows reports whether a pane is on the screen.
func (m *model) shows(p pane.ID) bool {
	return slices.ContainsFunc(m.places, func(at pane.Place) bool { return at.Pane == p })
}

// marked returns the camera that keys act on: the selected one of the wall or the fleet, elsewhere
// the one shown. Nil: there is none.
func (m *model) marked() *runtime.CameraView {
	var i int
	s := &m.scene
	switch m.focus {
	case pane.Wall:
		i = m.cursors[pane.Wall].Sel
	case pane.Fleet:
		i = s.FleetCamera(m.cursors[pane.Fleet].Sel)
	default:
		return s.Camera()
	}
	if s.Snap == nil || i < 0 || i >= len(s.Snap.Cameras) {
		return nil
	}
	return &s.Snap.Cameras[i]
}

// event returns the selected event of the timeline or of the events; nil if there is none.
func (m *model) event() *runtime.RecentEvent {
	s := &m.scene
	if m.focus == pane.Time {
		if list, sel := s.RuleEvents(m.cursors[pane.Time].Sel); sel >= 0 {
			return list[sel]
		}
		return nil
	}
	if i := m.cursors[pane.Events].Sel; i < len(s.Events) {
		return &s.Events[i]
	}
	return nil
}

// targets returns the click targets at a cell of the screen, outermost first.
func (m *model) targets(x, y int) []draw.Target {
	if m.small() || y < 0 || y >= m.h {
		return nil
	}
	return draw.TargetsAt(m.lines()[y], x)
}

// mouse handles clicks, and scrolls the pane under the pointer with the wheel.
func (m *model) mouse(msg tea.MouseMsg) (cmd tea.Cmd) {
	at := msg.Mouse()
	targets := m.targets(at.X, at.Y)
	switch msg.(type) {
	case tea.MouseClickMsg:
		m.notice = notice{}
		for _, t := range targets {
			cmd = m.click(t)
		}
	case tea.MouseWheelMsg:
		if len(targets) == 0 || targets[0].What != draw.OnPane {
			return nil
		}
		m.focusOn(pane.ID(targets[0].N()))
		switch at.Button {
		case tea.MouseWheelUp:
			return m.do(actUp)
		case tea.MouseWheelDown:
			return m.do(actDown)
		}
	}
	return cmd
}

// click handles a click on a target.
func (m *model) click(t draw.Target) tea.Cmd {
	switch t.What {
	case draw.OnPane:
		m.focusOn(pane.ID(t.N()))
	case draw.OnTab:
		for p := range pane.Placed {
			if p.String() == t.Arg {
				m.focusOn(p)
			}
		}
	case draw.OnRow:
		return m.clickRow(t)
	case draw.OnPage:
		if t.N() < 0 {
			return m.do(actPageUp)
		}
		return m.do(actPageDown)
	case draw.OnSort:
		m.scene.FleetSort = pane.FleetSort(slices.Index(pane.FleetSorts(), t.Arg))
		m.epoch++
	case draw.OnAction:
		return m.do(action(t.Arg))
	}
	return nil
}

// click is the last mouse click, to detect double clicks.
type click struct {
	pane pane.ID
	row  int
	at   time.Time
}

// doubleClick is the maximum time between the clicks of a double click.
const doubleClick = 500 * time.Millisecond

// clickRow selects a row or tile of the focused pane. A double click opens it.
func (m *model) clickRow(t draw.Target) tea.Cmd {
	row := t.N()
	last, now := m.clicked, click{m.focus, row, time.Now()}
	m.clicked = now
	m.move(row - m.cursors[m.focus].Sel)
	if m.focus == pane.Time {
		m.scene.Time.At = m.scene.EventAt(row, t.X, t.W)
	}
	m.epoch++
	if last.pane == now.pane && last.row == now.row && now.at.Sub(last.at) < doubleClick {
		return m.do(actOpen)
	}
	return nil
}

// clickMsg is a click on a target within an overlay.
type clickMsg struct{ draw.Target }

// aimed translates a mouse event in an overlay into a key press or a clickMsg. Events outside
// targets are returned as they are, since an overlay may handle them itself (drawing does).
func (m *model) aimed(msg tea.Msg) tea.Msg {
	switch msg := msg.(type) {
	case tea.MouseClickMsg:
		targets := m.targets(msg.X, msg.Y)
		if len(targets) == 0 {
			return msg
		}
		t := targets[len(targets)-1]
		if t.What == draw.OnKey {
			return tea.KeyPressMsg{Text: t.Arg} // keys are compared by this text
		}
		if t.What == draw.OnPage {
			return m.stepped(t.N() < 0, clickMsg{t})
		}
		return clickMsg{t}
	case tea.MouseWheelMsg:
		return m.stepped(msg.Button == tea.MouseWheelUp, msg)
	}
	return msg
}

// stepped translates the mouse wheel into the up or down key in overlays with a cursor. For
// others it returns msg, which scrolls them.
func (m *model) stepped(up bool, msg tea.Msg) tea.Msg {
	switch m.overlay.(type) {
	case *form, *picker:
		if up {
			return tea.KeyPressMsg{Code: tea.KeyUp}
		}
		return tea.KeyPressMsg{Code: tea.KeyDown}
	}
	return msg
}

// follow opens the camera, detector or pane that the selected alert is about.
func (m *model) follow() {
	a := m.alert()
	if a == nil {
		return
	}
	if len(a.Cameras) > 0 {
		m.show(slices.IndexFunc(m.scene.Snap.Cameras, func(c runtime.CameraView) bool { return c.Name == a.Cameras[0] }))
	}
	switch a.Kind {
	case runtime.AlertDetectorFailed, runtime.AlertDetectorSlow, runtime.AlertDetectorTTL, runtime.AlertFramesSparse:
		m.wish = a.Subject
		m.grant()
		m.focusOn(pane.Detectors)
	case runtime.AlertCameraDown, runtime.AlertCameraLag, runtime.AlertEvidenceDown:
		m.focusOn(pane.Cameras)
	case runtime.AlertReload, runtime.AlertQuarantined:
		m.focusOn(pane.Log)
	default:
		m.focusOn(pane.Queues)
	}
}
