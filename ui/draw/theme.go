// Package draw has what the dashboard is drawn with: colors and characters, text
// cut to cells, numbers and durations for people, images in half blocks.
package draw

import (
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// Ink is a style made ready: what stands before text and what stands behind it.
// It is much cheaper than rendering a style, for text of one line without
// styles in it.
type Ink struct{ On, off string }

func newInk(s lipgloss.Style) Ink {
	on, off, _ := strings.Cut(s.Render("x"), "x")
	return Ink{on, off}
}

// Of returns text in the ink.
func (i Ink) Of(text string) string {
	if text == "" || i.On == "" {
		return text
	}
	return i.On + text + i.off
}

// Theme is everything that decides how things look. It is immutable.
type Theme struct {
	plain, Dim, Strong, Accent       Ink
	Good, Warn, Bad, Info            Ink
	Title, TitleOn                   Ink // of a pane, and of the one in focus
	Border, BorderOn                 Ink
	Cursor, CursorOff                Ink // the selected row, with and without the focus
	Chip                             Ink // a key in the footer
	Stage                            [6]Ink
	Box                              []color.RGBA // of detections, by signal
	ASCII, Colourless                bool
	Spark, horizontal                []string // eighths, from empty to full
	Corner                           [4]string
	Line, Pillar, Dot, Ring, Warning string
	Pointer, bar, track, Up, Down    string
	Tick, Cross, Ask, Live, Times    string
	Here                             string // the selected one of several marks
	past                             pastGlyphs
}

// NewTheme makes the theme for a terminal. Mono has no colors, whatever the terminal can.
func NewTheme(p Palette, mono bool, profile colorprofile.Profile, ascii bool) *Theme {
	t := &Theme{ASCII: ascii, Colourless: mono || profile <= colorprofile.ASCII}
	switch {
	case t.Colourless:
		p = Palette{Stages: make([]string, 6)}
	case profile == colorprofile.ANSI:
		p = basic()
	case profile == colorprofile.ANSI256:
		// The nearest of 256 colors are too loud for a ground.
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

// pastGlyphs is what a rule was in a stretch of time.
type pastGlyphs struct{ fired, isTrue, isFalse, off, unknown, partly, unwatched string }

// Past draws what a rule was in a stretch of time, which may be several things: what
// matters most wins. Nothing means that nobody knows.
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

// Text cleans text from outside and, where asked for, makes ASCII of it.
func (t *Theme) Text(s string) string {
	s = Clean(s)
	if t.ASCII {
		return ToASCII(s)
	}
	return s
}

// Meter draws a share, 0..1, as a bar of w cells.
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

// Scrubber draws a bar of w cells that is full up to a share, with a mark at another; below
// 0: there is no mark.
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

// Sparkline draws values, the newest on the right, in w cells between low and
// high. NaN leaves a gap.
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

// BadInk returns the ink of an error. As a method value it picks the ink of
// whatever theme there is later.
func (t *Theme) BadInk() Ink { return t.Bad }

// GoodInk returns the ink of a success.
func (t *Theme) GoodInk() Ink { return t.Good }

// InfoInk returns the ink of a notice.
func (t *Theme) InfoInk() Ink { return t.Info }
