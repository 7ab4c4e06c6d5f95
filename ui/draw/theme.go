// Package draw has the drawing primitives of the terminal dashboard: themes, text measured in
// cells, formats of numbers and durations, and images as half blocks.
package draw

import (
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// Ink is a precomputed style: the escape sequences before and after a text. It is much cheaper
// than rendering a lipgloss style, but the text must be one line without styles of its own.
type Ink struct{ On, off string }

func newInk(s lipgloss.Style) Ink {
	on, off, _ := strings.Cut(s.Render("x"), "x")
	return Ink{on, off}
}

// Of returns text drawn in the ink.
func (i Ink) Of(text string) string {
	if text == "" || i.On == "" {
		return text
	}
	return i.On + text + i.off
}

// Theme has the colors and characters of the dashboard. It is immutable.
type Theme struct {
	plain, Dim, Strong, Accent       Ink
	Good, Warn, Bad, Info            Ink
	Title, TitleOn                   Ink // of a pane, and of the focused one
	Border, BorderOn                 Ink
	Cursor, CursorOff                Ink // the selected row of a focused and an unfocused pane
	Chip                             Ink // a key in the footer
	Stage                            [6]Ink
	Box                              []color.RGBA // of detections, by signal
	ASCII, Colourless                bool
	Spark, horizontal                []string // eighths, from empty to full
	Corner                           [4]string
	Line, Pillar, Dot, Ring, Warning string
	Pointer, bar, track, Up, Down    string
	Tick, Cross, Ask, Live, Times    string
	Here                             string // the selected event of the timeline
	past                             pastGlyphs
}

// NewTheme makes a theme for a terminal's color profile. Mono uses no colors.
func NewTheme(p Palette, mono bool, profile colorprofile.Profile, ascii bool) *Theme {
	t := &Theme{ASCII: ascii, Colourless: mono || profile <= colorprofile.ASCII}
	switch {
	case t.Colourless:
		p = Palette{Stages: make([]string, 6)}
	case profile == colorprofile.ANSI:
		p = basic()
	case profile == colorprofile.ANSI256:
		// The nearest of 256 colors are too bright for a background.
		p.Selected, p.SelectedOff = "238", "235"
		if p.Light {
			p.Selected, p.SelectedOff = "252", "255"
		}
	}
	base := lipgloss.NewStyle()
	t.Cursor, t.CursorOff = newInk(base.Reverse(true)), newInk(base)
	if p.Selected != "" {
		t.Cursor = newInk(base.Background(lipgloss.Color(p.Selected)))
		t.CursorOff = newInk(base.Background(lipgloss.Color(p.SelectedOff)))
	}
	t.plain, t.Strong = newInk(base), newInk(base.Bold(true))
	t.Dim, t.Accent = newInk(style(p.Dim)), newInk(style(p.Accent).Bold(true))
	t.Good, t.Info = newInk(style(p.Good)), newInk(style(p.Info))
	t.Warn, t.Bad = newInk(style(p.Warn)), newInk(style(p.Bad).Bold(true))
	t.Title, t.TitleOn = newInk(base.Bold(true)), newInk(style(p.Accent).Bold(true))
	t.Border, t.BorderOn = newInk(style(p.Border)), newInk(style(p.Accent))
	t.Chip = newInk(style(p.Key).Bold(true))
	for i, c := range p.Stages {
		t.Stage[i] = newInk(style(c))
	}
	t.Box = []color.RGBA{{255, 214, 92, 255}, {120, 220, 255, 255}, {255, 130, 200, 255}, {140, 255, 150, 255}, {255, 160, 90, 255}}
	t.glyphs()
	return t
}

func (t *Theme) glyphs() {
	if t.ASCII {
		t.Spark = []string{" ", ".", ".", ":", ":", "-", "=", "+", "#"}
		t.horizontal = []string{" ", " ", " ", "-", "-", "-", "=", "=", "="}
		t.Corner = [4]string{"+", "+", "+", "+"}
		t.Line, t.Pillar, t.Dot, t.Ring, t.Warning = "-", "|", "*", "o", "!"
		t.Pointer, t.bar, t.track, t.Up, t.Down = ">", "=", ".", "^", "v"
		t.Tick, t.Cross, t.Ask, t.Live, t.Times = "+", "x", "?", "*", "x"
		t.Here, t.past = "@", pastGlyphs{"#", "+", "-", " ", "?", ":", "."}
		return
	}
	t.Spark = []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}
	t.horizontal = []string{" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"}
	t.Corner = [4]string{"╭", "╮", "╰", "╯"}
	t.Line, t.Pillar, t.Dot, t.Ring, t.Warning = "─", "│", "●", "○", "▲"
	t.Pointer, t.bar, t.track, t.Up, t.Down = "▸", "━", "─", "▲", "▼"
	t.Tick, t.Cross, t.Ask, t.Live, t.Times = "✓", "✗", "?", "●", "×"
	t.Here, t.past = "◆", pastGlyphs{"▆", "▃", "▁", " ", "▒", "░", "·"}
}

