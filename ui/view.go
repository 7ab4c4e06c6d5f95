package ui

import (
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"rvo-tui/ui/draw"
	"rvo-tui/ui/remote"

	"rvo-tui/ui/pane"
)

// View implements tea.Model.
func (m *model) View() (v tea.View) {
	defer func() { m.rescue(recover()) }() // the next Update ends the program
	v = tea.View{AltScreen: true, MouseMode: tea.MouseModeCellMotion, WindowTitle: strings.TrimSpace("rvo-tui " + draw.Clean(m.link.Host))}
	if m.small() {
		if m.w > 0 {
			v.Content = m.tooSmall()
		}
		return v
	}
	v.Content = draw.Unmarked(strings.Join(m.lines(), "\n"))
	if m.scene.Theme.ASCII {
		v.Content = draw.ToASCII(v.Content)
	}
	return v
}

// lines draws the screen with the overlay, with click targets marked.
func (m *model) lines() []string {
	lines := m.screen()
	if m.overlay == nil {
		return lines
	}
	for i := range lines {
		lines[i] = draw.Unmarked(lines[i]) // only the overlay can be clicked
	}
	return m.overlay.draw(m, lines)
}

func (m *model) tooSmall() string {
	text := fmt.Sprintf("The screen is %dx%d; rvo-tui needs %dx%d.", m.w, m.h, pane.LeastWidth, pane.LeastHeight)
	if c, asks := m.overlay.(*confirm); asks {
		text = m.scene.Theme.Text(c.question) + " y/n"
	}
	lines := draw.Wrap(text, max(m.w, 1))
	return strings.Join(lines[:min(len(lines), m.h)], "\n")
}

// screen draws everything but the overlay: m.h lines of m.w cells.
func (m *model) screen() []string {
	lines := make([]string, 0, m.h)
	lines = append(lines, m.head())
	frames := make([][]string, len(m.places))
	for i, p := range m.places {
		frames[i] = m.pane(p)
	}
	var b strings.Builder
	for y := 1; y < m.h-1; y++ {
		b.Reset()
		for i, p := range m.places { // places are sorted from left to right
			if y >= p.Y && y < p.Y+p.H {
				b.WriteString(frames[i][y-p.Y])
			}
		}
		lines = append(lines, b.String())
	}
	return append(lines, m.footer())
}

// pane draws one pane with its frame, or returns the cached lines if nothing has changed.
func (m *model) pane(p pane.Place) []string {
	k := &m.cache[p.Pane]
	focused := m.focus == p.Pane
	key := cacheKey{m.version(p.Pane), m.epoch, m.cursors[p.Pane], p.W, p.H, focused}
	if k.lines != nil && k.key == key {
		return k.lines
	}
	b := m.settled(p.Pane, p.W-2, p.H-2)
	note := m.scene.Theme.Dim.Of(b.Note)
	stale := m.link.State == remote.LinkLost
	if stale {
		note = m.scene.Theme.Warn.Of("stale")
	}
	if p.Tabbed {
		note = m.tabs(p.Pane)
	}
	lines := b.Lay(&m.cursors[p.Pane], m.scene.Theme, focused, p.W-2, p.H-2)
	k.lines = pane.Frame(b.Title, note, b.More(m.scene.Theme), lines, m.scene.Theme, focused, p.W, p.H)
	if stale && p.Pane != pane.Preview {
		k.lines = m.faded(k.lines)
	}
	k.lines = draw.ClickableLines(draw.OnPane, strconv.Itoa(int(p.Pane)), k.lines)
	key.cur = m.cursors[p.Pane]
	k.key = key
	return k.lines
}

// tabs draws the tabs of panes that share a place on narrow screens.
func (m *model) tabs(shown pane.ID) string {
	th := m.scene.Theme
	var names []string
	for p := range pane.Placed {
		switch {
		case p == pane.Detectors || p == pane.Signals:
		case p == shown:
			names = append(names, th.Accent.Of(p.String()))
		default:
			names = append(names, draw.Clickable(draw.OnTab, p.String(), th.Dim.Of(p.String())))
		}
	}
	return strings.Join(names, " ")
}

