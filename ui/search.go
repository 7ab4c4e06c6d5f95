package ui

import (
	"fmt"
	"slices"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"rvo-tui/ui/draw"

	"rvo-tui/ui/pane"
)

// newSearch starts a search of the focused pane. Events, log and fleet show only matching rows;
// other panes select the next match.
func newSearch(m *model) overlay {
	switch m.focus {
	case pane.Fleet:
		return &filter{newInput(m.scene.FleetFilter), &m.scene.FleetFilter, m.scene.FleetFilter}
	case pane.Preview:
		m.focusOn(pane.Events)
	}
	if m.sifted() {
		return &filter{newInput(m.scene.Filter), &m.scene.Filter, m.scene.Filter}
	}
	return &search{in: newInput(""), from: m.cursors[m.focus].Sel, before: m.sought}
}

// sifted reports whether a search of the focused pane filters its rows.
func (m *model) sifted() bool {
	return m.focus == pane.Events || m.focus == pane.Log || m.focus == pane.Fleet
}

// filter is a search that filters events and log lines, or the fleet, while the user types.
type filter struct {
	in     textinput.Model
	text   *string // the filter in the scene
	before string
}

func (f *filter) update(m *model, msg tea.Msg) (overlay, tea.Cmd) {
	if key, ok := msg.(tea.KeyPressMsg); ok {
		switch key.String() {
		case "enter":
			return nil, nil
		case "esc", "ctrl+c":
			*f.text = f.before
			m.sift()
			return nil, nil
		}
	}
	var cmd tea.Cmd
	f.in, cmd = f.in.Update(msg)
	*f.text = f.in.Value()
	m.sift()
	return f, cmd
}

func (f *filter) draw(m *model, screen []string) []string {
	return m.searchLine(screen, &f.in)
}

// search is a search that selects the next matching row while the user types.
type search struct {
	in     textinput.Model
	from   int    // row selected before
	before string // text searched for before
}

func (s *search) update(m *model, msg tea.Msg) (overlay, tea.Cmd) {
	if key, ok := msg.(tea.KeyPressMsg); ok {
		switch key.String() {
		case "enter":
			return nil, nil
		case "esc", "ctrl+c":
			m.sought = s.before
			m.move(s.from - m.cursors[m.focus].Sel)
			return nil, nil
		}
	}
	var cmd tea.Cmd
	s.in, cmd = s.in.Update(msg)
	m.sought = s.in.Value()
	if rows := m.matches(); len(rows) > 0 {
		i, _ := slices.BinarySearch(rows, s.from)
		m.move(rows[i%len(rows)] - m.cursors[m.focus].Sel)
	}
	return s, cmd
}

func (s *search) draw(m *model, screen []string) []string {
	return m.searchLine(screen, &s.in)
}

// searchLine draws the typed text and the number of matches.
func (m *model) searchLine(screen []string, in *textinput.Model) []string {
	th := m.scene.Theme
	in.SetWidth(max(m.w-54, 10))
	found := th.Dim.Of(fmt.Sprintf("   %s found   ", draw.Count(uint64(len(m.matches()))))) + m.hints("enter", "keep it", "esc", "clear it")
	screen[len(screen)-1] = draw.Fit(" "+th.Accent.Of("/")+in.View()+found, m.w)
	return screen
}

// matches returns the matching rows of the focused pane, in order.
func (m *model) matches() []int {
	for _, p := range m.places {
		if p.Pane != m.focus {
			continue
		}
		b := m.settled(p.Pane, p.W-2, p.H-2)
		if m.sifted() {
			return b.Matches("")
		}
		if m.sought != "" {
			return b.Matches(m.sought)
		}
	}
	return nil
}

// nextMatch selects the next or previous match, and wraps around at the end.
func (m *model) nextMatch(forward bool) {
	rows := m.matches()
	if len(rows) == 0 {
		text, sought := "no search in this pane; "+m.keys.shown(actFilter)+" starts one", m.sought
		switch {
		case m.focus == pane.Fleet:
			sought = m.scene.FleetFilter
		case m.sifted():
			sought = m.scene.Filter
		}
		if sought != "" {
			text = "not found: " + draw.Clean(sought)
		}
		m.say((*draw.Theme).InfoInk, text)
		return
	}
	at := m.cursors[m.focus].Sel
	i, here := slices.BinarySearch(rows, at)
	switch {
	case !forward:
		i--
	case here:
		i++
	}
	i = (i + len(rows)) % len(rows)
	m.move(rows[i] - at)
	m.say((*draw.Theme).InfoInk, fmt.Sprintf("match %d of %d", i+1, len(rows)))
}
