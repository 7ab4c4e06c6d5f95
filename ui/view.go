package ui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// View implements tea.Model.
func (m *model) View() (v tea.View) {
	defer func() { m.rescue(recover()) }() // the next Update ends the program
	v = tea.View{AltScreen: true, MouseMode: tea.MouseModeCellMotion, WindowTitle: strings.TrimSpace("rvo-tui " + clean(m.link.Host))}
	if m.w < minWidth || m.h < minHeight {
		if m.w > 0 {
			v.Content = m.tooSmall()
		}
		return v
	}
	lines := m.screen()
	if m.overlay != nil {
		lines = m.overlay.draw(m, lines)
	}
	v.Content = strings.Join(lines, "\n")
	if m.scene.th.ascii {
		v.Content = toASCII(v.Content)
	}
	return v
}

func (m *model) tooSmall() string {
	text := fmt.Sprintf("The screen is %dx%d; rvo-tui needs %dx%d.", m.w, m.h, minWidth, minHeight)
	lines := wrap(text, max(m.w, 1))
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
		for i, p := range m.places { // columns come in order from the left
			if y >= p.y && y < p.y+p.h {
				b.WriteString(frames[i][y-p.y])
			}
		}
		lines = append(lines, b.String())
	}
	return append(lines, m.footer())
}

// pane draws one pane with its frame, or returns it as it was if nothing in it
// has changed.
func (m *model) pane(p place) []string {
	k := &m.cache[p.pane]
	focused := m.focus == p.pane
	key := cacheKey{m.version(p.pane), m.epoch, m.cursors[p.pane], p.w, p.h, focused}
	if k.lines != nil && k.key == key {
		return k.lines
	}
	b := m.settled(p.pane, p.w-2, p.h-2)
	note := m.scene.th.dim.of(b.note)
	stale := m.link.State == LinkLost
	if stale {
		note = m.scene.th.warn.of("stale")
	}
	if p.tabbed {
		note = m.tabs(p.pane)
	}
	lines := b.lay(&m.cursors[p.pane], m.scene.th, focused, p.w-2, p.h-2)
	k.lines = frame(b.title, note, lines, m.scene.th, focused, p.w, p.h)
	if stale && p.pane != panePreview {
		k.lines = m.faded(k.lines)
	}
	key.cur = m.cursors[p.pane]
	k.key = key
	return k.lines
}

// tabs names the panes that share a place, for narrow screens.
func (m *model) tabs(shown paneID) string {
	th := m.scene.th
	var names []string
	for p := range paneCount {
		switch {
		case p == paneDetectors || p == paneSignals:
		case p == shown:
			names = append(names, th.accent.of(p.String()))
		default:
			names = append(names, th.dim.of(p.String()))
		}
	}
	return strings.Join(names, " ")
}

// head is the screen's first line: is all well, and if not, what is not.
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
	s, th := &m.scene, m.scene.th
	left := " " + th.strong.of("rvo-tui") + "  "
	trouble := m.linkTrouble()
	where, who := m.where()
	if where != "" {
		left += th.info.of(where) + "  "
	}
	if trouble != "" {
		return fit(left+th.bad.of(th.warning+" "+trouble), m.w)
	}
	if s.snap == nil {
		return fit(left+th.dim.of("waiting for the first snapshot"), m.w)
	}
	var parts []string // the least important one first
	parts = append(parts, th.dim.of(fmt.Sprintf("%8s/s", amount(int64(s.sent)))))
	if c := s.snap.Clips; c != nil {
		parts = append(parts, th.dim.of("clips "+count(c.Saved)))
	}
	parts = append(parts, th.dim.of("events "+count(m.eventCount())))
	if n := s.snap.Log.Errors; n > 0 {
		parts = append(parts, th.bad.of("errors "+count(n)))
	}
	parts = append(parts, th.dim.of("up "+clock(s.snap.Uptime)))
	if m.frozen {
		parts = append(parts, th.info.of("frozen at "+s.snap.At.Local().Format("15:04:05")))
	}
	right := ""
	for i := range parts {
		if right = strings.Join(parts[i:], "  ") + " "; width(right) <= m.w*2/5 {
			break
		}
	}
	room := m.w - width(left) - width(right) - 1
	list := troubles(s)
	switch {
	case len(list) == 0:
		left += th.good.of(th.dot + " healthy")
		if who != "" && width(left)+width(who)+2 < m.w-width(right) {
			left += "  " + th.dim.of(who)
		}
	default:
		look := th.warn
		if list[0].grave {
			look = th.bad
		}
		text := th.warning + " " + list[0].text
		if len(list) > 1 {
			more := fmt.Sprintf(" (+%d more)", len(list)-1)
			text = ansi.Truncate(text, max(room-len(more), 10), "…") + more
		}
		left += look.of(ansi.Truncate(text, max(room, 10), "…"))
	}
	return fit(left, m.w-width(right)) + right
}

// eventCount returns how many events there have been.
func (m *model) eventCount() uint64 {
	if n := len(m.allEvent); n > 0 {
		return m.allEvent[n-1].Seq
	}
	return 0
}

// footer is the screen's last line: what the last action came to, or keys.
func (m *model) footer() string {
	th := m.scene.th
	if m.notice.text != "" && m.now().Before(m.notice.until) {
		return fit(" "+m.notice.look(th).of(th.text(m.notice.text)), m.w)
	}
	hint := func(d keyDef) string {
		return " " + th.chip.of(d.keys[0]) + " " + th.dim.of(d.short) + " "
	}
	var b, end strings.Builder
	for _, d := range m.keys.defs {
		if d.act == actHelp || d.act == actQuit {
			end.WriteString(hint(d))
		}
	}
	used := width(end.String())
	for _, d := range m.keys.defs {
		if d.short == "" || len(d.keys) == 0 || d.act == actHelp || d.act == actQuit {
			continue
		}
		if h := hint(d); used+width(h) <= m.w {
			used += width(h)
			b.WriteString(h)
		}
	}
	b.WriteString(end.String())
	return fit(b.String(), m.w)
}

// over puts the lines of a box onto the screen at x, y.
func over(screen, box []string, x, y, w int) []string {
	for i, l := range box {
		if y+i < 0 || y+i >= len(screen) {
			continue
		}
		s := screen[y+i]
		n := width(l)
		screen[y+i] = ansi.Truncate(s, x, "") + "\x1b[m" + l + "\x1b[m" + ansi.Cut(s, x+n, w)
	}
	return screen
}