// head draws the screen's first line: health, or the most important alert, and totals.
func (m *model) head() string {
	k := &m.header
	if k.text != "" && k.version == m.slow && k.epoch == m.epoch && k.w == m.w {
		return k.text
	}
	k.version, k.epoch, k.w = m.slow, m.epoch, m.w
	k.text = m.makeHead()
	return k.text
}

func (m *model) makeHead() string {
	s, th := &m.scene, m.scene.Theme
	left := m.headLeft(false)
	if trouble := m.linkTrouble(false); trouble != "" {
		if draw.Width(left+trouble)+2 > m.w {
			left, trouble = m.headLeft(true), m.linkTrouble(true)
		}
		return draw.Fit(left+th.Bad.Of(th.Warning+" "+trouble), m.w)
	}
	if s.Snap == nil {
		return draw.Fit(left+th.Dim.Of("waiting for the first snapshot"), m.w)
	}
	list, right := s.Snap.Alerts, m.headRight()
	room := m.w - draw.Width(left) - draw.Width(right) - 1
	switch {
	case len(s.Snap.Cameras) == 0 && len(list) == 0:
		left += draw.Clickable(draw.OnAction, string(actCamera), th.Warn.Of(ansi.Truncate(th.Warning+" no camera: "+s.Hints.AddCamera+" adds one", max(room, 10), "…")))
	case len(list) == 0 || list[0].Acknowledged && !list[0].Severe:
		text := th.Good.Of(th.Dot + " healthy")
		if len(list) > 0 {
			text += "  " + th.Dim.Of(fmt.Sprintf("%d acknowledged (%s)", len(list), s.Hints.Alerts))
		}
		left += draw.Clickable(draw.OnAction, string(actAlerts), text)
		if _, who := m.where(); who != "" && draw.Width(left)+draw.Width(who)+2 < m.w-draw.Width(right) {
			left += "  " + th.Dim.Of(who)
		}
	default:
		return m.headAlert(right)
	}
	return draw.Fit(left, m.w-draw.Width(right)) + right
}

// headLeft returns the beginning of the first line; brief leaves out what is dispensable.
func (m *model) headLeft(brief bool) string {
	s, th := &m.scene, m.scene.Theme
	left := " "
	if !brief {
		left += th.Strong.Of("rvo-tui") + "  "
	}
	if where, _ := m.where(); where != "" {
		left += th.Info.Of(where) + "  "
	}
	if s.Snap != nil && s.Snap.Modified > 0 {
		left += draw.Clickable(draw.OnAction, string(actDiff), th.Info.Of("modified")) + "  "
	}
	if s.Snap != nil && s.Snap.Reload.Changed {
		left += th.Warn.Of("file changed") + "  "
	}
	if m.frozen && s.Snap != nil {
		text := "frozen"
		if !brief {
			text += " at " + s.Snap.At.Local().Format("15:04:05 MST")
		}
		left += draw.Clickable(draw.OnAction, string(actFreeze), th.Info.Of(text)) + "  "
	}
	return left
}

// headRight returns the totals at the end of the first line, as many as there is room for.
func (m *model) headRight() string {
	s, th := &m.scene, m.scene.Theme
	var parts []string // least important first
	parts = append(parts, th.Dim.Of(fmt.Sprintf("%8s/s", draw.Amount(int64(s.Sent)))))
	if c := s.Snap.Clips; c != nil {
		parts = append(parts, th.Dim.Of("clips "+draw.Count(c.Saved)))
	}
	parts = append(parts, draw.Clickable(draw.OnTab, pane.Events.String(), th.Dim.Of("events "+draw.Count(m.newestEvent()))))
	if n := s.Snap.Log.Errors; n > 0 {
		parts = append(parts, draw.Clickable(draw.OnTab, pane.Log.String(), th.Bad.Of("errors "+draw.Count(n))))
	}
	parts = append(parts, th.Dim.Of("up "+draw.Clock(s.Snap.Uptime)))
	budget := m.w * 2 / 5
	if len(s.Snap.Alerts) > 0 { // leave room for alerts
		budget = m.w / 5
	}
	for i := range parts {
		if right := strings.Join(parts[i:], "  ") + " "; draw.Width(right) <= budget {
			return right
		}
	}
	return ""
}