// pastGlyphs are the timeline's characters for the states of a rule.
type pastGlyphs struct{ fired, isTrue, isFalse, off, unknown, partly, unwatched string }

// Past draws the states that a rule had during a time span: only the most important one. With
// none set the rule was not watched.
func (t *Theme) Past(fired, isTrue, isFalse, off, unknown, partly bool) string {
	g := &t.past
	switch {
	case unknown:
		return t.Warn.Of(g.unknown)
	case fired:
		return t.Good.Of(g.fired)
	case isTrue:
		return t.Info.Of(g.isTrue)
	case partly:
		return t.Warn.Of(g.partly)
	case isFalse:
		return t.Dim.Of(g.isFalse)
	case off:
		return g.off
	}
	return t.Border.Of(g.unwatched)
}

// Text cleans external text, and converts it to ASCII for an ASCII theme.
func (t *Theme) Text(s string) string {
	s = Clean(s)
	if t.ASCII {
		return ToASCII(s)
	}
	return s
}

// Meter draws a share (0 to 1) as a bar of w cells.
func (t *Theme) Meter(share float64, w int, full Ink) string {
	share = min(max(share, 0), 1)
	if share != share { // NaN
		share = 0
	}
	if t.ASCII {
		n := int(share*float64(w) + 0.5)
		return full.Of(strings.Repeat(t.bar, n)) + t.Dim.Of(strings.Repeat(t.track, w-n))
	}
	n := int(share*float64(w) + 0.5)
	return full.Of(strings.Repeat(t.bar, n)) + t.Border.Of(strings.Repeat(t.track, w-n))
}

// Scrubber draws a progress bar of w cells, filled up to share, with a mark at mark (both 0 to
// 1; mark below 0: none).
func (t *Theme) Scrubber(share, mark float64, w int) string {
	place := func(share float64) int { return min(max(int(share*float64(w-1)+0.5), 0), w-1) }
	at := place(share)
	var b strings.Builder
	for i := range w {
		switch {
		case i == at:
			b.WriteString(t.Accent.Of(t.Dot))
		case mark >= 0 && i == place(mark):
			b.WriteString(t.Warn.Of(t.Here))
		case i < at:
			b.WriteString(t.Accent.Of(t.bar))
		default:
			b.WriteString(t.Border.Of(t.track))
		}
	}
	return b.String()
}

// Sparkline draws the last w values, newest on the right, on a scale from low to high. NaN
// leaves a gap.
func (t *Theme) Sparkline(values []float64, low, high float64, w int) string {
	var b strings.Builder
	if len(values) > w {
		values = values[len(values)-w:]
	}
	b.WriteString(Spaces(w - len(values)))
	for _, v := range values {
		i := 0
		switch {
		case v != v:
		case high <= low:
			i = 1
		default:
			i = 1 + int((v-low)/(high-low)*7+0.5)
		}
		b.WriteString(t.Spark[min(max(i, 0), 8)])
	}
	return b.String()
}

// BadInk returns the ink for errors. It is a method so that (*Theme).BadInk can be stored and
// applied to a later theme.
func (t *Theme) BadInk() Ink { return t.Bad }

// GoodInk returns the ink for successes.
func (t *Theme) GoodInk() Ink { return t.Good }

// InfoInk returns the ink for notices.
func (t *Theme) InfoInk() Ink { return t.Info }