// headAlert returns the first line with the most important alert. It leaves out as much of the rest
// as needed to keep the cause readable, without the advice that may follow it.
func (m *model) headAlert(right string) string {
	const withoutRight, withoutWords, brief, withoutState = 1, 2, 3, 4
	th, list := m.scene.Theme, m.scene.Snap.Alerts
	first := &list[0]
	look := th.Warn
	switch {
	case first.Acknowledged:
		look = th.Dim
	case first.Severe:
		look = th.Bad
	}
	title, cause := th.Text(first.Title()), strings.SplitN(th.Text(first.Cause), ": ", 3) // state, reason, advice
	must := min(2, len(cause))                                                            // parts of it that must be readable
	for level := 0; ; level++ {
		switch {
		case level == withoutRight:
			right = ""
		case level == withoutWords && first.Subject != "" && first.Cause != "":
			title = th.Text(first.Subject)
		case level == withoutState:
			cause, must = cause[must-1:], 1
		}
		left, more := m.headLeft(level >= brief), ""
		switch n := len(list) - 1; {
		case n > 0 && level >= brief:
			more = fmt.Sprintf(" (+%d)", n)
		case n > 0:
			more = fmt.Sprintf(" (+%d more: %s)", n, m.scene.Hints.Alerts)
		}
		room := m.w - draw.Width(left) - draw.Width(th.Warning+" ") - draw.Width(more) - draw.Width(right)
		need, advice, dots := "", "", 0
		if first.Cause != "" {
			need = ": " + strings.Join(cause[:must], ": ")
		}
		if len(cause) > must {
			advice, dots = ": "+cause[must], 1 // it may become an ellipsis
		}
		if level == withoutState { // a long name, too, leaves room
			if title = ansi.Truncate(title, max(room-draw.Width(need)-dots, room/2), "…"); title == "" {
				need = strings.TrimPrefix(need, ": ")
			}
		}
		if draw.Width(title+need)+dots > room && level < withoutState {
			continue
		}
		text := th.Warning + " " + ansi.Truncate(title+need+advice, max(room, 10), "…") + more
		return draw.Fit(left+draw.Clickable(draw.OnAction, string(actAlerts), look.Of(text)), m.w-draw.Width(right)) + right
	}
}

// footer draws the screen's last line: the result of the last action, or keys.
func (m *model) footer() string {
	th := m.scene.Theme
	if m.notice.text != "" && m.now().Before(m.notice.until) {
		return draw.Fit(" "+m.notice.look(th).Of(th.Text(m.notice.text)), m.w)
	}
	hint := func(d keyDef) string {
		return draw.Clickable(draw.OnAction, string(d.act), " "+th.Chip.Of(d.keys[0])+" "+th.Dim.Of(d.short)+" ")
	}
	keys := m.keys.footer(m.focus, func(a action) bool { return m.hidden(a) != "" })
	var b, end strings.Builder
	for _, d := range keys {
		if d.act == actHelp || d.act == actQuit {
			end.WriteString(hint(d))
		}
	}
	used := draw.Width(end.String())
	next := 0 // room for the key that leads to the panes that a small screen hides
	for _, d := range keys {
		if d.act == actNext {
			next = draw.Width(hint(d))
		}
	}
	for _, d := range keys {
		if d.act == actHelp || d.act == actQuit {
			continue
		}
		if d.act == actNext {
			next = 0
		}
		if h := hint(d); used+draw.Width(h)+next <= m.w {
			used += draw.Width(h)
			b.WriteString(h)
		}
	}
	b.WriteString(end.String())
	return draw.Fit(b.String(), m.w)
}

// over draws a box over the screen at x, y.
func over(screen, box []string, x, y, w int) []string {
	for i, l := range box {
		if y+i < 0 || y+i >= len(screen) {
			continue
		}
		s := screen[y+i]
		end := x + draw.Width(l)
		right := ansi.Cut(s, end, w)
		if draw.Width(right) > w-end { // half of a wide character cannot be drawn
			right = " " + ansi.Cut(s, end+1, w)
		}
		screen[y+i] = draw.Fit(ansi.Truncate(s, x, ""), x) + "\x1b[m" + l + "\x1b[m" + right
	}
	return screen
}
